import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';
import { dateIn, parseCompactDate, parseDate, parseInstant, requireTimeZone } from './calendar-date.js';

const refusal = (reason: string, field: string) =>
  expect.objectContaining({ kind: 'invalid', reason, violations: [expect.objectContaining({ field })] });

describe('a date', () => {
  it.each([
    { name: 'an ordinary day', text: '2026-03-01' },
    { name: 'a leap day', text: '2028-02-29' },
    { name: 'the first that can be stored', text: '0001-01-01' },
    { name: 'the last of four digits', text: '9999-12-31' },
  ])('is read in both forms: $name', ({ text }) => {
    const date = parseDate(text, 'dueOn');
    expect(date).toBeInstanceOf(Temporal.PlainDate);
    expect(date.toString()).toBe(text);
    expect(parseCompactDate(text.replaceAll('-', ''), 'dueOn').equals(date)).toBe(true);
  });

  it.each([
    { name: 'a leap day of a common year', text: '2026-02-29' },
    { name: 'a leap day of a common century', text: '1900-02-29' },
    { name: 'a month 13', text: '2026-13-01' },
    { name: 'a month 0', text: '2026-00-10' },
    { name: 'a day 0', text: '2026-01-00' },
    { name: 'the 31st of April', text: '2026-04-31' },
    { name: 'the year 0, which no database column takes', text: '0000-01-01' },
  ])('is refused in both forms: $name', ({ text }) => {
    expect(() => parseDate(text, 'dueOn')).toThrow(refusal('NO_SUCH_DATE', 'dueOn'));
    expect(() => parseCompactDate(text.replaceAll('-', ''), 'dueOn')).toThrow(refusal('NO_SUCH_DATE', 'dueOn'));
  });

  it.each([
    { name: 'nothing', text: '' },
    { name: 'the form of LEDES', text: '20260301' },
    { name: 'no leading zeros', text: '2026-3-1' },
    { name: 'the American order', text: '03/01/2026' },
    { name: 'a time behind it', text: '2026-03-01T00:00:00Z' },
    { name: 'a space behind it', text: '2026-03-01 ' },
    { name: 'a calendar behind it', text: '2026-03-01[u-ca=hebrew]' },
    { name: 'an expanded year', text: '+002026-03-01' },
  ])('is written YYYY-MM-DD and not with $name', ({ text }) => {
    expect(() => parseDate(text, 'dueOn')).toThrow(refusal('NO_SUCH_DATE', 'dueOn'));
  });

  it.each([{ text: '2026-03-01' }, { text: '260301' }, { text: '2026030' }, { text: '202603011' }, { text: '' }])(
    'is not read from "$text" where LEDES wants YYYYMMDD',
    ({ text }) => {
      expect(() => parseCompactDate(text, 'lines[0].date')).toThrow(refusal('NO_SUCH_DATE', 'lines[0].date'));
    },
  );

  it('is read back as it was written, whichever day', () => {
    const firstDay = Temporal.PlainDate.from('0001-01-01');
    fc.assert(
      fc.property(fc.nat(3_652_058), (days) => {
        const date = firstDay.add({ days });
        expect(parseDate(date.toString(), 'day').equals(date)).toBe(true);
      }),
    );
  });
});

describe('parseInstant', () => {
  it.each([
    { text: '2026-03-01T09:30:00Z', utc: '2026-03-01T09:30:00Z' },
    { text: '2026-03-01T09:30:00-05:00', utc: '2026-03-01T14:30:00Z' },
    { text: '2026-03-01T09:30:00.123456789+00:00', utc: '2026-03-01T09:30:00.123456789Z' },
    { text: '9999-12-31T23:59:59.999999999Z', utc: '9999-12-31T23:59:59.999999999Z' },
    { text: '0001-01-01T00:00:00Z', utc: '0001-01-01T00:00:00Z' },
  ])('reads $text', ({ text, utc }) => {
    expect(parseInstant(text, 'sentAt').toString()).toBe(utc);
  });

  it.each([
    { name: 'no offset', text: '2026-03-01T09:30:00' },
    { name: 'no time', text: '2026-03-01' },
    { name: 'no seconds', text: '2026-03-01T09:30Z' },
    { name: 'a day that does not exist', text: '2026-02-29T09:30:00Z' },
    { name: 'an hour that does not exist', text: '2026-03-01T24:00:00Z' },
    { name: 'a leap second, which would move', text: '2016-12-31T23:59:60Z' },
    { name: 'a zone behind it', text: '2026-03-01T09:30:00Z[UTC]' },
    { name: 'a space for the T', text: '2026-03-01 09:30:00Z' },
    { name: 'the year 0', text: '0000-12-31T00:00:00Z' },
    { name: 'the year 0 by its offset', text: '0001-01-01T00:00:00+01:00' },
    { name: 'the year 10000 by its offset', text: '9999-12-31T23:59:59-01:00' },
    { name: 'an offset that does not exist', text: '2026-03-01T09:30:00+25:00' },
    { name: 'nothing', text: '' },
  ])('refuses a moment with $name', ({ text }) => {
    expect(() => parseInstant(text, 'sentAt')).toThrow(refusal('NO_SUCH_INSTANT', 'sentAt'));
  });
});

describe('dateIn', () => {
  it.each([
    { timeZone: 'UTC', date: '2026-03-01' },
    { timeZone: 'America/New_York', date: '2026-02-28' },
    { timeZone: 'Pacific/Kiritimati', date: '2026-03-01' },
  ])('of one moment is $date in $timeZone', ({ timeZone, date }) => {
    expect(dateIn(parseInstant('2026-03-01T04:30:00Z', 'now'), timeZone).toString()).toBe(date);
  });

  it.each([
    { name: 'before the clocks go forward', instant: '2026-03-08T04:59:59Z', date: '2026-03-07' },
    { name: 'midnight in winter time', instant: '2026-03-08T05:00:00Z', date: '2026-03-08' },
    { name: 'midnight in summer time', instant: '2026-03-09T04:00:00Z', date: '2026-03-09' },
  ])('follows summer time: $name', ({ instant, date }) => {
    expect(dateIn(parseInstant(instant, 'now'), 'America/New_York').toString()).toBe(date);
  });

  it('refuses a zone that does not exist', () => {
    const now = parseInstant('2026-03-01T04:30:00Z', 'now');
    expect(() => dateIn(now, 'Mars/Olympus')).toThrow(refusal('UNKNOWN_TIME_ZONE', 'timeZone'));
  });
});

describe('requireTimeZone', () => {
  it.each([{ id: 'UTC' }, { id: 'America/New_York' }, { id: 'America/Port-au-Prince' }, { id: 'Asia/Kolkata' }])(
    'gives $id back as it was written',
    ({ id }) => {
      expect(requireTimeZone(id, 'zone')).toBe(id);
    },
  );

  it.each([
    { name: 'nothing', id: '' },
    { name: 'a city that has no zone', id: 'America/Gotham' },
    { name: 'an offset, which misses summer time', id: '+01:00' },
    { name: 'a moment with a zone', id: '2026-03-01T00:00:00Z[Europe/Paris]' },
    { name: 'a space behind it', id: 'UTC ' },
    { name: 'a path', id: '../etc/passwd' },
  ])('refuses $name', ({ id }) => {
    expect(() => requireTimeZone(id, 'zone')).toThrow(refusal('UNKNOWN_TIME_ZONE', 'zone'));
  });
});
