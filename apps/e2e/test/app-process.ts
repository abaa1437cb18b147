import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** What a process that could not start said, and its exit code. */
export interface Refusal {
  readonly code: number | null;
  readonly said: string;
}

/** One service, or the gateway, as a process of its own, of the built files, with nothing but the settings given. */
export class AppProcess {
  private said = '';
  private readonly child: ChildProcess;
  private readonly closed: Promise<unknown>;

  private constructor(
    app: string,
    private readonly env: Readonly<Record<string, string>>,
  ) {
    this.child = spawn(process.execPath, [`${root}apps/${app}/dist/main.js`], {
      cwd: root,
      env: { PATH: process.env['PATH'], ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.child.stdout, this.child.stderr])
      stream?.on('data', (text: Buffer) => (this.said += text.toString()));
    this.closed = once(this.child, 'close');
  }

  /** Starts it, and waits until it is ready. @throws Error with what it said where it ends instead */
  static async start(app: string, env: Readonly<Record<string, string>>): Promise<AppProcess> {
    const started = new AppProcess(app, env);
    await until(async () => started.child.exitCode !== null || (await started.health('ready')) === 200, 60_000);
    if (started.child.exitCode !== null) throw new Error(`${app} ended: ${started.said}`);
    return started;
  }

  /** Starts it where it cannot. */
  static async startInVain(app: string, env: Readonly<Record<string, string>>): Promise<Refusal> {
    const started = new AppProcess(app, env);
    const timeout = setTimeout(() => started.child.kill('SIGKILL'), 50_000);
    await started.closed;
    clearTimeout(timeout);
    return { code: started.child.exitCode, said: started.said };
  }

  /** What it said on both outputs. */
  get output(): string {
    return this.said;
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Status of /health/live or /health/ready; 0 where nobody answers. */
  async health(of: 'live' | 'ready'): Promise<number> {
    const answer = await fetch(`http://${this.env['OPS_ADDRESS']}/health/${of}`).catch(() => undefined);
    await answer?.arrayBuffer();
    return answer?.status ?? 0;
  }

  async stop(): Promise<void> {
    if (this.isRunning) this.child.kill('SIGTERM');
    await this.closed;
  }
}

/** `127.0.0.1:port` where nobody listened a moment ago. */
export async function freeAddress(): Promise<string> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  await once(probe.close(), 'close');
  return `127.0.0.1:${port}`;
}

/** Waits for something. @throws Error when it has not come about in time */
export async function until(isSo: () => boolean | Promise<boolean>, timeoutMs = 30_000): Promise<void> {
  for (const end = performance.now() + timeoutMs; performance.now() < end;) {
    if (await isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`it was not so within ${timeoutMs} ms: ${isSo.toString()}`);
}
