import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from './fault.js';

const brokerKilled: Fault = {
  id: 'F4',
  title: 'kill -9 of the broker',
  times: { smoke: 1, soak: 20 },
  async inject(world) {
    await world.kafka.kill();
    await world.kafka.start();
    return { what: 'kafka, started at once' };
  },
};

const AWAY_MS = { smoke: 6_000, soak: 120_000 } as const;

const brokerAway: Fault = {
  id: 'F4',
  title: 'the broker is away for a while',
  times: { smoke: 1, soak: 5 },
  async inject(world) {
    await world.kafka.kill();
    world.setLoad(0.5);
    await sleep(AWAY_MS[world.programme]);
    await world.kafka.start();
    return { what: `kafka, away for ${AWAY_MS[world.programme] / 1000} s` };
  },
};

/** F4: commands go on without Kafka, and their events arrive later. */
export const brokerFaults: readonly Fault[] = [brokerKilled, brokerAway];
