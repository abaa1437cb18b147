import { DomainError } from '@paradesk/kernel';
import { ObjectStorage } from '@paradesk/platform';
import { createSecretKey, randomBytes, randomUUID } from 'node:crypto';
import { createReadStream, mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median, printTable, rounded } from './figures.js';

const PART_BYTES = 1024 * 1024;
const PARTS = 128;
const ROUNDS = 7;
const scope = { tenantId: randomUUID(), kind: 'matter', id: randomUUID() } as const;

// The key is at hand, as it is for five minutes after its first use: what is measured is the content.
const key = createSecretKey(randomBytes(32));
const keys = {
  keyFor: async () => key,
  knownKey: async () => key,
  erase: () => Promise.reject(new DomainError('refused', 'NOT_MEASURED', 'nothing is erased here')),
};

/** Storing and reading a file of 128 MiB in a folder: through `ObjectStorage`, and the same in clear. */
export async function measure(): Promise<Record<string, number>> {
  const folder = mkdtempSync(join(tmpdir(), 'paradesk-bench-'));
  try {
    const storage = ObjectStorage.open(`folder:${folder}`, keys);
    const path = join(folder, 'clear');
    const ways = {
      'put, clear': () => putClear(path),
      'put, encrypted': () => storage.put('file', content(), { scope }),
      'get, clear': () => drain(createReadStream(path, { highWaterMark: 64 * 1024 })),
      'get, encrypted': async () => drain(await storage.get('file', scope)),
    };
    const speeds = new Map(Object.keys(ways).map((name) => [name, [] as number[]]));
    // In turns, so that whatever else the machine does slows all of them down alike; the first round warms up.
    const turns = Array.from({ length: ROUNDS + 1 }, () => Object.entries(ways)).flat();
    for (const [name, way] of turns) speeds.get(name)?.push(await speedOf(way));
    for (const measured of speeds.values()) measured.shift();
    const [putClearly, put, getClearly, get] = [...speeds.values()].map(median) as [number, number, number, number];
    printTable(
      ['MB/s', 'clear', 'encrypted'],
      [
        ['put', rounded(putClearly, 0), rounded(put, 0)],
        ['get', rounded(getClearly, 0), rounded(get, 0)],
      ],
    );
    return {
      putMBps: rounded(put, 0),
      getMBps: rounded(get, 0),
      putRatio: rounded(put / putClearly),
      getRatio: rounded(get / getClearly),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function speedOf(way: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await way();
  return (PARTS * PART_BYTES) / 1e6 / ((performance.now() - start) / 1000);
}

async function* content(): AsyncIterable<Uint8Array> {
  const part = randomBytes(PART_BYTES);
  for (let count = 0; count < PARTS; count++) yield part;
}

// As the folder stores an object, whole and safe on the disk.
async function putClear(path: string): Promise<void> {
  const file = await open(path, 'w');
  for await (const part of content()) await file.writeFile(part);
  await file.sync();
  await file.close();
}

async function drain(stream: AsyncIterable<Uint8Array>): Promise<void> {
  let bytes = 0;
  for await (const part of stream) bytes += part.byteLength;
  if (bytes !== PARTS * PART_BYTES) throw new Error(`${bytes} bytes came back`);
}
