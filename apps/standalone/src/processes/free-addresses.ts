import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';

/**
 * Addresses that nobody had a moment ago: a process that is started again must be found where it was, so it cannot choose one itself.
 */
export async function freeAddresses<K extends string>(names: readonly K[]): Promise<Record<K, string>> {
  const probes = names.map(() => createServer().listen(0, '127.0.0.1'));
  await Promise.all(probes.map((probe) => probe.listening || once(probe, 'listening')));
  const ports = probes.map((probe) => (probe.address() as AddressInfo).port);
  await Promise.all(probes.map((probe) => once(probe.close(), 'close')));
  return Object.fromEntries(names.map((name, index) => [name, `127.0.0.1:${ports[index]}`])) as Record<K, string>;
}
