import { describe, expect, it } from '@jest/globals';
import { Money } from '@paradesk/kernel';
import fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';
import { Timestamp } from './gen/google/protobuf/timestamp.js';
import { DateMessage } from './gen/paradesk/common/v1/date.js';
import { Money as ProtoMoney } from './gen/paradesk/common/v1/money.js';
import { fromDate, fromMoney, fromTimestamp, toDate, toMoney, toTimestamp } from './values.js';

const refusal = (reason: string, field: string) =>
  expect.objectContaining({ kind: 'invalid', reason, violations: [expect.objectContaining({ field })] });

describe('a moment', () => {
  it.each([
    ['the epoch', '1970-01-01T00:00:00Z', 0n, 0],
    ['a nanosecond before the epoch', '1969-12-31T23:59:59.999999999Z', -1n, 999_999_999],
    ['a whole second before the epoch', '1969-12-31T23:59:59Z', -1n, 0],
    ['half a second before the epoch', '1969-12-31T23:59:58.5Z', -2n, 500_000_000],
    ['a moment of today', '2026-03-02T15:00:00.123456789Z', 1_772_463_600n, 123_456_789],
    ['the first', '0001-01-01T00:00:00Z', -62_135_596_800n, 0],
    ['the last', '9999-12-31T23:59:59.999999999Z', 253_402_300_799n, 999_999_999],
  ])('%s goes to the wire and back', (_name, text, seconds, nanos) => {
    const moment = Temporal.Instant.from(text);
    const message = toTimestamp(moment);
    expect(message).toEqual({ seconds, nanos });
    const arrived = Timestamp.decode(Timestamp.encode(message).finish());
    expect(fromTimestamp(arrived, 'sentAt').equals(moment)).toBe(true);
  });

  it('comes back the same, whichever it is', () => {
    const ns = fc.bigInt({ min: -62_135_596_800_000_000_000n, max: 253_402_300_799_999_999_999n });
    fc.assert(
      fc.property(ns, (epochNs) => {
        const message = toTimestamp(Temporal.Instant.fromEpochNanoseconds(epochNs));
        expect(message.nanos).toBeGreaterThanOrEqual(0);
        expect(message.nanos).toBeLessThan(1_000_000_000);
        expect(fromTimestamp(message, 'at').epochNanoseconds).toBe(epochNs);
      }),
    );
  });

  it.each([
    ['one that is absent', undefined],
    ['one before year 1', { seconds: -62_135_596_801n, nanos: 999_999_999 }],
    ['one after year 9999', { seconds: 253_402_300_800n, nanos: 0 }],
    ['one beyond all calendars', { seconds: 2n ** 62n, nanos: 0 }],
    ['negative nanoseconds', { seconds: 5n, nanos: -1 }],
    ['nanoseconds that are a second', { seconds: 5n, nanos: 1_000_000_000 }],
  ])('refuses %s', (_name, timestamp) => {
    expect(() => fromTimestamp(timestamp, 'sentAt')).toThrow(refusal('NO_SUCH_TIME', 'sentAt'));
  });
});

describe('a date', () => {
  it.each([
    ['before 1970', '1969-07-20'],
    ['of the first year', '1900-01-01'],
    ['of the last year', '2999-12-31'],
    ['on a leap day', '2024-02-29'],
    ['on the leap day of a century', '2000-02-29'],
  ])('%s goes to the wire and back', (_name, text) => {
    const date = Temporal.PlainDate.from(text);
    const arrived = DateMessage.decode(DateMessage.encode(toDate(date)).finish());
    expect(fromDate(arrived, 'workedOn').toString()).toBe(text);
  });

  it('comes back the same, whichever it is', () => {
    const first = Temporal.PlainDate.from('1900-01-01');
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 401_766 }), (days) => {
        const date = first.add({ days });
        expect(fromDate(toDate(date), 'on').equals(date)).toBe(true);
      }),
    );
  });

  it.each([
    ['one that is absent', undefined],
    ['one of which nothing was said', { year: 0, month: 0, day: 0 }],
    ['a leap day of no leap year', { year: 2026, month: 2, day: 29 }],
    ['a leap day of a common century', { year: 2100, month: 2, day: 29 }],
    ['the 31st of June', { year: 2026, month: 6, day: 31 }],
    ['month 13', { year: 2026, month: 13, day: 1 }],
    ['month 0', { year: 2026, month: 0, day: 1 }],
    ['day 0', { year: 2026, month: 1, day: 0 }],
    ['a negative day', { year: 2026, month: 1, day: -1 }],
    ['the year before the first', { year: 1899, month: 12, day: 31 }],
    ['the year after the last', { year: 3000, month: 1, day: 1 }],
    ['two digits of a year', { year: 26, month: 1, day: 1 }],
    ['the least number', { year: -(2 ** 31), month: -(2 ** 31), day: -(2 ** 31) }],
  ])('refuses %s', (_name, date) => {
    expect(() => fromDate(date, 'workedOn')).toThrow(refusal('NO_SUCH_DATE', 'workedOn'));
  });
});

describe('an amount', () => {
  it.each([
    ['a price', 1230n, 'USD'],
    ['a discount', -500n, 'USD'],
    ['nothing', 0n, 'JPY'],
    ['the greatest', 2n ** 63n - 1n, 'KWD'],
    ['the least', -(2n ** 63n) + 1n, 'USD'],
    ['one beyond what a float counts', 2n ** 53n + 1n, 'USD'],
  ])('%s goes to the wire and back', (_name, amountMinor, currency) => {
    const money = Money.of(amountMinor, currency);
    const arrived = ProtoMoney.decode(ProtoMoney.encode(toMoney(money)).finish());
    expect(arrived).toEqual({ amountMinor, currencyCode: currency });
    expect(fromMoney(arrived, 'amount')).toEqual(money);
  });

  it.each([
    ['one that is absent', undefined, 'NO_AMOUNT', 'rates[0].hourlyRate'],
    [
      'one without a currency',
      { amountMinor: 1n, currencyCode: '' },
      'UNKNOWN_CURRENCY',
      'rates[0].hourlyRate.currencyCode',
    ],
    [
      'a currency in lower case',
      { amountMinor: 1n, currencyCode: 'usd' },
      'UNKNOWN_CURRENCY',
      'rates[0].hourlyRate.currencyCode',
    ],
    [
      'the one amount that has no opposite',
      { amountMinor: -(2n ** 63n), currencyCode: 'USD' },
      'AMOUNT_OUT_OF_RANGE',
      'rates[0].hourlyRate',
    ],
  ])('refuses %s', (_name, money, reason, field) => {
    expect(() => fromMoney(money, 'rates[0].hourlyRate')).toThrow(refusal(reason, field));
  });
});
