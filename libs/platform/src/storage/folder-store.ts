import { DomainError } from '@paradesk/kernel';
import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { crashPoint } from '../run/crash-points.js';
import type { ByteRange, ObjectStore } from './object-storage.js';

const BUFFER_BYTES = 512 * 1024;

/** Objects as files of a folder. A file appears under its name only when all of it is on the disk. */
export class FolderStore implements ObjectStore {
  private readonly root: string;

  constructor(root: string) {
    this.root = resolve(root);
  }

  async put(key: string, content: AsyncIterable<Uint8Array>): Promise<void> {
    const path = join(this.root, key);
    const unfinished = `${path}.${randomBytes(6).toString('hex')}~`;
    try {
      await mkdir(dirname(path), { recursive: true });
      const file = await open(unfinished, 'wx', 0o600);
      try {
        for await (const block of gathered(content)) await file.writeFile(block);
        await file.sync();
      } finally {
        await file.close();
      }
      crashPoint('storage.before-rename');
      await rename(unfinished, path);
      await syncFolder(dirname(path));
    } catch (error) {
      await rm(unfinished, { force: true }).catch(() => undefined); // the first error is the one to report
      throw explained(error);
    }
  }

  async get(key: string, range: ByteRange | undefined): Promise<AsyncIterable<Uint8Array> | undefined> {
    const path = join(this.root, key);
    return (await sizeOf(path)) === undefined ? undefined : read(path, range);
  }

  async size(key: string): Promise<number | undefined> {
    return sizeOf(join(this.root, key));
  }

  async delete(key: string): Promise<void> {
    await rm(join(this.root, key), { force: true });
  }

  async deleteAll(folder: string): Promise<void> {
    await rm(join(this.root, folder), { recursive: true, force: true });
  }
}

// Opened when the first part is asked for: whoever asks for none leaves no file open. From then on the file may be deleted.
async function* read(path: string, range: ByteRange | undefined): AsyncIterable<Uint8Array> {
  try {
    yield* createReadStream(path, { highWaterMark: BUFFER_BYTES, ...range });
  } catch (error) {
    throw codeOf(error) === 'ENOENT' ? DomainError.notFound('object', basename(path)) : error;
  }
}

// Parts are small, and each write is a way to the disk and back.
async function* gathered(content: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  let held: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of content) {
    held.push(part);
    bytes += part.byteLength;
    if (bytes < BUFFER_BYTES) continue;
    yield Buffer.concat(held);
    held = [];
    bytes = 0;
  }
  yield Buffer.concat(held);
}

/** Makes the new name survive a power cut too. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    const found = await stat(path);
    return found.isFile() ? found.size : undefined;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(codeOf(error) ?? '')) return undefined;
    throw explained(error);
  }
}

// Rights, a read-only disk, or a file where a folder should be.
const NOT_WRITABLE = new Set(['EACCES', 'EPERM', 'EROFS', 'EEXIST', 'ENOTDIR', 'EISDIR']);

function explained(error: unknown): unknown {
  const code = codeOf(error);
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new DomainError('unavailable', 'STORAGE_FULL', 'the storage is full');
  if (code && NOT_WRITABLE.has(code))
    return new DomainError('unavailable', 'STORAGE_NOT_WRITABLE', 'the storage cannot be written');
  return error;
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
