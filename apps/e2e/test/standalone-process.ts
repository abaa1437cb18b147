import type { StandaloneFile } from '@paradesk/standalone';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const programOf = (entry: 'main' | 'services') => join(root, `apps/standalone/dist/${entry}.js`);

/** How a process ended. */
export interface End {
  readonly code: number | null;
  readonly afterMs: number;
}

/** The system as `npm start` runs it: a process of its own, of the built files. */
export class StandaloneProcess {
  output = '';
  errors = '';
  private readonly child: ChildProcess;
  private readonly ended: Promise<unknown[]>;

  private constructor(
    readonly folder: string,
    env: Readonly<Record<string, string>>,
    entry: 'main' | 'services' = 'main',
  ) {
    const { PATH, HOME } = process.env;
    this.child = spawn(process.execPath, [programOf(entry)], {
      cwd: root,
      env: { PATH, HOME, PARADESK_DATA: folder, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout?.on('data', (text: Buffer) => (this.output += text.toString()));
    this.child.stderr?.on('data', (text: Buffer) => (this.errors += text.toString()));
    this.ended = once(this.child, 'close');
  }

  /**
   * Starts it, and waits until it serves.
   *
   * @param entry `services` runs each service as a process of its own, on KAFKA_BROKERS of `env`
   * @throws Error with what it said where it ends instead
   */
  static async start(
    folder: string,
    port: number,
    { env, entry }: { env?: Readonly<Record<string, string>>; entry?: 'main' | 'services' } = {},
  ): Promise<StandaloneProcess> {
    const system = new StandaloneProcess(folder, { PORT: String(port), ...env }, entry);
    const { child, ended } = system;
    const served = new Promise<void>((resolve) => {
      child.stdout?.on('data', () => system.output.includes('Ctrl-C') && resolve());
    });
    const came = await Promise.race([served.then(() => true), ended.then(() => false)]);
    if (came) return system;
    throw new Error(`standalone ended with ${child.exitCode}: ${system.errors}`);
  }

  /** Starts it where it cannot: what it said, and its exit code. */
  static async startInVain(
    folder: string,
    env: Readonly<Record<string, string>> = {},
  ): Promise<{ code: number | null; said: string }> {
    const system = new StandaloneProcess(folder, { PORT: '0', ...env });
    const timeout = setTimeout(() => system.child.kill('SIGKILL'), 50_000);
    await system.ended;
    clearTimeout(timeout);
    return { code: system.child.exitCode, said: system.output + system.errors };
  }

  /** What stands in standalone.json. */
  get file(): StandaloneFile {
    return JSON.parse(readFileSync(join(this.folder, 'standalone.json'), 'utf8')) as StandaloneFile;
  }

  /** Process id of its PostgreSQL. */
  get postgresPid(): number {
    return Number.parseInt(this.readCluster('data/postmaster.pid'), 10);
  }

  /** URL of a service's database as the superuser sees it: for looking, past row-level security. */
  databaseUrl(service: string): string {
    const port = this.readCluster('data/postmaster.pid').split('\n')[3];
    return `postgres://postgres:${this.readCluster('superuser-password').trim()}@127.0.0.1:${port}/paradesk_${service}`;
  }

  private readCluster(name: string): string {
    return readFileSync(join(this.folder, 'postgres/cluster', name), 'utf8');
  }

  /** Sends a signal and waits for the end. */
  async end(signal: NodeJS.Signals): Promise<End> {
    const from = performance.now();
    this.child.kill(signal);
    await this.ended;
    return { code: this.child.exitCode, afterMs: performance.now() - from };
  }
}

/** Builds the project, unless it was built. */
export function buildOnce(): void {
  if (!existsSync(programOf('main')))
    execFileSync('npx', ['nx', 'run-many', '-t', 'build'], { cwd: root, stdio: 'ignore' });
}
