import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from './fault.js';

const postmasterKilled: Fault = {
  id: 'F5',
  title: 'kill -9 of the postmaster',
  times: { smoke: 1, soak: 20 },
  async inject(world, random) {
    await world.postgres.kill();
    await sleep(random.integer(2_000));
    await world.postgres.start();
    return { what: 'postgres, recovered from its log' };
  },
};

/** F5: every session is lost, and nothing that was committed. */
export const postmasterFaults: readonly Fault[] = [postmasterKilled];
