import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { printTable, quantile } from '../bench/figures.js';
import { allFaults } from './all-faults.js';
import type { Fault, Programme } from './fault.js';
import { seededRandom } from './random.js';
import { runFault, type FaultResult } from './run-fault.js';
import { RunningWorld } from './world.js';

const usage = 'npm run faults -- --smoke | --soak | --only F4[,F5] [--times 3] [--seed 7] [--rate 40] [--keep]';

/** What the command line asks for. */
interface Asked {
  readonly programme: Programme;
  readonly faults: readonly Fault[];
  readonly times: number | undefined;
  readonly seed: number;
  readonly rate: number;
  readonly keep: boolean;
}

const startedAtMs = performance.now();

// Below the 8 and 60 minutes that the programmes may take: what has begun ends, and the last check comes behind it.
const REPEATS_WITHIN_MS: Readonly<Record<Programme, number>> = { smoke: 60_000, soak: 54 * 60_000 };

function say(line: string): void {
  const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(0).padStart(4);
  console.log(`${seconds} s  ${line}`);
}

function read(): Asked {
  const { values } = parseArgs({
    options: {
      smoke: { type: 'boolean' },
      soak: { type: 'boolean' },
      only: { type: 'string' },
      times: { type: 'string' },
      seed: { type: 'string', default: '1' },
      rate: { type: 'string', default: '40' },
      keep: { type: 'boolean', default: false },
    },
  });
  const ids = values.only?.split(',').map((id) => id.toUpperCase());
  const faults = allFaults.filter(({ id }) => !ids || ids.includes(id));
  const [seed, rate] = [Number(values.seed), Number(values.rate)];
  const times = values.times === undefined ? undefined : Number(values.times);
  const numbers = [seed, rate, times ?? 1];
  const isAsked = values.smoke || values.soak || ids;
  if (!isAsked || faults.length === 0 || numbers.some((one) => !Number.isInteger(one) || one < 1))
    throw new Error(usage);
  return { programme: values.soak ? 'soak' : 'smoke', faults, times, seed, rate, keep: values.keep };
}

async function run(asked: Asked, folder: string): Promise<readonly FaultResult[]> {
  const random = seededRandom(asked.seed);
  const run = `faults-${asked.seed}`;
  say(`starting Kafka, PostgreSQL and the processes (logs in ${join(folder, 'logs')})`);
  const world = await RunningWorld.start(
    { folder, programme: asked.programme, random: seededRandom(asked.seed + 1), rate: asked.rate },
    run,
  );
  const stop = () => void world.stop().finally(() => process.exit(130));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);
  try {
    say(`the load runs: ${asked.rate} calls a second, seed ${asked.seed}`);
    const still = { world, random, run, say, poisoned: new Set<string>(), known: new Map<string, number>() };
    const results: FaultResult[] = [];
    for (const [index, fault] of asked.faults.entries()) {
      const times = asked.times ?? fault.times[asked.programme];
      const untilMs = asked.times ? Infinity : mayTakeUntilMs(asked.programme, asked.faults.length - index);
      const checkEach = asked.programme === 'soak';
      results.push(await runFault(fault, { ...still, times, untilMs, checkEach }));
    }
    report(world);
    return results;
  } finally {
    await world.stop();
  }
}

/** The smoke repeats faults as long as there is time; the soak has more to do than time, and shares it out among those that are left. */
function mayTakeUntilMs(programme: Programme, left: number): number {
  const nowMs = performance.now();
  const endMs = startedAtMs + REPEATS_WITHIN_MS[programme];
  return programme === 'smoke' ? endMs : nowMs + (endMs - nowMs) / left;
}

function report({ load: { journal } }: RunningWorld): void {
  const { entries, refusals, unknownAnswers, answersLookedThrough, foreignQuestions } = journal;
  const done = entries.filter(({ outcome }) => outcome === 'done').length;
  say(`${entries.length} commands: ${done} done, ${entries.length - done} not`);
  say(`${answersLookedThrough} answers looked through, ${foreignQuestions} questions about others' rows`);
  say(`refusals: ${mostOf(refusals)}`);
  say(`neither yes nor no: ${mostOf(unknownAnswers)}`);
}

function mostOf(counts: ReadonlyMap<string, number>): string {
  const most = [...counts].sort(([, a], [, b]) => b - a).slice(0, 8);
  return most.map(([what, times]) => `${times} ${what}`).join(', ') || 'none';
}

/** Results by the number of the fault, as the programme counts them. */
function byId(results: readonly FaultResult[]): FaultResult[] {
  return [...Map.groupBy(results, ({ id }) => id)].map(([id, of]) => ({
    id,
    title: of.map(({ title }) => title).join('; '),
    injected: of.reduce((sum, { injected }) => sum + injected, 0),
    survived: of.reduce((sum, { survived }) => sum + survived, 0),
    recoveriesMs: of.flatMap(({ recoveriesMs }) => recoveriesMs),
    broken: of.flatMap(({ broken }) => broken),
  }));
}

function printResults(results: readonly FaultResult[], { seed }: Asked): void {
  const seconds = (ms: number) => (Number.isNaN(ms) ? '-' : (ms / 1000).toFixed(1));
  printTable(
    ['fault', 'injected', 'survived', 'recovery p50 s', 'max s'],
    results.map(({ id, title, injected, survived, recoveriesMs }) => [
      `${id} ${title}`,
      injected,
      survived,
      seconds(quantile(recoveriesMs, 0.5)),
      seconds(quantile(recoveriesMs, 1)),
    ]),
  );
  for (const { id, broken } of results) {
    for (const line of broken) console.log(`${id} broke (npm run faults -- --only ${id} --seed ${seed}): ${line}`);
  }
  const whole = (ms: number) => (Number.isNaN(ms) ? null : Math.round(ms));
  const faults = byId(results).map(({ id, injected, survived, recoveriesMs }) => ({
    id,
    injected,
    survived,
    recoveryP50Ms: whole(quantile(recoveriesMs, 0.5)),
    recoveryMaxMs: whole(quantile(recoveriesMs, 1)),
  }));
  const failed = faults.reduce((sum, { injected, survived }) => sum + injected - survived, 0);
  console.log(JSON.stringify({ faults, seed, failed }));
  process.exitCode = failed === 0 ? 0 : 1;
}

const folder = mkdtempSync(join(tmpdir(), 'paradesk-faults-'));
let keep = false;
try {
  const asked = read();
  ({ keep } = asked);
  printResults(await run(asked, folder), asked);
} catch (error) {
  console.error(`faults: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
} finally {
  if (!keep) rmSync(folder, { recursive: true, force: true });
}
process.exit();
