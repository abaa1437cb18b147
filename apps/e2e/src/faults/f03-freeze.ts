import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from './fault.js';

// A group takes a member for dead after 10 s without a sign of life.
const FROZEN_MS = { smoke: 14_000, soak: 45_000 } as const;

// Consumers and relays: the zombies that matter.
const zombies = ['identity', 'assignment', 'billing', 'billing-2', 'documents', 'communications'] as const;

const freeze: Fault = {
  id: 'F3',
  title: 'frozen for longer than its session',
  times: { smoke: 1, soak: 20 },
  async inject(world, random) {
    const process = world.processes[random.pick(zombies)]!;
    process.signal('SIGSTOP');
    // Not at full load: what nobody answers would pile up.
    world.setLoad(0.5);
    try {
      await sleep(FROZEN_MS[world.programme]);
    } finally {
      process.signal('SIGCONT');
    }
    world.setLoad(1);
    // The zombie takes itself for the owner of its partitions and the leader of its relay: it is to meet work.
    await sleep(1_500);
    return { what: process.name };
  },
};

/** F3: a process wakes up with a state of long ago. */
export const freezeFaults: readonly Fault[] = [freeze];
