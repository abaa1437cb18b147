import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DEFAULT_TIME_ROUNDING, hoursOf, roundMinutes, type TimeRounding } from './time-rounding.js';

const rounding = (incrementMinutes: number, mode: TimeRounding['mode'], enforced = false): TimeRounding => ({
  incrementMinutes,
  mode,
  enforced,
});
const refusal = (reason: string, field: string) =>
  expect.objectContaining({ kind: 'invalid', reason, violations: [expect.objectContaining({ field })] });

describe('roundMinutes', () => {
  it.each([
    { name: 'up: zero stays zero', minutes: 0, by: rounding(6, 'up'), rounded: 0 },
    { name: 'up: one minute is a tenth of an hour', minutes: 1, by: rounding(6, 'up'), rounded: 6 },
    { name: 'up: a whole increment stays', minutes: 6, by: rounding(6, 'up'), rounded: 6 },
    { name: 'up: one more is the next', minutes: 7, by: rounding(6, 'up'), rounded: 12 },
    { name: 'up: quarters of an hour', minutes: 16, by: rounding(15, 'up'), rounded: 30 },
    { name: 'nearest: zero stays zero', minutes: 0, by: rounding(6, 'nearest'), rounded: 0 },
    {
      name: 'nearest: below half goes down, to nothing if need be',
      minutes: 2,
      by: rounding(6, 'nearest'),
      rounded: 0,
    },
    { name: 'nearest: half goes up', minutes: 9, by: rounding(6, 'nearest'), rounded: 12 },
    { name: 'nearest: of an odd increment, below half', minutes: 22, by: rounding(15, 'nearest'), rounded: 15 },
    { name: 'nearest: of an odd increment, above half', minutes: 23, by: rounding(15, 'nearest'), rounded: 30 },
    { name: 'down: zero stays zero', minutes: 0, by: rounding(6, 'down'), rounded: 0 },
    { name: 'down: what is begun is not billed', minutes: 11, by: rounding(6, 'down'), rounded: 6 },
    { name: 'by the minute: nothing changes', minutes: 7, by: rounding(1, 'up'), rounded: 7 },
    { name: 'enforced: time on the increment', minutes: 18, by: rounding(6, 'up', true), rounded: 18 },
    { name: 'enforced: zero', minutes: 0, by: rounding(6, 'up', true), rounded: 0 },
    { name: 'default: a tenth of an hour, up', minutes: 13, by: undefined, rounded: 18 },
  ])('$name', ({ minutes, by, rounded }) => {
    expect(roundMinutes(minutes, by)).toBe(rounded);
    expect(roundMinutes(rounded, by)).toBe(rounded);
  });

  it.each([
    { name: '0.35 h at an enforced 0.1 h', minutes: 21, by: rounding(6, 'up', true), reason: 'INCREMENT_NOT_HONOURED' },
    {
      name: 'enforced, also where down would do',
      minutes: 7,
      by: rounding(6, 'down', true),
      reason: 'INCREMENT_NOT_HONOURED',
    },
    { name: 'negative time', minutes: -6, by: DEFAULT_TIME_ROUNDING, reason: 'NEGATIVE_TIME' },
    { name: 'a fraction of a minute', minutes: 1.5, by: DEFAULT_TIME_ROUNDING, reason: 'NOT_WHOLE_MINUTES' },
    { name: 'no number', minutes: Number.NaN, by: DEFAULT_TIME_ROUNDING, reason: 'NOT_WHOLE_MINUTES' },
    { name: 'time without end', minutes: Infinity, by: DEFAULT_TIME_ROUNDING, reason: 'NOT_WHOLE_MINUTES' },
    {
      name: 'an increment of zero',
      minutes: 6,
      by: rounding(0, 'up'),
      reason: 'INVALID_INCREMENT',
      field: 'incrementMinutes',
    },
    {
      name: 'half a minute as increment',
      minutes: 6,
      by: rounding(0.5, 'up'),
      reason: 'INVALID_INCREMENT',
      field: 'incrementMinutes',
    },
  ])('refuses $name', ({ minutes, by, reason, field = 'minutes' }) => {
    expect(() => roundMinutes(minutes, by)).toThrow(refusal(reason, field));
  });

  it('gives a whole number of increments, less than one away, on the side of its mode', () => {
    const modes = fc.constantFrom<TimeRounding['mode']>('up', 'nearest', 'down');
    fc.assert(
      fc.property(fc.nat(100_000), fc.integer({ min: 1, max: 60 }), modes, (minutes, increment, mode) => {
        const change = roundMinutes(minutes, rounding(increment, mode)) - minutes;
        expect((minutes + change) % increment).toBe(0);
        expect(Math.abs(change)).toBeLessThan(increment);
        if (mode === 'up') expect(change).toBeGreaterThanOrEqual(0);
        if (mode === 'down') expect(change).toBeLessThanOrEqual(0);
        if (mode === 'nearest') expect(Math.abs(change) * 2).toBeLessThanOrEqual(increment);
      }),
    );
  });
});

describe('hoursOf', () => {
  it.each([
    { minutes: 0, hours: '0' },
    { minutes: 1, hours: '0.0167' },
    { minutes: 6, hours: '0.1' },
    { minutes: 15, hours: '0.25' },
    { minutes: 20, hours: '0.3333' },
    { minutes: 40, hours: '0.6667' },
    { minutes: 60, hours: '1' },
    { minutes: 90, hours: '1.5' },
    { minutes: 600, hours: '10' },
    { minutes: -90, hours: '-1.5' },
  ])('of $minutes minutes is $hours', ({ minutes, hours }) => {
    expect(hoursOf(minutes)).toBe(hours);
  });

  it('is exact for whole tenths and quarters of an hour', () => {
    fc.assert(
      fc.property(fc.nat(100_000), fc.constantFrom(6, 15), (count, increment) => {
        expect(Number(hoursOf(count * increment)) * 60).toBeCloseTo(count * increment, 6);
      }),
    );
  });

  it('refuses a fraction of a minute', () => {
    expect(() => hoursOf(0.5)).toThrow(refusal('NOT_WHOLE_MINUTES', 'minutes'));
  });
});
