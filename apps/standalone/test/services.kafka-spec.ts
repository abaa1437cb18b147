import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { topics } from '@paradesk/contracts';
import { ensureTopics } from '@paradesk/platform';
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Browser } from '../../gateway/test/browser.js';

const brokers = process.env['PARADESK_KAFKA'] ?? '';
const nodeFlags = ['--disable-warning=DeprecationWarning'];

/** The built program with a data folder of the test's own. */
const programOf = (entry: string): string[] => [...nodeFlags, `apps/standalone/dist/${entry}.js`];

describe('npm run services', () => {
  let folder: string;
  let env: NodeJS.ProcessEnv;
  let launcher: ChildProcess;
  let said = '';

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'paradesk-services-'));
    env = { ...process.env, PARADESK_DATA: folder, PORT: '0', KAFKA_BROKERS: brokers, LOG_LEVEL: 'fatal' };
    await ensureTopics(brokers.split(','), Object.values(topics));
    launcher = spawn(process.execPath, programOf('services'), { env, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [launcher.stdout, launcher.stderr]) stream?.on('data', (bytes) => (said += String(bytes)));
    await until(() => said.includes('Stop   Ctrl-C') || launcher.exitCode !== null, 120_000);
    expect(said).toContain('Paradesk is running');
  }, 180_000);

  afterAll(async () => {
    if (launcher.exitCode === null) launcher.kill('SIGTERM');
    rmSync(folder, { recursive: true, force: true });
  });

  /** Process id and URL of health and metrics. */
  function processOf(name: string): { pid: number; opsUrl: string } {
    const [, pid, opsUrl = ''] = new RegExp(`  ${name} +process (\\d+), .* (http://\\S+)`).exec(said) ?? [];
    return { pid: Number(pid), opsUrl };
  }

  const isReady = async (opsUrl: string) => (await fetch(`${opsUrl}/health/ready`).catch(() => undefined))?.ok === true;

  it('runs each service and the gateway in a process of its own', () => {
    const names = ['identity', 'assignment', 'billing', 'documents', 'communications', 'gateway'];
    const pids = names.map((name) => processOf(name).pid);
    expect(new Set([...pids, launcher.pid]).size).toBe(7);
    for (const pid of pids) expect(isAlive(pid)).toBe(true);
  });

  it('passes the demo as standalone does', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [...programOf('demo'), '--json'], { env });
    expect(JSON.parse(stdout)).toMatchObject({ ledgerBalanced: true, secondRunBilled: 0 });
  }, 120_000);

  it('lets people sign in, by a provider that outlives its services', async () => {
    const [, signIn = ''] = /Sign in +(http:\S+)/.exec(said) ?? [];
    const browser = new Browser();
    const { url: page } = await browser.open(signIn);
    const { url } = await browser.choose(page, 'bram-keller');
    expect(url).toBe(new URL('/docs', signIn).href);
    expect((await browser.send(new URL('/v1/timeEntries', signIn).href)).status).toBe(200);
  });

  it('starts a service again that was killed, where it was', async () => {
    const { pid, opsUrl } = processOf('billing');
    process.kill(pid, 'SIGKILL');
    await until(() => said.includes('billing ended (SIGKILL) and is started again'));
    await until(() => isReady(opsUrl), 60_000);
  }, 90_000);

  it('refuses a second start on its folder in one line', async () => {
    const second = await promisify(execFile)(process.execPath, programOf('services'), { env }).catch(
      (error: { code: number; stderr: string }) => error,
    );
    expect(second).toMatchObject({ code: 1, stderr: expect.stringMatching(/^Paradesk cannot start: .*in use.*\n$/) });
  }, 60_000);

  it('stops all of them on SIGTERM', async () => {
    const { pid } = processOf('identity');
    expect(readFileSync(join(folder, 'standalone.json'), 'utf8')).toContain(`"pid": ${launcher.pid}`);
    launcher.kill('SIGTERM');
    const [code] = await once(launcher, 'exit');
    expect(code).toBe(0);
    expect(isAlive(pid)).toBe(false);
  }, 60_000);
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function until(isSo: () => boolean | Promise<boolean>, timeoutMs = 15_000): Promise<void> {
  for (const end = performance.now() + timeoutMs; performance.now() < end; await sleep(50)) if (await isSo()) return;
  throw new Error(`it was not so within ${timeoutMs} ms: ${isSo.toString()}`);
}
