import { describe, expect, it } from '@jest/globals';
import { OldestWaiting } from './oldest-waiting.js';

const MINUTE_MS = 60_000;
const TOPIC = 'paradesk.identity.clients';

describe('the age of the oldest record that waits', () => {
  it.each<[name: string, before: (waiting: OldestWaiting) => unknown, records: number, ageMs: number]>([
    ['is that of the record in hand', (waiting) => waiting.taking(TOPIC, 0, Date.now() - MINUTE_MS), 3, MINUTE_MS],
    ['begins when records are first seen', () => undefined, 3, 0],
    ['is none when nothing waits', (waiting) => waiting.taking(TOPIC, 0, Date.now() - MINUTE_MS), 0, 0],
    ['is not that of another partition', (waiting) => waiting.taking(TOPIC, 1, Date.now() - MINUTE_MS), 3, 0],
    ['is not negative when clocks differ', (waiting) => waiting.taking(TOPIC, 0, Date.now() + MINUTE_MS), 3, 0],
    [
      'begins anew when all was handled',
      (waiting) => {
        waiting.taking(TOPIC, 0, Date.now() - MINUTE_MS);
        waiting.done(TOPIC, 0);
      },
      3,
      0,
    ],
    [
      'begins anew when the partitions are shared out anew',
      (waiting) => {
        waiting.taking(TOPIC, 0, Date.now() - MINUTE_MS);
        waiting.clear();
      },
      3,
      0,
    ],
  ])('%s', (_name, before, records, ageMs) => {
    const waiting = new OldestWaiting();
    before(waiting);
    const found = waiting.ageMs(TOPIC, 0, records);
    expect(found).toBeGreaterThanOrEqual(ageMs);
    expect(found).toBeLessThan(ageMs + 10_000);
  });
});
