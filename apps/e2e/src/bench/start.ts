import type { StandaloneFile } from '@paradesk/standalone';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { median, printTable, rounded } from './figures.js';
import { proportionalMb } from './resident-memory.js';

const RUNS = 3;
const READY_TIMEOUT_MS = 90_000;
const STOP_TIMEOUT_MS = 20_000;
const IDLE_MS = 20_000;
const projectFolder = fileURLToPath(new URL('../../../../', import.meta.url));

type Command = readonly [string, ...string[]];

// What the issue counts from, with the check that everything is built; and what of it is our own process.
const npmStart: Command = ['npm', 'start'];
const builtMain: Command = [process.execPath, '--disable-warning=DeprecationWarning', 'apps/standalone/dist/main.js'];

/** A system that a command has started, in a folder of its own. */
class StartedSystem {
  private constructor(
    private readonly child: ChildProcess,
    private readonly folder: string,
    readonly readyMs: number,
  ) {}

  /** Runs the command, and waits until standalone.json is written and the API answers. */
  static async start([command, ...args]: Command, folder: string): Promise<StartedSystem> {
    const startedAt = performance.now();
    const startedAtEpoch = Date.now();
    const child = spawn(command, args, {
      cwd: projectFolder,
      env: { ...process.env, PARADESK_DATA: folder, PORT: '0' },
      stdio: ['ignore', 'ignore', 'inherit'],
      // A group of its own, so that a start that hangs can be ended with all that it started.
      detached: true,
    });
    while (!(await isReady(folder, startedAtEpoch))) {
      if (child.exitCode !== null) throw new Error(`${command} ended with ${child.exitCode} before it was ready`);
      if (performance.now() - startedAt > READY_TIMEOUT_MS) {
        process.kill(-child.pid!, 'SIGKILL');
        throw new Error(`not ready within ${READY_TIMEOUT_MS} ms`);
      }
      await sleep(20);
    }
    return new StartedSystem(child, folder, performance.now() - startedAt);
  }

  /** Memory of the process and its PostgreSQL, after a while without work and after the demo, whichever is more. */
  async memory(): Promise<{ idleMb: number; afterDemoMb: number }> {
    const { pid } = standaloneFile(this.folder);
    await sleep(IDLE_MS);
    const idleMb = proportionalMb(pid);
    const demo = spawn(process.execPath, ['apps/standalone/dist/demo.js', '--json'], {
      cwd: projectFolder,
      env: { ...process.env, PARADESK_DATA: this.folder },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const [code] = (await once(demo, 'exit')) as [number];
    if (code !== 0) throw new Error(`the demo ended with ${code}`);
    return { idleMb, afterDemoMb: proportionalMb(pid) };
  }

  /** Ends the system itself: npm hands no signal on to what it started. */
  async stop(): Promise<void> {
    const ended = once(this.child, 'exit');
    process.kill(standaloneFile(this.folder).pid, 'SIGTERM');
    const inTime = await Promise.race([ended.then(() => true), sleep(STOP_TIMEOUT_MS, false)]);
    if (!inTime) throw new Error(`the system did not end within ${STOP_TIMEOUT_MS} ms`);
  }
}

function standaloneFile(folder: string): StandaloneFile {
  return JSON.parse(readFileSync(join(folder, 'standalone.json'), 'utf8')) as StandaloneFile;
}

// The file of an earlier start stays where it was.
async function isReady(folder: string, sinceEpochMs: number): Promise<boolean> {
  const written = statSync(join(folder, 'standalone.json'), { throwIfNoEntry: false });
  if (!written || written.mtimeMs < sinceEpochMs) return false;
  return fetch(standaloneFile(folder).openapi).then(
    ({ ok }) => ok,
    () => false,
  );
}

interface Times {
  readonly cold: number[];
  readonly warm: number[];
}

/** Starts on an empty folder (initdb, migrations, demo data) and once more on what that left. */
async function coldAndWarm(
  command: Command,
  times: Times,
  look?: (system: StartedSystem) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'paradesk-bench-'));
  try {
    const cold = await StartedSystem.start(command, folder);
    times.cold.push(cold.readyMs);
    await cold.stop();
    const warm = await StartedSystem.start(command, folder);
    times.warm.push(warm.readyMs);
    await look?.(warm).catch(async (error: unknown) => {
      await warm.stop();
      throw error;
    });
    await warm.stop();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Time from the command to ready, cold and warm, and the memory of the whole system. */
export async function measure(): Promise<{ coldMs: number; warmMs: number; residentMb: number }> {
  const npm: Times = { cold: [], warm: [] };
  const own: Times = { cold: [], warm: [] };
  let memory = { idleMb: NaN, afterDemoMb: NaN };
  // The first one finds programs and files on the disk, not in its cache: not counted.
  await coldAndWarm(npmStart, { cold: [], warm: [] });
  for (let run = 1; run <= RUNS; run++) {
    await coldAndWarm(builtMain, own);
    await coldAndWarm(npmStart, npm, async (system) => {
      if (run === RUNS) memory = await system.memory();
    });
  }
  const ms = (values: readonly number[]) => Math.round(median(values));
  const all = (values: readonly number[]) => values.map((value) => Math.round(value)).join(' ');
  printTable(
    ['start to ready, ms', 'median', 'runs'],
    [
      ['npm start, cold', ms(npm.cold), all(npm.cold)],
      ['npm start, warm', ms(npm.warm), all(npm.warm)],
      ['node main.js, cold', ms(own.cold), all(own.cold)],
      ['node main.js, warm', ms(own.warm), all(own.warm)],
    ],
  );
  console.log(
    `memory (PSS, node and PostgreSQL): ${rounded(memory.idleMb, 0)} MB idle, ${rounded(memory.afterDemoMb, 0)} MB after the demo`,
  );
  const residentMb = Math.round(Math.max(memory.idleMb, memory.afterDemoMb));
  return { coldMs: ms(npm.cold), warmMs: ms(npm.warm), residentMb };
}
