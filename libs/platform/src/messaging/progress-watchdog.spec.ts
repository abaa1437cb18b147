import { beforeEach, describe, expect, it } from '@jest/globals';
import { ProgressWatchdog, type Standing } from './progress-watchdog.js';

const S = 1_000;

describe('the progress watchdog', () => {
  let now: number;
  let watchdog: ProgressWatchdog;

  beforeEach(() => {
    now = 5 * S;
    watchdog = new ProgressWatchdog({ stalledAfterMs: 60 * S, mostJoins: 3 }, () => now);
  });

  const working: Standing = { joined: true, lag: 12 };
  const idle: Standing = { joined: true, lag: 0 };
  const outside: Standing = { joined: false, lag: 0 };

  it.each<[name: string, looks: [atS: number, Standing | 'progress' | undefined][], stalled: boolean]>([
    [
      'an idle consumer is well for ever',
      [
        [0, idle],
        [3600, idle],
      ],
      false,
    ],
    [
      'a backlog is no fault before a minute has passed',
      [
        [0, working],
        [59, working],
      ],
      false,
    ],
    [
      'a backlog without progress is a fault after a minute',
      [
        [0, working],
        [60, working],
      ],
      true,
    ],
    [
      'a backlog that is worked on is no fault',
      [
        [0, working],
        [59, 'progress'],
        [60, working],
        [119, working],
      ],
      false,
    ],
    [
      'work after an idle hour has its full minute',
      [
        [0, idle],
        [3600, working],
        [3659, working],
      ],
      false,
    ],
    [
      'a member that its group does not take is at fault after a minute',
      [
        [0, outside],
        [60, outside],
      ],
      true,
    ],
    [
      'brokers that do not answer are no fault of the consumer',
      [
        [0, working],
        [30, undefined],
        [70, working],
      ],
      false,
    ],
    [
      'a backlog that was gone in between begins anew',
      [
        [0, working],
        [50, idle],
        [70, working],
      ],
      false,
    ],
  ])('%s', (_, looks, stalled) => {
    let last = false;
    for (const [atS, seen] of looks) {
      now = 5 * S + atS * S;
      if (seen === 'progress') watchdog.progressed();
      else last = watchdog.isStalled(seen);
    }
    expect(last).toBe(stalled);
  });

  it.each<[name: string, joinsAtS: number[], progressAtS: number, tooMany: boolean]>([
    ['three joins are as many as a start may take', [0, 1, 2], -1, false],
    ['a fourth in the same minute is one too many', [0, 1, 2, 3], -1, true],
    ['joins of an hour ago do not count', [0, 1, 2, 3600, 3601, 3602], -1, false],
    ['joins between which it works do not count', [0, 1, 2, 3], 2, false],
  ])('%s', (_, joinsAtS, progressAtS, tooMany) => {
    const verdicts = joinsAtS.map((atS) => {
      now = 5 * S + atS * S;
      if (atS === progressAtS) watchdog.progressed();
      return watchdog.joined();
    });
    expect(verdicts.at(-1)).toBe(tooMany);
  });
});
