import { formatDecimal, roundHalfUp } from './decimal.js';
import { DomainError } from './domain-error.js';

/**
 * How a client's agreement rounds captured time: to `incrementMinutes`, `up`, to the `nearest` (half up) or `down`. When
 * `enforced`, time off the increment is refused instead of rounded (0.35 h at 0.1 h).
 */
export type TimeRounding = {
  readonly incrementMinutes: number;
  readonly mode: 'up' | 'nearest' | 'down';
  readonly enforced: boolean;
};

/** A tenth of an hour, up: the trade's default where the agreement says nothing. */
export const DEFAULT_TIME_ROUNDING: TimeRounding = { incrementMinutes: 6, mode: 'up', enforced: false };

/**
 * The minutes to store on an entry. Time is rounded first and once; money is computed only from what this returns, and a
 * changed setting never touches an entry that exists. Zero stays zero in every mode.
 *
 * @throws DomainError invalid, naming `minutes`: NOT_WHOLE_MINUTES, NEGATIVE_TIME, INCREMENT_NOT_HONOURED; naming
 * `incrementMinutes`: INVALID_INCREMENT when it is not a whole number of minutes from 1 up.
 */
export function roundMinutes(minutes: number, rounding: TimeRounding = DEFAULT_TIME_ROUNDING): number {
  const { incrementMinutes, mode, enforced } = rounding;
  requireWholeMinutes(minutes);
  if (minutes < 0) throw DomainError.invalid('minutes', 'NEGATIVE_TIME', 'Time must not be negative');
  if (!Number.isSafeInteger(incrementMinutes) || incrementMinutes < 1) {
    throw DomainError.invalid(
      'incrementMinutes',
      'INVALID_INCREMENT',
      'An increment is a whole number of minutes from 1 up',
    );
  }
  const rest = minutes % incrementMinutes;
  if (enforced && rest !== 0) {
    const message = `The client's agreement requires time in increments of ${incrementMinutes} minutes`;
    throw DomainError.invalid('minutes', 'INCREMENT_NOT_HONOURED', message);
  }
  const raise = mode === 'up' ? rest > 0 : mode === 'nearest' && rest * 2 >= incrementMinutes;
  return minutes - rest + (raise ? incrementMinutes : 0);
}

/**
 * Minutes as decimal hours for print and LEDES units (format 10.4): at most four decimals, half up, no zeros at the end.
 * 6 is "0.1", 20 is "0.3333", 90 is "1.5"; negative minutes, as on a credit, mirror. Exact for multiples of 3 minutes, which
 * includes every tenth and quarter of an hour; the money of any other time must be computed from these printed hours, or
 * units times rate will not give the line's total.
 *
 * @throws DomainError invalid NOT_WHOLE_MINUTES, naming `minutes`.
 */
export function hoursOf(minutes: number): string {
  requireWholeMinutes(minutes);
  return formatDecimal(roundHalfUp(BigInt(minutes) * 10_000n, 60n), 4, { trim: true });
}

function requireWholeMinutes(minutes: number): void {
  if (Number.isSafeInteger(minutes)) return;
  throw DomainError.invalid('minutes', 'NOT_WHOLE_MINUTES', 'Time is a whole number of minutes');
}
