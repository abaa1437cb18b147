import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault, Random } from './fault.js';
import type { Facts } from './facts.js';
import { gatherFacts } from './gather-facts.js';
import { violationsIn, type Violation } from './invariants.js';
import { hastenJobs, jobsIn, pendingIn, type Pending, type PendingJobs } from './system-state.js';
import type { RunningWorld } from './world.js';

/** What came of a fault. */
export interface FaultResult {
  readonly id: string;
  readonly title: string;
  readonly injected: number;
  /** Injections after which every invariant that was checked held. */
  readonly survived: number;
  readonly recoveriesMs: readonly number[];
  /** What broke, a line each. */
  readonly broken: readonly string[];
}

/** How to run a fault. */
export interface FaultRun {
  readonly world: RunningWorld;
  readonly random: Random;
  /** Part of every idempotency key. */
  readonly run: string;
  readonly times: number;
  /** By `performance.now()`: from then on it is not injected again, but once in any case. */
  readonly untilMs: number;
  /** Check the invariants after each injection, not only after the last. */
  readonly checkEach: boolean;
  /** Aggregates with forged events, of all faults so far. */
  readonly poisoned: Set<string>;
  /** How many violations of each kind earlier faults left: a later fault answers only for more of them. */
  readonly known: Map<string, number>;
  readonly say: (line: string) => void;
}

/** How long the load runs before an injection and behind it. */
const BEFORE_MS = 1_500;
const RECOVERY_GIVEN_UP_MS = 180_000;
const JOBS_GIVEN_UP_MS = 150_000;
const LOOK_EVERY_MS = 250;

/** Injects a fault some times, waits after each until the system has recovered, and checks the invariants. */
export async function runFault(fault: Fault, run: FaultRun): Promise<FaultResult> {
  const { world, times, untilMs, checkEach, say } = run;
  const recoveriesMs: number[] = [];
  const broken: string[] = [];
  let injected = 0;
  let survived = 0;
  // Recovered from, and not yet looked into.
  let unchecked = 0;
  const report = (lines: readonly string[]): void => {
    for (const line of lines) say(`${fault.id} BROKEN ${line}`);
    broken.push(...lines);
  };
  for (let isLast = false; !isLast;) {
    injected += 1;
    try {
      const { what, ms } = await injectOnce(fault, run);
      recoveriesMs.push(ms);
      unchecked += 1;
      say(`${fault.id} ${injected}/${times} ${what}: recovered in ${(ms / 1000).toFixed(1)} s`);
    } catch (error) {
      report([messageOf(error)]);
    }
    isLast = injected === times || performance.now() > untilMs;
    if (!checkEach && !isLast) continue;
    const violations = await violationsAtRest(run, Math.max(0, ...recoveriesMs)).catch((error) => [messageOf(error)]);
    report(violations);
    if (violations.length === 0) survived += unchecked;
    unchecked = 0;
  }
  world.setLoad(0);
  return { id: fault.id, title: fault.title, injected, survived, recoveriesMs, broken };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function injectOnce(fault: Fault, { world, random, poisoned }: FaultRun): Promise<{ what: string; ms: number }> {
  world.setLoad(1);
  await sleep(BEFORE_MS);
  const { what, poisoned: forged = [] } = await fault.inject(world, random);
  for (const aggregateId of forged) poisoned.add(aggregateId);
  const healedAtMs = performance.now();
  world.setLoad(0);
  await world.load.idle();
  await untilRecovered(world);
  return { what, ms: performance.now() - healedAtMs };
}

/** @throws Error in one line that says what is still to do after three minutes */
async function untilRecovered(world: RunningWorld): Promise<Pending> {
  const giveUpAtMs = performance.now() + RECOVERY_GIVEN_UP_MS;
  for (let last = 'nothing answers'; ; await sleep(LOOK_EVERY_MS)) {
    try {
      const pending = await pendingIn(world, world.consumes);
      if (pending.notReady.length === 0 && pending.unpublished === 0 && pending.lag === 0) return pending;
      last = JSON.stringify(pending);
    } catch (error) {
      last = messageOf(error);
    }
    if (performance.now() > giveUpAtMs) throw new Error(`not recovered in ${RECOVERY_GIVEN_UP_MS / 1000} s: ${last}`);
  }
}

/** Jobs of a killed process are given back after a sweep or two. */
async function untilJobsDone(world: RunningWorld): Promise<PendingJobs> {
  for (const giveUpAtMs = performance.now() + JOBS_GIVEN_UP_MS; ; await sleep(LOOK_EVERY_MS)) {
    await hastenJobs(world);
    const jobs = await jobsIn(world);
    if (jobs.waiting === 0 || performance.now() > giveUpAtMs) return jobs;
  }
}

/** Checks all invariants at rest: nothing is under way any more, and all approved work has been billed. */
async function violationsAtRest(run: FaultRun, recoveryMs: number): Promise<string[]> {
  run.world.setLoad(0);
  await run.world.load.idle();
  const violations = violationsIn(await factsAtRest(run, recoveryMs), run.poisoned);
  const isNew = ({ invariant, what, count }: Violation) => count > (run.known.get(`${invariant} ${what}`) ?? 0);
  const found = violations.filter(isNew);
  for (const { invariant, what, count } of found) run.known.set(`${invariant} ${what}`, count);
  return found.map(({ invariant, count, what, examples }) => `${invariant}: ${count} ${what} (${examples.join('; ')})`);
}

async function factsAtRest({ world, run }: FaultRun, recoveryMs: number): Promise<Facts> {
  await world.load.billRest();
  // Jobs make events and events make jobs: both are done when nothing was left of either in turn.
  await untilRecovered(world);
  const jobs = await untilJobsDone(world);
  const { lag, notReady } = await untilRecovered(world);
  return gatherFacts({
    world,
    journal: world.load.journal,
    tenantIds: world.tenants.map(({ id }) => id),
    run,
    consumes: world.consumes,
    audited: world.audited,
    records: await world.reader.records(),
    standing: { lag, notReady, recoveryMs, waitingJobs: jobs.waiting, failedJobs: jobs.failed },
  });
}
