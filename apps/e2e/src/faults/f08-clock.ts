import { setTimeout as sleep } from 'node:timers/promises';
import { Temporal } from 'temporal-polyfill';
import { Deck } from './deck.js';
import type { Fault, Programme } from './fault.js';
import { preloaded } from './preloaded.js';

/** A wrong time of day. */
interface WrongClock {
  readonly what: string;
  /** How far it is ahead of the right one. */
  skewMs(now: Temporal.Instant): number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const BEFORE_THE_LEAP_MS = 4_000;
const LASTS_MS: Readonly<Record<Programme, number>> = { smoke: 7_000, soak: 15_000 };

const by = (what: string, skewMs: number): WrongClock => ({ what, skewMs: () => skewMs });
const shortlyBefore = (what: string, boundary: (now: Temporal.Instant) => Temporal.Instant): WrongClock => ({
  what,
  skewMs: (now) => boundary(now).epochMilliseconds - now.epochMilliseconds - BEFORE_THE_LEAP_MS,
});

const CLOCKS = new Deck<WrongClock>([
  by('5 min ahead', 5 * MINUTE_MS),
  by('5 min behind', -5 * MINUTE_MS),
  by('1 h ahead', HOUR_MS),
  by('1 h behind', -HOUR_MS),
  by('a day behind', -24 * HOUR_MS),
  shortlyBefore('going over the end of the month', (now) => {
    const today = now.toZonedDateTimeISO('UTC').startOfDay();
    return today.with({ day: 1 }).add({ months: 1 }).toInstant();
  }),
  shortlyBefore('going over the start of summer time', (now) => {
    const change = now.toZonedDateTimeISO('America/New_York').getTimeZoneTransition('next');
    if (!change) throw new Error('New York has no summer time any more');
    return change.toInstant();
  }),
]);

/**
 * F8: the clock of one service is wrong. What must come of it: its tokens, and those of others to it, are refused as not valid (or expired)
 * beyond the tolerance of 5 s - definite refusals, which have no effect -; within one service, and between the database's own time
 * (idempotency keys, jobs) and its rows, nothing is lost or done twice; and with the right time all goes on, without a hand.
 */
export const clockFaults: readonly Fault[] = [
  {
    id: 'F8',
    title: 'the clock of a service is wrong',
    times: { smoke: 2, soak: 14 },
    async inject(world, random) {
      const clock = CLOCKS.draw(random);
      const name = random.pick(world.services);
      const skewMs = clock.skewMs(Temporal.Now.instant());
      const process = world.processes[name];
      if (!process) throw new Error(`there is no process ${name}`);
      await process.restart({ env: preloaded('./skewed-clock.js', { PARADESK_CLOCK_SKEW_MS: `${skewMs}` }) });
      await sleep(LASTS_MS[world.programme]);
      await process.restart();
      return { what: `${name} ${clock.what}` };
    },
  },
];
