import { crashPoints, type CrashPoint } from '@paradesk/platform';
import { setTimeout as sleep } from 'node:timers/promises';
import { Deck } from './deck.js';
import type { Fault, Injected, Random, World } from './fault.js';

const REACHED_WITHIN_MS = 45_000;

/** Who passes a point under the load. A relay leads in one process of a service only, so for it those that have no second one. */
const passers: Readonly<Record<CrashPoint, readonly string[]>> = {
  'command.before-commit': ['identity', 'assignment', 'billing'],
  'rpc.after-commit': ['identity', 'assignment', 'billing'],
  'relay.before-publish': ['identity', 'assignment'],
  'relay.after-publish': ['identity', 'assignment'],
  'relay.after-mark': ['identity', 'assignment'],
  'inbox.before-effect': ['assignment', 'billing', 'documents', 'communications'],
  'inbox.before-commit': ['assignment', 'billing', 'documents', 'communications'],
  'inbox.after-commit': ['assignment', 'billing', 'documents', 'communications'],
  'kafka.after-offset-commit': ['assignment', 'billing', 'documents', 'communications'],
  'jobs.before-handle': ['billing', 'communications'],
  'jobs.after-handle': ['billing', 'communications'],
  'storage.before-rename': ['documents'],
  'storage.after-put': ['documents'],
};

const killAtRandom: Fault = {
  id: 'F1',
  title: 'kill -9 of a process at random',
  times: { smoke: 1, soak: 200 },
  async inject(world, random) {
    const process = world.processes[random.pick(Object.keys(world.processes))]!;
    await sleep(random.integer(1_000));
    process.signal('SIGKILL');
    await process.ended(5_000);
    return { what: process.name };
  },
};

const points = new Deck(crashPoints);

const killAtCrashPoints: Fault = {
  id: 'F1',
  title: 'kill -9 at two crash points at once',
  times: { smoke: 2, soak: 120 },
  async inject(world, random) {
    const first = draw(random);
    let second = draw(random);
    // A process dies at one point only.
    while (second.name === first.name) second = draw(random);
    // Waited for to the end whatever fails, so that none stays armed.
    const done = await Promise.allSettled(
      [first, second].map(({ point, name, pass }) => crashAt(world, point, name, pass)),
    );
    for (const one of done) if (one.status === 'rejected') throw one.reason;
    return { what: done.map((one) => (one.status === 'fulfilled' ? one.value.what : '')).join('; ') };
  },
};

function draw(random: Random): { point: CrashPoint; name: string; pass: number } {
  const point = points.draw(random);
  // A job is done by whichever process of a service comes first, and comes by seldom.
  const pass = point.startsWith('jobs.') ? 1 : 1 + random.integer(3);
  return { point, name: random.pick(passers[point]), pass };
}

/** Arms a service, waits until it has killed itself there, and starts it unarmed. @throws Error when it does not get there */
async function crashAt(world: World, point: CrashPoint, name: string, pass = 1): Promise<Injected> {
  const process = world.processes[name]!;
  await process.restart({ env: { PARADESK_CRASH_AT: `${point}:${pass}` } });
  const how = await process.ended(REACHED_WITHIN_MS);
  await process.restart({ kill: true });
  if (how !== 'SIGKILL') throw new Error(`${name} did not get to ${point} (${how ?? 'it runs on'})`);
  return { what: `${name} at ${point}, pass ${pass}` };
}

/** F1: a process goes away without a word, anywhere and exactly between two steps. */
export const killFaults: readonly Fault[] = [killAtRandom, killAtCrashPoints];
