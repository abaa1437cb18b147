import { formatDecimal, parseDecimal } from '@paradesk/kernel';
import { Temporal } from 'temporal-polyfill';
import type { ValueTransformer } from 'typeorm';

/** `date` <-> `Temporal.PlainDate`. */
export const plainDate: ValueTransformer = transformer<Temporal.PlainDate, string>(
  (date) => date.toString(),
  (stored) => Temporal.PlainDate.from(stored),
);

/** `timestamptz` <-> `Temporal.Instant`, to the millisecond. */
export const instant: ValueTransformer = transformer<Temporal.Instant, Date>(
  (moment) => new Date(moment.epochMilliseconds),
  (stored) => Temporal.Instant.fromEpochMilliseconds(stored.getTime()),
);

/** `bigint` <-> bigint. */
export const bigintColumn: ValueTransformer = transformer<bigint, string>(
  (value) => value.toString(),
  (stored) => BigInt(stored),
);

/** `numeric(14,4)` <-> bigint of ten-thousandths: hours, units and unit costs. */
export const scaled4: ValueTransformer = transformer<bigint, string>(
  (value) => formatDecimal(value, 4),
  (stored) => {
    const decimal = parseDecimal(stored, 4);
    if (!decimal) throw new Error(`a numeric(14,4) column holds ${stored}`);
    return decimal.unscaled * 10n ** BigInt(4 - decimal.scale);
  },
);

function transformer<T, S>(to: (value: T) => S, from: (stored: S) => T): ValueTransformer {
  // Find operators (In, MoreThan ...) reach transformers value by value; null and undefined stay what they are.
  return {
    to: (value: T | null | undefined) => (value === null || value === undefined ? value : to(value)),
    from: (stored: S | null | undefined) => (stored === null || stored === undefined ? stored : from(stored)),
  };
}
