import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault, Programme, Random, World } from './fault.js';
import { preloaded } from './preloaded.js';
import { processesOf, replicated, replicatedServices } from './processes-of.js';

// Longer than a consumer's session of 10 s, after which its group goes on without it.
const BLOCK_MS = 13_000;
const STOPPED_MS = 13_000;
const SCALINGS: Readonly<Record<Programme, number>> = { smoke: 2, soak: 6 };
const BETWEEN_MS = 1_500;
const REPLICA_DOWN_MS = 1_500;

/** F13: consumers that are too slow for their group, and groups that grow and shrink. All at once, on different services. */
export const slowConsumerFaults: readonly Fault[] = [
  {
    id: 'F13',
    title: 'slow consumers: blocked, stopped, scaled to 1 and back to 2',
    times: { smoke: 1, soak: 8 },
    async inject(world, random) {
      const scaled = random.pick(replicatedServices(world));
      const others = world.services.filter((name) => name !== scaled);
      const blocked = random.pick(others);
      const stopped = random.pick(others.filter((name) => name !== blocked));
      // Waited for to the end whatever fails, so that nothing stays broken.
      const done = await Promise.allSettled([
        block(world, blocked),
        stop(world, stopped),
        scale(world, scaled, random),
      ]);
      for (const one of done) if (one.status === 'rejected') throw one.reason;
      return { what: `${blocked} blocked, ${stopped} stopped, ${scaled} scaled` };
    },
  },
];

/** One process computes for longer than its session without a break. */
async function block(world: World, service: string): Promise<void> {
  const process = processesOf(world, service)[0]!;
  await process.restart({ env: preloaded('./blocked-event-loop.js', { PARADESK_BLOCK_MS: `${BLOCK_MS}` }) });
  process.signal('SIGUSR2');
  await sleep(BLOCK_MS);
  await process.restart();
}

/** One process sleeps through its session and wakes with what it knew then. */
async function stop(world: World, service: string): Promise<void> {
  const process = processesOf(world, service)[0]!;
  process.signal('SIGSTOP');
  await sleep(STOPPED_MS);
  process.signal('SIGCONT');
}

/** The second process leaves and comes again, in order or by kill -9: each time the group shares its partitions out anew. */
async function scale(world: World, service: string, random: Random): Promise<void> {
  const { second } = replicated(world, service);
  for (let round = 0; round < SCALINGS[world.programme]; round++) {
    if (random.integer(2) === 0) {
      await second.stop();
      await sleep(REPLICA_DOWN_MS);
      await second.start();
    } else {
      await second.restart({ kill: true });
    }
    await sleep(BETWEEN_MS);
  }
}
