import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { leashed } from '../leash.js';

/** What to run, and where it answers. */
export interface ProcessOptions {
  /** `billing`, `gateway`; `billing-2` for a second process of billing. */
  readonly name: string;
  /** The program: an app. */
  readonly app: string;
  readonly env: Readonly<Record<string, string>>;
  /** URL of its health and metrics. */
  readonly opsUrl: string;
  /** File that takes what it says; what it says is passed on by default. */
  readonly log?: string;
}

/** How to start a process anew. */
export interface Restart {
  /** Settings besides its own, until it is restarted again. */
  readonly env?: Readonly<Record<string, string>>;
  /** kill -9 instead of `SIGTERM`. */
  readonly kill?: boolean;
}

const READY_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 15_000;
const RESTART_AFTER_MS = 1_000;
const LOOK_EVERY_MS = 100;

/** A service, or the gateway, as a process of its own. When it ends unasked it is started again, as Kubernetes would. */
export class ServiceProcess {
  private child: ChildProcess | undefined;
  private running: Promise<void> | undefined;
  private stopping = false;
  /** Its end was asked for: it is started anew at once. */
  private restarting = false;
  private extraEnv: Readonly<Record<string, string>> = {};

  constructor(private readonly options: ProcessOptions) {}

  get name(): string {
    return this.options.name;
  }

  get opsUrl(): string {
    return this.options.opsUrl;
  }

  /** Of the process that runs at present. */
  get pid(): number | undefined {
    return this.child?.pid;
  }

  /** Resolves when it serves. @throws Error in one line when it ended instead, and has said why on standard error */
  async start(): Promise<void> {
    this.stopping = false;
    this.extraEnv = {};
    const child = this.launch();
    this.running = this.keepRunning(child);
    if (await this.servesOrEnds(child)) return;
    this.stopping = true;
    throw new Error(`${this.name} did not start`);
  }

  /** Ends it and starts it anew; resolves when it serves, or has ended again. */
  async restart({ env = {}, kill = false }: Restart = {}): Promise<void> {
    const { child: old } = this;
    this.extraEnv = env;
    this.restarting = true;
    if (old && !hasEnded(old)) await end(old, kill ? ['SIGKILL'] : ['SIGTERM', 'SIGKILL']);
    while (this.child === old) await sleep(LOOK_EVERY_MS);
    if (this.child) await this.servesOrEnds(this.child);
  }

  /** Lets it end what is under way, and starts it no more. */
  async stop(): Promise<void> {
    this.stopping = true;
    const { child } = this;
    if (child && !hasEnded(child)) await end(child, ['SIGTERM', 'SIGKILL']);
    await this.running;
  }

  signal(signal: NodeJS.Signals): void {
    this.child?.kill(signal);
  }

  /** Resolves with the exit code or signal of the process that runs now, with `undefined` when it still runs after `withinMs`. */
  async ended(withinMs: number): Promise<string | undefined> {
    const { child } = this;
    if (!child) return undefined;
    if (!hasEnded(child)) await Promise.race([once(child, 'exit'), sleep(withinMs, undefined, { ref: false })]);
    return hasEnded(child) ? endOf(child) : undefined;
  }

  /** Whether it can take calls at present. */
  async isReady(): Promise<boolean> {
    try {
      const answer = await fetch(`${this.opsUrl}/health/ready`, { signal: AbortSignal.timeout(3_000) });
      await answer.arrayBuffer();
      return answer.ok;
    } catch {
      return false;
    }
  }

  private async servesOrEnds(child: ChildProcess): Promise<boolean> {
    const deadline = performance.now() + READY_TIMEOUT_MS;
    while (!(await this.isReady())) {
      if (hasEnded(child)) return false;
      if (performance.now() > deadline) throw new Error(`${this.name} is not ready after ${READY_TIMEOUT_MS / 1000} s`);
      await sleep(LOOK_EVERY_MS);
    }
    return true;
  }

  private launch(): ChildProcess {
    const { app, env, log } = this.options;
    const main = fileURLToPath(new URL(`../../../${app}/dist/main.js`, import.meta.url));
    const output = log === undefined ? 'inherit' : openSync(log, 'a');
    // In a group of its own: Ctrl-C reaches it through us, who stop all in order.
    this.child = spawn(...leashed(process.execPath, [...process.execArgv, main]), {
      env: { ...process.env, ...env, ...this.extraEnv },
      stdio: ['ignore', output, output],
      detached: true,
    });
    if (typeof output === 'number') closeSync(output);
    return this.child;
  }

  private async keepRunning(first: ChildProcess): Promise<void> {
    for (let child = first; ; child = this.launch()) {
      if (!hasEnded(child)) await once(child, 'exit');
      if (!this.stopping && !this.restarting) await this.pause(child);
      if (this.stopping) return;
      this.restarting = false;
    }
  }

  private async pause(child: ChildProcess): Promise<void> {
    if (this.options.log === undefined) console.error(`${this.name} ended (${endOf(child)}) and is started again`);
    for (const until = performance.now() + RESTART_AFTER_MS; performance.now() < until; await sleep(LOOK_EVERY_MS))
      if (this.stopping || this.restarting) return;
  }
}

/** Each signal gets some seconds; the last one is not refused. */
async function end(child: ChildProcess, signals: readonly NodeJS.Signals[]): Promise<void> {
  const exited = once(child, 'exit').then(() => true);
  for (const signal of signals) {
    child.kill(signal);
    // One that was stopped hears no SIGTERM before it goes on.
    child.kill('SIGCONT');
    if (await Promise.race([exited, sleep(STOP_TIMEOUT_MS, false, { ref: false })])) return;
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

function endOf(child: ChildProcess): string {
  return child.signalCode ?? `code ${child.exitCode}`;
}
