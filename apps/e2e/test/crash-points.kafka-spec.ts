import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { crashPoints } from '@paradesk/platform';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crashAt, passers } from '../src/faults/f01-kill.js';
import { seededRandom } from '../src/faults/random.js';
import { RunningWorld } from '../src/faults/world.js';

/** Every point has a call site that running services come by: one that nobody passes would be a fault that is never injected. */
describe('crash points', () => {
  let folder: string;
  let world: RunningWorld;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'paradesk-crash-points-'));
    world = await RunningWorld.start({ folder, programme: 'smoke', random: seededRandom(1), rate: 30 }, 'crash-points');
    world.setLoad(1);
  }, 180_000);

  afterAll(async () => {
    await world.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  it.each(crashPoints)(
    'kill the service that passes %s, and it serves again',
    async (point) => {
      const [name = ''] = passers[point];
      await expect(crashAt(world, point, name)).resolves.toEqual({ what: `${name} at ${point}, pass 1` });
      expect(await world.processes[name]!.isReady()).toBe(true);
    },
    120_000,
  );
});
