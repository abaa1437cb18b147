import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { DomainError } from '@paradesk/kernel';
import { Readable } from 'node:stream';
import type { ByteRange, ObjectStore } from './object-storage.js';

/** Objects in a bucket of S3 or of a server that speaks its protocol. */
export class S3Store implements ObjectStore {
  private readonly client: S3Client;
  private readonly bucket: string;
  private readonly prefix: string;

  constructor(url: URL) {
    const endpoint = url.searchParams.get('endpoint');
    this.bucket = url.hostname;
    this.prefix = url.searchParams.get('prefix') ?? '';
    this.client = new S3Client({
      region: url.searchParams.get('region') ?? 'us-east-1',
      ...(endpoint && { endpoint, forcePathStyle: true }),
    });
  }

  async put(key: string, content: AsyncIterable<Uint8Array>): Promise<void> {
    // Parts of 5 MiB, two at a time, are what it holds in memory; a failed upload is aborted, so no part is left behind.
    const upload = new Upload({
      client: this.client,
      queueSize: 2,
      partSize: 5 * 1024 * 1024,
      params: { ...this.at(key), Body: Readable.from(content) },
    });
    try {
      await upload.done();
    } catch (error) {
      throw explained(error);
    }
  }

  async get(key: string, range: ByteRange | undefined): Promise<AsyncIterable<Uint8Array> | undefined> {
    const bytes = range && `bytes=${range.start}-${range.end ?? ''}`;
    try {
      const { Body } = await this.client.send(new GetObjectCommand({ ...this.at(key), Range: bytes }));
      return Body as Readable;
    } catch (error) {
      if (statusOf(error) === 404) return undefined;
      // A range that starts behind the end: S3 refuses where a file just has no more bytes.
      if (statusOf(error) === 416) return Readable.from([]);
      throw explained(error);
    }
  }

  async size(key: string): Promise<number | undefined> {
    try {
      return (await this.client.send(new HeadObjectCommand(this.at(key)))).ContentLength ?? 0;
    } catch (error) {
      if (statusOf(error) === 404) return undefined;
      throw explained(error);
    }
  }

  async delete(key: string): Promise<void> {
    try {
      await this.client.send(new DeleteObjectCommand(this.at(key)));
    } catch (error) {
      throw explained(error);
    }
  }

  async deleteAll(folder: string): Promise<void> {
    const { Bucket, Key: Prefix } = this.at(`${folder}/`);
    try {
      // A page at a time; what was deleted is not listed again.
      for (;;) {
        const { Contents = [] } = await this.client.send(new ListObjectsV2Command({ Bucket, Prefix }));
        const Objects = Contents.flatMap(({ Key }) => (Key === undefined ? [] : [{ Key }]));
        if (Objects.length === 0) return;
        const { Errors = [] } = await this.client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
        if (Errors.length > 0) throw new Error(`S3 deleted ${Errors.length} objects not (${Errors[0]?.Code})`);
      }
    } catch (error) {
      throw explained(error);
    }
  }

  private at(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.bucket, Key: this.prefix + key };
  }
}

function statusOf(error: unknown): number | undefined {
  return error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;
}

const UNREACHABLE = new Set(['ECONNREFUSED', 'ECONNRESET', 'EHOSTUNREACH', 'ENOTFOUND', 'EPIPE', 'ETIMEDOUT']);

function explained(error: unknown): unknown {
  const status = statusOf(error);
  if (status === 403) return new DomainError('unavailable', 'STORAGE_NOT_WRITABLE', 'the storage refuses this service');
  if (status === 507) return new DomainError('unavailable', 'STORAGE_FULL', 'the storage is full');
  const { code, name } = (error ?? {}) as { code?: string; name?: string };
  const away = (status !== undefined && status >= 500) || UNREACHABLE.has(code ?? '') || name === 'TimeoutError';
  return away ? new DomainError('unavailable', 'STORAGE_UNREACHABLE', 'the storage does not answer') : error;
}
