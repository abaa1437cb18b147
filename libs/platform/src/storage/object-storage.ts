import { DomainError } from '@paradesk/kernel';
import { createHmac, hkdfSync, type KeyObject } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import type { EncryptionKeys, KeyScope } from '../encryption/encryption-keys.js';
import { chunksOf, HEADER_BYTES, opened, openedRange, sealed } from '../encryption/sealed-chunks.js';
import { crashPoint } from '../run/crash-points.js';
import { FolderStore } from './folder-store.js';
import { S3Store } from './s3-store.js';

/** A part of an object: bytes from `start` up to and including `end`. */
export interface ByteRange {
  readonly start: number;
  readonly end?: number;
}

/** What a kind of storage does; `ObjectStorage` checks the keys, and encrypts. */
export interface ObjectStore {
  put(key: string, content: AsyncIterable<Uint8Array>): Promise<void>;
  get(key: string, range: ByteRange | undefined): Promise<AsyncIterable<Uint8Array> | undefined>;
  /** Bytes; undefined where there is none. */
  size(key: string): Promise<number | undefined>;
  delete(key: string): Promise<void>;
  /** Deletes all whose keys start with `folder/`. */
  deleteAll(folder: string): Promise<void>;
}

type Keys = Pick<EncryptionKeys, 'keyFor' | 'knownKey' | 'erase'>;

const KEY = /^[a-z0-9][a-z0-9_-]*(\.[a-z0-9_-]+)*(\/[a-z0-9][a-z0-9_-]*(\.[a-z0-9_-]+)*)*$/;
const PUBLISHED = 'audit-heads/';

/**
 * Files of a service, by keys such as `sha256/ab/abcdef` within a scope: in a folder (standalone) or in a bucket of S3.
 *
 * Everything is encrypted with the key of its scope (`EncryptionKeys`), names too: who holds the folder or bucket sees of which matter how many
 * objects of which size there are, and not even whether a file that they know is among them. Only what is signed for others to read is
 * published in clear.
 */
export class ObjectStorage {
  private constructor(
    private readonly store: ObjectStore,
    private readonly keys: Keys,
  ) {}

  /** @param url `folder:<path>` or `s3://<bucket>?endpoint=<url>&region=<region>&prefix=<prefix>`; credentials as the AWS SDK finds them */
  static open(url: string, keys: Keys): ObjectStorage {
    const store = url.startsWith('s3:') ? new S3Store(new URL(url)) : new FolderStore(url.replace(/^folder:/, ''));
    return new ObjectStorage(store, keys);
  }

  /**
   * Stores an object whole or not at all, in bounded memory; replaces one of the same key.
   *
   * @param options `scope` says whose key encrypts it; `ifAbsent` leaves an object of the key as it is and does not read `content`: for keys
   *   that are made of the content
   * @throws DomainError unavailable STORAGE_FULL, STORAGE_NOT_WRITABLE or STORAGE_UNREACHABLE; refused ERASED; whatever `content` throws
   */
  async put(
    key: string,
    content: AsyncIterable<Uint8Array> | Uint8Array,
    { scope, ifAbsent }: { readonly scope: KeyScope; readonly ifAbsent?: boolean },
  ): Promise<void> {
    const path = requireKey(key);
    const dataKey = await this.keys.keyFor(scope);
    const name = nameOf(scope, dataKey, path);
    if (ifAbsent && (await this.store.size(name)) !== undefined) return;
    await this.store.put(name, sealed(content instanceof Uint8Array ? one(content) : content, dataKey, name));
    crashPoint('storage.after-put');
  }

  /**
   * Stores what everybody may read, in clear: signed heads of the audit trail, which are to be read and compared without this system's help, and
   * hold no word of anybody.
   *
   * @param key starts with `audit-heads/`
   */
  async publish(key: string, content: Uint8Array): Promise<void> {
    if (!requireKey(key).startsWith(PUBLISHED))
      throw new Error(`only ${PUBLISHED} is published: encrypt anything else`);
    await this.store.put(key, one(content));
  }

  /**
   * The bytes of an object, or those of a range as far as the object goes. They are given on only when they have proved to be what was stored.
   *
   * @throws DomainError not-found OBJECT_NOT_FOUND or refused ERASED, before the first byte; unavailable STORAGE_UNREACHABLE
   * @throws ObjectDamaged, before the first byte that is not what was stored
   */
  async get(key: string, scope: KeyScope, range?: ByteRange): Promise<AsyncIterable<Uint8Array>> {
    const path = requireKey(key);
    const dataKey = await this.keys.knownKey(scope);
    if (!dataKey) throw DomainError.notFound('object', key);
    const name = nameOf(scope, dataKey, path);
    const content = range ? await this.part(name, dataKey, range) : await this.whole(name, dataKey);
    if (!content) throw DomainError.notFound('object', key);
    return content;
  }

  /** @throws DomainError refused ERASED */
  async exists(key: string, scope: KeyScope): Promise<boolean> {
    const path = requireKey(key);
    const dataKey = await this.keys.knownKey(scope);
    return dataKey !== undefined && (await this.store.size(nameOf(scope, dataKey, path))) !== undefined;
  }

  /** Deletes an object; one that is not there stays so. @throws DomainError refused ERASED */
  async delete(key: string, scope: KeyScope): Promise<void> {
    const path = requireKey(key);
    const dataKey = await this.keys.knownKey(scope);
    if (dataKey) await this.store.delete(nameOf(scope, dataKey, path));
  }

  /**
   * Erases all that is stored for a scope, for good: destroys its key, in the transaction that deletes the rows too (`erasing`). From the commit on
   * nobody can read any of it, not even from a copy of folder or bucket, and nothing can be stored for the scope any more. Once more
   * changes nothing.
   *
   * What is left of the objects is worth nothing: a durable job deletes it by `deleteAll`.
   *
   * @param tx of the scope's tenant
   */
  async erase(tx: Pick<EntityManager, 'query'>, scope: KeyScope): Promise<void> {
    await this.keys.erase(tx, scope);
  }

  /** Deletes all objects of a scope, whose key may be erased already. Once more deletes what has come since. */
  async deleteAll(scope: KeyScope): Promise<void> {
    await this.store.deleteAll(folderOf(scope));
  }

  private async whole(name: string, dataKey: KeyObject): Promise<AsyncIterable<Uint8Array> | undefined> {
    const content = await this.store.get(name, undefined);
    return content && opened(content, dataKey, name);
  }

  private async part(
    name: string,
    dataKey: KeyObject,
    { start, end = Number.MAX_SAFE_INTEGER - 1 }: ByteRange,
  ): Promise<AsyncIterable<Uint8Array> | undefined> {
    const size = await this.store.size(name);
    if (size === undefined) return undefined;
    const range = chunksOf(start, end, size);
    const header = await this.store.get(name, { start: 0, end: HEADER_BYTES - 1 });
    if (!header) return undefined;
    const chunks = () => this.store.get(name, range.at);
    return openedRange({ ...range, start, end, header: await bytesOf(header), chunks }, dataKey, name);
  }
}

function folderOf({ tenantId, kind, id }: KeyScope): string {
  return `${tenantId}/${kind}/${id}`;
}

// A key may be the hash of the content: whoever sees it could tell whether a certain file is stored. What is authenticated is this name, so
// an object that is moved to another one's place does not open.
function nameOf(scope: KeyScope, dataKey: KeyObject, key: string): string {
  const nameKey = Buffer.from(hkdfSync('sha256', dataKey, '', 'paradesk object name', 32));
  return `${folderOf(scope)}/${createHmac('sha256', nameKey).update(key).digest('hex')}`;
}

function requireKey(key: string): string {
  if (key.length > 512 || !KEY.test(key))
    throw new Error('a key of object storage has lower-case letters, digits and ._-/ only');
  return key;
}

async function* one(content: Uint8Array): AsyncIterable<Uint8Array> {
  yield content;
}

async function bytesOf(content: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of content) parts.push(part);
  return Buffer.concat(parts);
}
