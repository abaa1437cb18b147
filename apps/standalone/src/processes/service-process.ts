import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { leashed } from '../leash.js';

/** What to run, and where it answers. */
export interface ProcessOptions {
  /** An app: `billing`, `gateway`. */
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
  /** URL of its health and metrics. */
  readonly opsUrl: string;
}

const READY_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 15_000;
const RESTART_AFTER_MS = 1_000;

/** A service, or the gateway, as a process of its own. When it ends unasked it is started again, as Kubernetes would. */
export class ServiceProcess {
  private child: ChildProcess | undefined;
  private stopping = false;

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
    const child = this.launch();
    const deadline = performance.now() + READY_TIMEOUT_MS;
    while (!(await this.isReady())) {
      if (hasEnded(child)) throw new Error(`${this.name} did not start`);
      if (performance.now() > deadline) throw new Error(`${this.name} is not ready after ${READY_TIMEOUT_MS / 1000} s`);
      await sleep(100);
    }
    void this.keepRunning(child);
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

  /** Lets it end what is under way, and starts it no more. */
  async stop(): Promise<void> {
    this.stopping = true;
    const { child } = this;
    if (!child || hasEnded(child)) return;
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    if (await Promise.race([exited, sleep(STOP_TIMEOUT_MS, undefined, { ref: false })])) return;
    child.kill('SIGKILL');
    await exited;
  }

  private launch(): ChildProcess {
    const main = fileURLToPath(new URL(`../../../${this.name}/dist/main.js`, import.meta.url));
    const env = { ...process.env, ...this.options.env };
    // In a group of its own: Ctrl-C reaches it through us, who stop all in order.
    this.child = spawn(...leashed(process.execPath, [...process.execArgv, main]), {
      env,
      stdio: ['ignore', 'inherit', 'inherit'],
      detached: true,
    });
    return this.child;
  }

  private async keepRunning(first: ChildProcess): Promise<void> {
    for (let child = first; ; child = this.launch()) {
      if (!hasEnded(child)) await once(child, 'exit');
      if (this.stopping) return;
      console.error(`${this.name} ended (${child.signalCode ?? `code ${child.exitCode}`}) and is started again`);
      await sleep(RESTART_AFTER_MS);
      if (this.stopping) return;
    }
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
