import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startBroker } from './broker.js';

// Runs a command with PARADESK_KAFKA set to a fresh broker, which ends with it:
//   node with-kafka.js <program> <argument>...
const [program, ...args] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'paradesk-kafka-'));
const interrupted = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => interrupted.abort());

try {
  if (program === undefined) throw new Error('name the command to run');
  process.exitCode = await runWithKafka(program);
} catch (error) {
  console.error(`kafka: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function runWithKafka(command: string): Promise<number> {
  const broker = await startBroker({ folder, cache: '.tools/kafka', port: await freePort() });
  try {
    if (interrupted.signal.aborted) return 130;
    const env = { ...process.env, PARADESK_KAFKA: broker.brokers };
    const child = spawn(command, args, { stdio: 'inherit', env });
    interrupted.signal.addEventListener('abort', () => child.kill('SIGTERM'));
    const [code] = (await once(child, 'exit')) as [number | null];
    return code ?? 1;
  } finally {
    await broker.stop();
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
