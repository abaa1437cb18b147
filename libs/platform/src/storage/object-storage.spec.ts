import { createHash, randomUUID } from 'node:crypto';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ObjectStorage } from './object-storage.js';

const MEBIBYTE = 1024 * 1024;

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
      await storage.put(key, Buffer.from('deposition'));
      expect((await bytesOf(await storage.get(key))).toString()).toBe('deposition');
      expect(await storage.exists(key)).toBe(true);
    });

    it('keeps an object without a byte', async () => {
      const key = aKey();
      await storage.put(key, new Uint8Array());
      expect(await bytesOf(await storage.get(key))).toHaveLength(0);
    });

    it('streams an object of many parts', async () => {
      const key = aKey();
      await storage.put(key, parts(13, MEBIBYTE));
      const expected = await bytesOf(parts(13, MEBIBYTE));
      expect(sha256(await bytesOf(await storage.get(key)))).toBe(sha256(expected));
    });

    const ranges: [string, { start: number; end?: number }, string][] = [
      ['a range within', { start: 2, end: 4 }, '234'],
      ['a range to the end', { start: 7 }, '789'],
      ['a range past the end', { start: 8, end: 99 }, '89'],
      ['a range that starts behind the end', { start: 50 }, ''],
    ];
    it.each(ranges)('reads %s', async (_name, range, expected) => {
      const key = aKey();
      await storage.put(key, Buffer.from('0123456789'));
      expect((await bytesOf(await storage.get(key, range))).toString()).toBe(expected);
    });

    it('replaces an object of the same key', async () => {
      const key = aKey();
      await storage.put(key, Buffer.from('first'));
      await storage.put(key, Buffer.from('second'));
      expect((await bytesOf(await storage.get(key))).toString()).toBe('second');
    });

    it('leaves an object that is there when asked to, and does not read the new one', async () => {
      const key = aKey();
      await storage.put(key, Buffer.from('first'), { ifAbsent: true });
      let read = false;
      const other = (async function* () {
        read = true;
        yield Buffer.from('second');
      })();
      await storage.put(key, other, { ifAbsent: true });
      expect((await bytesOf(await storage.get(key))).toString()).toBe('first');
      expect(read).toBe(false);
    });

    it('has no object when its content breaks off', async () => {
      const key = aKey();
      const broken = (async function* () {
        yield Buffer.alloc(6 * MEBIBYTE);
        throw new Error('the sender went away');
      })();
      await expect(storage.put(key, broken)).rejects.toThrow('the sender went away');
      expect(await storage.exists(key)).toBe(false);
    });

    it('says so when there is no object', async () => {
      await expect(storage.get('test/none')).rejects.toMatchObject({ kind: 'not-found', reason: 'OBJECT_NOT_FOUND' });
      expect(await storage.exists('test/none')).toBe(false);
    });

    it('deletes an object, and one that is gone already', async () => {
      const key = aKey();
      await storage.put(key, Buffer.from('x'));
      await storage.delete(key);
      await storage.delete(key);
      expect(await storage.exists(key)).toBe(false);
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
      await expect(storage.put(key, Buffer.from('x'))).rejects.toThrow('a key of object storage');
      await expect(storage.get(key)).rejects.toThrow('a key of object storage');
      await expect(storage.exists(key)).rejects.toThrow('a key of object storage');
      await expect(storage.delete(key)).rejects.toThrow('a key of object storage');
    });
  });
}

let folder = '';
const folders: string[] = [];
const openFolder = async () => {
  folder = await mkdtemp(join(tmpdir(), 'paradesk-objects-'));
  folders.push(folder);
  return ObjectStorage.open(`folder:${folder}`);
};
afterAll(async () => {
  for (const made of folders) await rm(made, { recursive: true, force: true });
});

describeStorage('a folder', openFolder);

const s3 = process.env.TEST_S3_URL;
if (s3) describeStorage('S3', () => Promise.resolve(ObjectStorage.open(s3)));
else process.stderr.write('object storage in S3 is not tested: TEST_S3_URL is not set\n');

describe('object storage in a folder', () => {
  it('leaves no unfinished file behind', async () => {
    const storage = await openFolder();
    const broken = (async function* () {
      yield Buffer.from('half');
      throw new Error('gone');
    })();
    await expect(storage.put('matter/brief.pdf', broken)).rejects.toThrow('gone');
    expect(await readdir(join(folder, 'matter'))).toEqual([]);
  });

  it('goes on reading an object that is deleted meanwhile', async () => {
    const storage = await openFolder();
    await storage.put('a', parts(4, MEBIBYTE));
    const content = await storage.get('a');
    await storage.delete('a');
    expect(await bytesOf(content)).toHaveLength(4 * MEBIBYTE);
  });

  it('says when there is no space left', async () => {
    const storage = await openFolder();
    const full = (async function* () {
      yield Buffer.from('x');
      throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    })();
    await expect(storage.put('a', full)).rejects.toMatchObject({ kind: 'unavailable', reason: 'STORAGE_FULL' });
  });

  it('says when it cannot write', async () => {
    // A root that is a file is not writable for anybody, root included.
    const parent = await mkdtemp(join(tmpdir(), 'paradesk-objects-'));
    await writeFile(join(parent, 'occupied'), '');
    const storage = ObjectStorage.open(`folder:${join(parent, 'occupied')}`);
    await expect(storage.put('a', Buffer.from('x'))).rejects.toMatchObject({
      kind: 'unavailable',
      reason: 'STORAGE_NOT_WRITABLE',
    });
    await rm(parent, { recursive: true });
  });
});
