import { Temporal } from 'temporal-polyfill';
import { DomainError } from './domain-error.js';

const DATE = /^(\d{4})-(\d{2})-(\d{2})$/;
const COMPACT_DATE = /^(\d{4})(\d{2})(\d{2})$/;

// RFC 3339 with the seconds written out. No leap second: Temporal would silently make :60 into :59.
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/;

// The range of google.protobuf.Timestamp, which PostgreSQL's timestamptz covers; year 0 exists in neither.
const FIRST_INSTANT = Temporal.Instant.from('0001-01-01T00:00:00Z');
const LAST_INSTANT = Temporal.Instant.from('9999-12-31T23:59:59.999999999Z');

// A name of the IANA database. Offsets such as "+01:00" are no zones: they miss summer time, and PostgreSQL reads their sign
// the other way round.
const ZONE_NAME = /^[A-Za-z][A-Za-z0-9._+/-]*$/;

/**
 * A date written `YYYY-MM-DD` (ISO 8601), years 0001 to 9999, that is in the calendar.
 *
 * @throws DomainError invalid NO_SUCH_DATE, naming `field`; 2026-02-29 is refused, not moved.
 */
export function parseDate(text: string, field: string): Temporal.PlainDate {
  return existingDate(DATE.exec(text), field, 'YYYY-MM-DD');
}

/**
 * A date written `YYYYMMDD`, as LEDES files do, years 0001 to 9999, that is in the calendar.
 *
 * @throws DomainError invalid NO_SUCH_DATE, naming `field`.
 */
export function parseCompactDate(text: string, field: string): Temporal.PlainDate {
  return existingDate(COMPACT_DATE.exec(text), field, 'YYYYMMDD');
}

/**
 * A moment written as RFC 3339 with seconds and with Z or an offset: `2026-03-01T09:30:00-05:00`; years 0001 to 9999 UTC,
 * down to the nanosecond.
 *
 * @throws DomainError invalid NO_SUCH_INSTANT, naming `field`.
 */
export function parseInstant(text: string, field: string): Temporal.Instant {
  const instant = INSTANT.test(text) ? orUndefined(() => Temporal.Instant.from(text)) : undefined;
  const inRange =
    instant &&
    Temporal.Instant.compare(instant, FIRST_INSTANT) >= 0 &&
    Temporal.Instant.compare(instant, LAST_INSTANT) <= 0;
  if (inRange) return instant;
  throw DomainError.invalid(
    field,
    'NO_SUCH_INSTANT',
    'A moment is written as RFC 3339 with seconds and Z or an offset, and exists',
  );
}

/**
 * The date that a wall calendar in the zone shows at that moment: what is due "today" depends on where.
 *
 * @throws DomainError invalid UNKNOWN_TIME_ZONE, naming `timeZone`.
 */
export function dateIn(instant: Temporal.Instant, timeZone: string): Temporal.PlainDate {
  return instant.toZonedDateTimeISO(requireTimeZone(timeZone, 'timeZone')).toPlainDate();
}

/**
 * Gives the id back, as written, when it names a zone of the IANA database (`America/New_York`, `UTC`).
 *
 * @throws DomainError invalid UNKNOWN_TIME_ZONE, naming `field`; offsets are refused.
 */
export function requireTimeZone(id: string, field: string): string {
  const known = ZONE_NAME.test(id) && orUndefined(() => FIRST_INSTANT.toZonedDateTimeISO(id));
  if (known) return id;
  throw DomainError.invalid(field, 'UNKNOWN_TIME_ZONE', 'A time zone is an IANA name, such as America/New_York');
}

function existingDate(match: RegExpExecArray | null, field: string, format: string): Temporal.PlainDate {
  const [year = 0, month = 0, day = 0] = match ? match.slice(1).map(Number) : [];
  const date = orUndefined(() => Temporal.PlainDate.from({ year, month, day }, { overflow: 'reject' }));
  if (date && date.year >= 1) return date;
  throw DomainError.invalid(field, 'NO_SUCH_DATE', `A date is written ${format} and exists in the calendar`);
}

// Temporal answers text that it cannot read with RangeError only; anything else is a fault and passes.
function orUndefined<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
