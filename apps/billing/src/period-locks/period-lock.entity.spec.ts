import { describe, expect, it } from '@jest/globals';
import { newId } from '@paradesk/kernel';
import { Temporal } from 'temporal-polyfill';
import { PeriodLock } from './period-lock.entity.js';

const day = (text: string) => Temporal.PlainDate.from(text);
const lockedAt = Temporal.Instant.from('2026-03-03T12:00:00Z');
const made = { tenantId: newId(1), id: newId(2), lockedAt, lockedBy: null };
const lock = (through: string, graceDays = 0) => PeriodLock.of(day(through), graceDays, day('2026-03-03'), made);

describe('a lock through the end of February, made on March 3', () => {
  it.each([
    ['the last day of it', '2026-02-28', '2026-03-03', 0, true],
    ['a day long before', '2020-01-01', '2026-03-03', 0, true],
    ['the day after', '2026-03-01', '2026-03-03', 0, false],
    ['the last day of grace', '2026-02-28', '2026-03-05', 3, false],
    ['the day after the grace', '2026-02-28', '2026-03-06', 3, true],
  ])('on %s', (_name, worked, today, graceDays, locked) => {
    expect(lock('2026-02-28', graceDays).locks(day(worked), day(today))).toBe(locked);
  });

  it('locks nothing any more once it is lifted, and stays lifted for the first reason', () => {
    const lifted = lock('2026-02-28');
    lifted.lift('a client sent late expenses', lockedAt);
    lifted.lift('again', lockedAt.add({ hours: 1 }));
    expect(lifted.locks(day('2026-02-28'), day('2026-03-04'))).toBe(false);
    expect([lifted.liftReason, lifted.liftedAt?.equals(lockedAt)]).toEqual(['a client sent late expenses', true]);
  });
});

it('a lock does not reach into the future', () => {
  expect(() => lock('2026-03-04')).toThrow(expect.objectContaining({ reason: 'LOCK_IN_FUTURE' }));
  expect(lock('2026-03-03').locks(day('2026-03-03'), day('2026-03-03'))).toBe(true);
});
