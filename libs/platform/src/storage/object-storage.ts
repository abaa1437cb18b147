import { DomainError } from '@paradesk/kernel';
import { crashPoint } from '../run/crash-points.js';
import { FolderStore } from './folder-store.js';
import { S3Store } from './s3-store.js';

/** A part of an object: bytes from `start` up to and including `end`. */
export interface ByteRange {
  readonly start: number;
  readonly end?: number;
}

/** What a kind of storage does; `ObjectStorage` checks the keys. */
export interface ObjectStore {
  put(key: string, content: AsyncIterable<Uint8Array>): Promise<void>;
  get(key: string, range: ByteRange | undefined): Promise<AsyncIterable<Uint8Array> | undefined>;
  exists(key: string): Promise<boolean>;
  delete(key: string): Promise<void>;
}

const KEY = /^[a-z0-9][a-z0-9_-]*(\.[a-z0-9_-]+)*(\/[a-z0-9][a-z0-9_-]*(\.[a-z0-9_-]+)*)*$/;

/** Files of a service, by keys such as `sha256/ab/abcdef`: in a folder (standalone) or in a bucket of S3. */
export class ObjectStorage {
  private constructor(private readonly store: ObjectStore) {}

  /** @param url `folder:<path>` or `s3://<bucket>?endpoint=<url>&region=<region>&prefix=<prefix>`; credentials as the AWS SDK finds them */
  static open(url: string): ObjectStorage {
    return new ObjectStorage(
      url.startsWith('s3:') ? new S3Store(new URL(url)) : new FolderStore(url.replace(/^folder:/, '')),
    );
  }

  /**
   * Stores an object whole or not at all, in bounded memory; replaces one of the same key.
   *
   * @param options `ifAbsent` leaves an object of the key as it is and does not read `content`: for keys that are made of the content
   * @throws DomainError unavailable STORAGE_FULL, STORAGE_NOT_WRITABLE or STORAGE_UNREACHABLE; whatever `content` throws
   */
  async put(
    key: string,
    content: AsyncIterable<Uint8Array> | Uint8Array,
    options: { readonly ifAbsent?: boolean } = {},
  ): Promise<void> {
    if (options.ifAbsent && (await this.exists(key))) return;
    await this.store.put(requireKey(key), content instanceof Uint8Array ? one(content) : content);
    crashPoint('storage.after-put');
  }

  /**
   * The bytes of an object, or those of a range as far as the object goes.
   *
   * @throws DomainError not-found OBJECT_NOT_FOUND, before the first byte; unavailable STORAGE_UNREACHABLE
   */
  async get(key: string, range?: ByteRange): Promise<AsyncIterable<Uint8Array>> {
    const content = await this.store.get(requireKey(key), range);
    if (!content) throw DomainError.notFound('object', key);
    return content;
  }

  async exists(key: string): Promise<boolean> {
    return this.store.exists(requireKey(key));
  }

  /** Deletes an object; one that is not there stays so. */
  async delete(key: string): Promise<void> {
    await this.store.delete(requireKey(key));
  }
}

function requireKey(key: string): string {
  if (key.length > 512 || !KEY.test(key))
    throw new Error('a key of object storage has lower-case letters, digits and ._-/ only');
  return key;
}

async function* one(content: Uint8Array): AsyncIterable<Uint8Array> {
  yield content;
}
