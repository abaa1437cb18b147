import { DeleteObjectCommand, GetObjectCommand, HeadObjectCommand, NoSuchKey, NotFound, S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
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
    const upload = new Upload({ client: this.client, queueSize: 2, partSize: 5 * 1024 * 1024, params: { ...this.at(key), Body: Readable.from(content) } });
    await upload.done();
  }

  async get(key: string, range: ByteRange | undefined): Promise<AsyncIterable<Uint8Array> | undefined> {
    const bytes = range && `bytes=${range.start}-${range.end ?? ''}`;
    try {
      const { Body } = await this.client.send(new GetObjectCommand({ ...this.at(key), Range: bytes }));
      return Body as Readable;
    } catch (error) {
      if (error instanceof NoSuchKey) return undefined;
      throw error;
    }
  }

  async exists(key: string): Promise<boolean> {
    try {
      await this.client.send(new HeadObjectCommand(this.at(key)));
      return true;
    } catch (error) {
      if (error instanceof NotFound) return false;
      throw error;
    }
  }

  async delete(key: string): Promise<void> {
    await this.client.send(new DeleteObjectCommand(this.at(key)));
  }

  private at(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.bucket, Key: this.prefix + key };
  }
}
