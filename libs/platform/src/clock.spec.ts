import { describe, expect, it } from '@jest/globals';
import { Temporal } from 'temporal-polyfill';
import { isUuid } from '@paradesk/kernel';
import { Clock, Ids } from './clock.js';

class StandingClock extends Clock {
  override now(): Temporal.Instant {
    return Temporal.Instant.from('2026-03-02T15:00:00Z');
  }
}

describe('Clock', () => {
  it('tells the time of the system in whole milliseconds', () => {
    const before = Date.now();
    const now = new Clock().now();
    expect(now.epochMilliseconds).toBeGreaterThanOrEqual(before);
    expect(now.epochMilliseconds).toBeLessThanOrEqual(Date.now());
    expect(now.epochNanoseconds % 1_000_000n).toBe(0n);
  });
});

describe('Ids', () => {
  it('gives ids in the order of creation, also while the clock stands still', () => {
    const ids = new Ids(new StandingClock());
    const made = Array.from({ length: 1000 }, () => ids.next());
    expect([...made].sort()).toEqual(made);
    expect(new Set(made).size).toBe(1000);
    expect(made.every(isUuid)).toBe(true);
  });

  it('stamps a new row with one moment for its id and its time', () => {
    const { id, at } = new Ids(new StandingClock()).stamp();
    expect(Number.parseInt(id.replace('-', '').slice(0, 12), 16)).toBe(at.epochMilliseconds);
  });
});
