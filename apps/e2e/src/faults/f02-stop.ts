import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from './fault.js';

const STOPPED_WITHIN_MS = 15_000;

const gracefulStop: Fault = {
  id: 'F2',
  title: 'SIGTERM under load',
  times: { smoke: 1, soak: 100 },
  async inject(world, random) {
    const process = world.processes[random.pick(Object.keys(world.processes))]!;
    await sleep(random.integer(1_000));
    process.signal('SIGTERM');
    const how = await process.ended(STOPPED_WITHIN_MS);
    if (how !== 'code 0')
      throw new Error(`${process.name} did not end on SIGTERM as it should (${how ?? 'it runs on'})`);
    return { what: process.name };
  },
};

/** F2: what is under way ends, and the rest is left to whoever comes next. */
export const stopFaults: readonly Fault[] = [gracefulStop];
