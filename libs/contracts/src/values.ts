import { DomainError, Money, requireCurrency } from '@paradesk/kernel';
import { Temporal } from 'temporal-polyfill';
import type { Timestamp } from './gen/google/protobuf/timestamp.js';
import type { DateMessage } from './gen/paradesk/common/v1/date.js';
import type { Money as ProtoMoney } from './gen/paradesk/common/v1/money.js';

// What google.protobuf.Timestamp defines: the years 1 to 9999, which every other reader of the contracts can hold too.
const FIRST_SECOND = -62_135_596_800n;
const LAST_SECOND = 253_402_300_799n;
// The one 64-bit number without an opposite: Money has no such amount, since a credit could not take it back.
const LEAST_INT64 = -(2n ** 63n);

/** A moment as the contracts carry it. */
export function toTimestamp(instant: Temporal.Instant): Timestamp {
  const ns = instant.epochNanoseconds;
  const seconds = ns / 1_000_000_000n - (ns % 1_000_000_000n < 0n ? 1n : 0n);
  return { seconds, nanos: Number(ns - seconds * 1_000_000_000n) };
}

/** The moment a timestamp means. @throws DomainError invalid NO_SUCH_TIME where it is absent or out of range. */
export function fromTimestamp(timestamp: Timestamp | undefined, field: string): Temporal.Instant {
  if (!timestamp) throw DomainError.invalid(field, 'NO_SUCH_TIME', 'a time is missing');
  const { seconds, nanos } = timestamp;
  const inRange = seconds >= FIRST_SECOND && seconds <= LAST_SECOND && nanos >= 0 && nanos < 1_000_000_000;
  if (!inRange) throw DomainError.invalid(field, 'NO_SUCH_TIME', 'the time is out of range');
  return Temporal.Instant.fromEpochNanoseconds(seconds * 1_000_000_000n + BigInt(nanos));
}

/** A calendar date as the contracts carry it. */
export function toDate(date: Temporal.PlainDate): DateMessage {
  return { year: date.year, month: date.month, day: date.day };
}

/** The calendar date that a message means. @throws DomainError invalid NO_SUCH_DATE where it is absent or does not exist. */
export function fromDate(date: DateMessage | undefined, field: string): Temporal.PlainDate {
  if (!date) throw DomainError.invalid(field, 'NO_SUCH_DATE', 'a date is missing');
  const inRange = date.year >= 1900 && date.year <= 2999;
  try {
    if (inRange)
      return Temporal.PlainDate.from({ year: date.year, month: date.month, day: date.day }, { overflow: 'reject' });
  } catch {
    // said below
  }
  throw DomainError.invalid(field, 'NO_SUCH_DATE', `there is no date ${date.year}-${date.month}-${date.day}`);
}

/** An amount as the contracts carry it. */
export function toMoney(money: Money): ProtoMoney {
  return { amountMinor: money.amountMinor, currencyCode: money.currency };
}

/** The amount that a message means. @throws DomainError invalid NO_AMOUNT, UNKNOWN_CURRENCY or AMOUNT_OUT_OF_RANGE, naming the field. */
export function fromMoney(money: ProtoMoney | undefined, field: string): Money {
  if (!money) throw DomainError.invalid(field, 'NO_AMOUNT', 'an amount is missing');
  if (money.amountMinor === LEAST_INT64)
    throw DomainError.invalid(field, 'AMOUNT_OUT_OF_RANGE', 'the amount is larger than can be recorded');
  return Money.of(money.amountMinor, requireCurrency(money.currencyCode, `${field}.currencyCode`));
}
