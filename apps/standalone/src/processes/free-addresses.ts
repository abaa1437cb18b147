import { once } from 'node:events';
import { createServer } from 'node:net';

// Below the ports that systems give to whoever asks for any (Linux from 32768, macOS from 49152): there a connection of anybody's could
// take the port of a process while it is started again.
const [FROM, BELOW] = [20_000, 32_000];
const BLOCK = 60;

// Where several programs look at once each begins elsewhere, and none is given a port again.
let next = FROM + ((process.pid * BLOCK) % (BELOW - FROM));

/**
 * Addresses that nobody had a moment ago: a process that is started again must be found where it was, so it cannot choose one itself.
 *
 * @throws Error where no port is free
 */
export async function freeAddresses<K extends string>(names: readonly K[]): Promise<Record<K, string>> {
  const found: [K, string][] = [];
  for (const name of names) found.push([name, `127.0.0.1:${await freePortBelow()}`]);
  return Object.fromEntries(found) as Record<K, string>;
}

async function freePortBelow(): Promise<number> {
  for (let tries = FROM; tries < BELOW; tries++) {
    const port = next;
    next = next + 1 < BELOW ? next + 1 : FROM;
    if (await isFree(port)) return port;
  }
  throw new Error(`no port from ${FROM} to ${BELOW - 1} of 127.0.0.1 is free`);
}

async function isFree(port: number): Promise<boolean> {
  const probe = createServer().listen(port, '127.0.0.1');
  try {
    await once(probe, 'listening');
  } catch {
    return false;
  }
  await once(probe.close(), 'close');
  return true;
}
