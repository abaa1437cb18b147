import { createHash, createSecretKey, randomBytes, randomUUID } from 'node:crypto';
import { copyFile, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DomainError } from '@paradesk/kernel';
import { CHUNK_BYTES } from '../encryption/sealed-chunks.js';
import type { KeyScope } from '../encryption/encryption-keys.js';
import { ObjectStorage } from './object-storage.js';

const MEBIBYTE = 1024 * 1024;
const tenantId = randomUUID();
const scope: KeyScope = { tenantId, kind: 'matter', id: randomUUID() };
const other: KeyScope = { tenantId, kind: 'matter', id: randomUUID() };

/** Keys of scopes without a database. */
const dataKeys = new Map<string, ReturnType<typeof createSecretKey>>();
const keys = {
  keyFor: async ({ id }: KeyScope) => {
    const key = dataKeys.get(id) ?? createSecretKey(randomBytes(32));
    dataKeys.set(id, key);
    return key;
  },
  knownKey: async ({ id }: KeyScope) => dataKeys.get(id),
  erase: async () => {
    throw new DomainError('refused', 'NO_DATABASE', 'there is no database here');
  },
};

async function bytesOf(content: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of content) parts.push(part);
  return Buffer.concat(parts);
}

async function* parts(count: number, bytes: number): AsyncIterable<Uint8Array> {
  for (let part = 0; part < count; part++) yield Buffer.alloc(bytes, part);
}

function sha256(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/** What every kind of storage keeps to. */
function describeStorage(name: string, open: () => Promise<ObjectStorage>): void {
  describe(`object storage in ${name}`, () => {
    let storage: ObjectStorage;
    beforeAll(async () => void (storage = await open()));
    const aKey = () => `test/${randomUUID()}.bin`;

    it('gives back what was put', async () => {
      const key = aKey();
      await storage.put(key, Buffer.from('deposition'), { scope });
      expect((await bytesOf(await storage.get(key, scope))).toString()).toBe('deposition');
      expect(await storage.exists(key, scope)).toBe(true);
    });

    it('keeps an object without a byte', async () => {
      const key = aKey();
      await storage.put(key, new Uint8Array(), { scope });
      expect(await bytesOf(await storage.get(key, scope))).toHaveLength(0);
    });

    it('streams an object of many parts', async () => {
      const key = aKey();
      await storage.put(key, parts(13, MEBIBYTE), { scope });
      const expected = await bytesOf(parts(13, MEBIBYTE));
      expect(sha256(await bytesOf(await storage.get(key, scope)))).toBe(sha256(expected));
    });

    const ranges: [string, { start: number; end?: number }, string][] = [
      ['a range within', { start: 2, end: 4 }, '234'],
      ['a range to the end', { start: 7 }, '789'],
      ['a range past the end', { start: 8, end: 99 }, '89'],
      ['a range that starts behind the end', { start: 50 }, ''],
    ];
    it.each(ranges)('reads %s', async (_name, range, expected) => {
      const key = aKey();
      await storage.put(key, Buffer.from('0123456789'), { scope });
      expect((await bytesOf(await storage.get(key, scope, range))).toString()).toBe(expected);
    });

    it('replaces an object of the same key', async () => {
      const key = aKey();
      await storage.put(key, Buffer.from('first'), { scope });
      await storage.put(key, Buffer.from('second'), { scope });
      expect((await bytesOf(await storage.get(key, scope))).toString()).toBe('second');
    });

    it('leaves an object that is there when asked to, and does not read the new one', async () => {
      const key = aKey();
      await storage.put(key, Buffer.from('first'), { scope, ifAbsent: true });
      let read = false;
      const second = (async function* () {
        read = true;
        yield Buffer.from('second');
      })();
      await storage.put(key, second, { scope, ifAbsent: true });
      expect((await bytesOf(await storage.get(key, scope))).toString()).toBe('first');
      expect(read).toBe(false);
    });

    it('has no object when its content breaks off', async () => {
      const key = aKey();
      const broken = (async function* () {
        yield Buffer.alloc(6 * MEBIBYTE);
        throw new Error('the sender went away');
      })();
      await expect(storage.put(key, broken, { scope })).rejects.toThrow('the sender went away');
      expect(await storage.exists(key, scope)).toBe(false);
    });

    it('says so when there is no object', async () => {
      await expect(storage.get('test/none', scope)).rejects.toMatchObject({
        kind: 'not-found',
        reason: 'OBJECT_NOT_FOUND',
      });
      expect(await storage.exists('test/none', scope)).toBe(false);
    });

    it('deletes an object, and one that is gone already', async () => {
      const key = aKey();
      await storage.put(key, Buffer.from('x'), { scope });
      await storage.delete(key, scope);
      await storage.delete(key, scope);
      expect(await storage.exists(key, scope)).toBe(false);
    });

    it('deletes all of a scope, and nothing of another one', async () => {
      const gone: KeyScope = { ...scope, id: randomUUID() };
      for (const key of ['a', 'b/c']) await storage.put(key, Buffer.from(key), { scope: gone });
      await storage.put('kept', Buffer.from('kept'), { scope: other });
      await storage.deleteAll(gone);
      await storage.deleteAll(gone);
      expect([await storage.exists('a', gone), await storage.exists('b/c', gone)]).toEqual([false, false]);
      expect(await storage.exists('kept', other)).toBe(true);
    });

    it('finds an object in its own scope only', async () => {
      const key = aKey();
      await storage.put(key, Buffer.from('x'), { scope });
      await keys.keyFor(other);
      expect(await storage.exists(key, other)).toBe(false);
      await expect(storage.get(key, other)).rejects.toMatchObject({ reason: 'OBJECT_NOT_FOUND' });
      const nobody = { ...scope, id: randomUUID() };
      await expect(storage.get(key, nobody)).rejects.toMatchObject({ reason: 'OBJECT_NOT_FOUND' });
    });

    const chunk = CHUNK_BYTES;
    it.each([
      ['within a chunk', 10, 20],
      ['over the border of chunks', chunk - 3, chunk + 3],
      ['one whole chunk', chunk, 2 * chunk - 1],
      ['from the middle to the end', chunk + 1, undefined],
      ['the last byte', 3 * chunk + 16, 3 * chunk + 16],
      ['behind the end', 3 * chunk + 17, 4 * chunk],
    ])('reads a range of an object of several chunks: %s', async (_name, start, end) => {
      const key = aKey();
      const content = randomBytes(3 * chunk + 17);
      await storage.put(key, content, { scope });
      const read = await bytesOf(await storage.get(key, scope, { start, ...(end !== undefined && { end }) }));
      expect(read.equals(content.subarray(start, end === undefined ? undefined : end + 1))).toBe(true);
    });

    const badKeys = [
      '',
      '..',
      'a/../b',
      '../../etc/passwd',
      '/etc/passwd',
      'a//b',
      'a/',
      './a',
      'A',
      'a b',
      'a\0b',
      'ä',
      'a\\b',
      '%2e%2e/a',
      'x'.repeat(513),
    ];
    it.each(badKeys.map((key) => [key.slice(0, 20), key]))('refuses the key %j', async (_name, key) => {
      await expect(storage.put(key, Buffer.from('x'), { scope })).rejects.toThrow('a key of object storage');
      await expect(storage.get(key, scope)).rejects.toThrow('a key of object storage');
      await expect(storage.exists(key, scope)).rejects.toThrow('a key of object storage');
      await expect(storage.delete(key, scope)).rejects.toThrow('a key of object storage');
    });
  });
}

let folder = '';
const folders: string[] = [];
const openFolder = async () => {
  folder = await mkdtemp(join(tmpdir(), 'paradesk-objects-'));
  folders.push(folder);
  return ObjectStorage.open(`folder:${folder}`, keys);
};
afterAll(async () => {
  for (const made of folders) await rm(made, { recursive: true, force: true });
});

describeStorage('a folder', openFolder);

const s3 = process.env.TEST_S3_URL;
if (s3) describeStorage('S3', () => Promise.resolve(ObjectStorage.open(s3, keys)));
else process.stderr.write('object storage in S3 is not tested: TEST_S3_URL is not set\n');

describe('object storage in a folder', () => {
  it('leaves no unfinished file behind', async () => {
    const storage = await openFolder();
    const broken = (async function* () {
      yield Buffer.from('half');
      throw new Error('gone');
    })();
    await expect(storage.put('matter/brief.pdf', broken, { scope })).rejects.toThrow('gone');
    expect(await readdir(join(folder, tenantId, 'matter', scope.id))).toEqual([]);
  });

  it('goes on reading an object that is deleted meanwhile', async () => {
    const storage = await openFolder();
    await storage.put('a', parts(4, MEBIBYTE), { scope });
    let bytes = 0;
    for await (const part of await storage.get('a', scope)) {
      await storage.delete('a', scope);
      bytes += part.byteLength;
    }
    expect(bytes).toBe(4 * MEBIBYTE);
  });

  it('does not find an object that is deleted before its first byte is read, and leaves no file open for nobody', async () => {
    const storage = await openFolder();
    await storage.put('a', Buffer.from('a'), { scope });
    await storage.get('a', scope);
    const content = await storage.get('a', scope);
    await storage.delete('a', scope);
    await expect(bytesOf(content)).rejects.toMatchObject({ reason: 'OBJECT_NOT_FOUND' });
  });

  it('says when there is no space left', async () => {
    const storage = await openFolder();
    const full = (async function* () {
      yield Buffer.from('x');
      throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    })();
    await expect(storage.put('a', full, { scope })).rejects.toMatchObject({
      kind: 'unavailable',
      reason: 'STORAGE_FULL',
    });
  });

  it('says when it cannot write', async () => {
    // A root that is a file is not writable for anybody, root included.
    const parent = await mkdtemp(join(tmpdir(), 'paradesk-objects-'));
    await writeFile(join(parent, 'occupied'), '');
    const storage = ObjectStorage.open(`folder:${join(parent, 'occupied')}`, keys);
    await expect(storage.put('a', Buffer.from('x'), { scope })).rejects.toMatchObject({
      kind: 'unavailable',
      reason: 'STORAGE_NOT_WRITABLE',
    });
    await rm(parent, { recursive: true });
  });
});

describe('what lies in the folder', () => {
  const file = async (storage: ObjectStorage, content: Uint8Array, key = 'a') => {
    await rm(folder, { recursive: true, force: true });
    await storage.put(key, content, { scope });
    const [name] = await readdir(join(folder, tenantId, 'matter', scope.id));
    return join(folder, tenantId, 'matter', scope.id, name ?? '');
  };
  const chunk = CHUNK_BYTES + 16;
  const header = 36;

  it('has neither content nor name in clear, and is another one each time', async () => {
    const storage = await openFolder();
    const content = Buffer.from('privileged and confidential '.repeat(5_000));
    const first = await readFile(await file(storage, content, 'sha256/abc'));
    const path = await file(storage, content, 'sha256/abc');
    const second = await readFile(path);
    expect(first.includes('privileged')).toBe(false);
    expect(path).not.toContain('abc');
    expect(first.equals(second)).toBe(false);
    expect(first.byteLength).toBe(header + content.byteLength + 3 * 16);
  });

  const content = randomBytes(3 * CHUNK_BYTES);
  const tampered: [string, (path: string) => Promise<void>][] = [
    [
      'a changed byte of content',
      (path) => edit(path, (bytes) => bytes.fill(bytes[header + 5]! ^ 1, header + 5, header + 6)),
    ],
    ['a changed byte of the header', (path) => edit(path, (bytes) => bytes.fill(bytes[9]! ^ 1, 9, 10))],
    ['another version', (path) => edit(path, (bytes) => bytes.fill(0x32, 3, 4))],
    ['a missing last chunk', (path) => truncate(path, header + 2 * chunk)],
    ['a last chunk that is cut off', (path) => truncate(path, header + 2 * chunk + 100)],
    ['a last byte that is missing', (path) => truncate(path, header + 3 * chunk - 1)],
    ['nothing but a header', (path) => truncate(path, header)],
    ['half a header', (path) => truncate(path, 20)],
    ['nothing', (path) => truncate(path, 0)],
    ['chunks in another order', (path) => edit(path, swapChunks)],
    [
      'a chunk that comes twice',
      (path) => edit(path, (bytes) => void bytes.copy(bytes, header + chunk, header, header + chunk)),
    ],
    ['something behind the end', (path) => writeFile(path, 'x', { flag: 'a' })],
  ];

  it.each(tampered)('is refused with %s', async (_name, tamper) => {
    const storage = await openFolder();
    const path = await file(storage, content);
    await tamper(path);
    const read = async () => bytesOf(await storage.get('a', scope));
    const readEnd = async () => bytesOf(await storage.get('a', scope, { start: 0, end: 4 * CHUNK_BYTES }));
    const readBehind = async () => bytesOf(await storage.get('a', scope, { start: 9 * CHUNK_BYTES }));
    await expect(read()).rejects.toThrow('not what was stored');
    await expect(readEnd()).rejects.toThrow('not what was stored');
    if (/last|nothing|behind/.test(_name)) await expect(readBehind()).rejects.toThrow('not what was stored');
  });

  it.each([
    ['another object of the matter', scope, 'b'],
    ["another matter's object of the same name", other, 'a'],
  ])('is refused in the place of %s', async (_name, of, key) => {
    const storage = await openFolder();
    const path = await file(storage, content);
    const names = async () => readdir(join(folder, tenantId, 'matter', of.id)).catch((): string[] => []);
    const before = await names();
    await storage.put(key, Buffer.from('short'), { scope: of });
    const [place = ''] = (await names()).filter((name) => !before.includes(name));
    await copyFile(path, join(folder, tenantId, 'matter', of.id, place));
    await expect(storage.get(key, of).then(bytesOf)).rejects.toThrow('not what was stored');
    expect((await bytesOf(await storage.get('a', scope))).equals(content)).toBe(true);
  });

  it('gives on what is good before what is not, and no byte of that', async () => {
    const storage = await openFolder();
    const path = await file(storage, content);
    await edit(path, (bytes) => bytes.fill(0, header + 2 * chunk, header + 2 * chunk + 1));
    const good: Uint8Array[] = [];
    const read = async () => {
      for await (const part of await storage.get('a', scope)) good.push(part);
    };
    await expect(read()).rejects.toThrow('not what was stored');
    expect(Buffer.concat(good).equals(content.subarray(0, 2 * CHUNK_BYTES))).toBe(true);
  });

  it('is in clear only where it is published', async () => {
    const storage = await openFolder();
    await storage.publish('audit-heads/x/2026-03-02', Buffer.from('signed'));
    expect(await readFile(join(folder, 'audit-heads/x/2026-03-02'), 'utf8')).toBe('signed');
    await expect(storage.publish('documents/x', Buffer.from('x'))).rejects.toThrow('encrypt anything else');
  });

  async function edit(path: string, change: (bytes: Buffer) => unknown): Promise<void> {
    const bytes = await readFile(path);
    change(bytes);
    await writeFile(path, bytes);
  }

  function swapChunks(bytes: Buffer): void {
    const first = Buffer.from(bytes.subarray(header, header + chunk));
    bytes.copy(bytes, header, header + chunk, header + 2 * chunk);
    first.copy(bytes, header + chunk);
  }
});
