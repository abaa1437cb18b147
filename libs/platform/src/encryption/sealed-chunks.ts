import { createCipheriv, createDecipheriv, hkdfSync, type KeyObject, randomBytes } from 'node:crypto';

/** Bytes of content in each chunk but the last. */
export const CHUNK_BYTES = 64 * 1024;
const TAG_BYTES = 16;
const SEALED_CHUNK_BYTES = CHUNK_BYTES + TAG_BYTES;
const SALT_BYTES = 32;
const VERSION = Buffer.from('PDS1');
/** Bytes in front of the first chunk. */
export const HEADER_BYTES = VERSION.byteLength + SALT_BYTES;
const MOST_CHUNKS = 2 ** 32;

/** What lies in storage is not what was stored: it was damaged, cut off, swapped, or belongs to another object. */
export class ObjectDamaged extends Error {
  override readonly name = 'ObjectDamaged';

  constructor() {
    super('an object in storage is not what was stored');
  }
}

/*
 * The STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár 2015) as Google's Tink uses it (AES-GCM-HKDF-STREAMING): 4 bytes of version and a
 * salt, then chunks of 64 KiB, each AES-256-GCM with a tag of its own. Each object has a key of its own by its salt, so no nonce ever comes
 * twice under a key, however many objects a matter has. A nonce is the chunk's number and whether it is the last one; the name of the
 * object is authenticated with each chunk. So what is cut off, swapped, repeated or moved to another object's place does not open.
 */
interface ObjectKey {
  readonly key: Buffer;
  /** Authenticated with each chunk. */
  readonly name: Buffer;
}

/** Encrypts a stream as it comes; memory holds two chunks. @param name of the object, to which what is sealed is bound */
export async function* sealed(
  content: AsyncIterable<Uint8Array>,
  dataKey: KeyObject,
  name: string,
): AsyncIterable<Buffer> {
  const header = Buffer.concat([VERSION, randomBytes(SALT_BYTES)]);
  const object = objectKey(dataKey, header, name);
  yield header;
  let index = 0;
  for await (const { piece, isLast } of pieces(content, CHUNK_BYTES)) yield* sealChunk(object, index++, isLast, piece);
}

/**
 * Decrypts a whole object as it comes. Each chunk is given on when it has proved to be what was stored, and the stream breaks before the first
 * one that is not.
 *
 * @throws ObjectDamaged
 */
export async function* opened(
  content: AsyncIterable<Uint8Array>,
  dataKey: KeyObject,
  name: string,
): AsyncIterable<Buffer> {
  const iterator = content[Symbol.asyncIterator]();
  try {
    const { header, rest } = await headerOf(iterator);
    const object = objectKey(dataKey, header, name);
    let index = 0;
    for await (const { piece, isLast } of pieces(behind(rest, iterator), SEALED_CHUNK_BYTES))
      yield openChunk(object, index++, isLast, piece);
  } finally {
    await iterator.return?.();
  }
}

/** Which chunks hold a range, and where they lie. */
export interface ChunkRange {
  readonly firstChunk: number;
  readonly lastChunk: number;
  /** Of the whole object: the one that is marked as such. */
  readonly finalChunk: number;
  /** Bytes of the sealed object, up to and including `end`. */
  readonly at: { readonly start: number; readonly end: number };
}

/**
 * The chunks that hold bytes `start` up to and including `end` of what was stored. A range behind the end has the last chunk: it proves that
 * there is no more.
 *
 * @param sealedBytes size of the sealed object
 * @throws ObjectDamaged where no sealed object has that size
 */
export function chunksOf(start: number, end: number, sealedBytes: number): ChunkRange {
  const bodyBytes = sealedBytes - HEADER_BYTES;
  const finalChunk = Math.ceil(bodyBytes / SEALED_CHUNK_BYTES) - 1;
  if (finalChunk < 0) throw new ObjectDamaged();
  const firstChunk = Math.min(Math.floor(start / CHUNK_BYTES), finalChunk);
  const lastChunk = Math.max(firstChunk, Math.min(Math.floor(end / CHUNK_BYTES), finalChunk));
  const at = {
    start: HEADER_BYTES + firstChunk * SEALED_CHUNK_BYTES,
    end: Math.min(HEADER_BYTES + (lastChunk + 1) * SEALED_CHUNK_BYTES, sealedBytes) - 1,
  };
  return { firstChunk, lastChunk, finalChunk, at };
}

/** What a sealed object is read from: its header, and the chunks of a range. */
export interface SealedRange extends ChunkRange {
  readonly header: Uint8Array;
  readonly chunks: () => Promise<AsyncIterable<Uint8Array> | undefined>;
  /** Of what was stored, both included. */
  readonly start: number;
  readonly end: number;
}

/** Decrypts a range. @throws ObjectDamaged */
export async function* openedRange(range: SealedRange, dataKey: KeyObject, name: string): AsyncIterable<Buffer> {
  const object = objectKey(dataKey, range.header, name);
  // Opened when the header has proved good, and read at once: whatever comes, the stream is closed.
  const chunks = await range.chunks();
  if (!chunks) throw new ObjectDamaged();
  let index = range.firstChunk;
  for await (const { piece } of pieces(chunks, SEALED_CHUNK_BYTES)) {
    const content = openChunk(object, index, index === range.finalChunk, piece);
    const offset = index * CHUNK_BYTES;
    const wanted = content.subarray(Math.max(0, range.start - offset), Math.max(0, range.end + 1 - offset));
    if (wanted.byteLength > 0) yield wanted;
    index += 1;
  }
  if (index !== range.lastChunk + 1) throw new ObjectDamaged();
}

function objectKey(dataKey: KeyObject, header: Uint8Array, name: string): ObjectKey {
  if (header.byteLength !== HEADER_BYTES || !VERSION.equals(header.subarray(0, VERSION.byteLength)))
    throw new ObjectDamaged();
  const salt = header.subarray(VERSION.byteLength);
  return {
    key: Buffer.from(hkdfSync('sha256', dataKey, salt, 'paradesk object', 32)),
    name: Buffer.from(name),
  };
}

function sealChunk({ key, name }: ObjectKey, index: number, isLast: boolean, content: Uint8Array): Buffer[] {
  const cipher = createCipheriv('aes-256-gcm', key, nonceOf(index, isLast)).setAAD(name);
  // Not joined: whoever writes them joins more than these. GCM has nothing left for `final` to give.
  return [cipher.update(content), cipher.final(), cipher.getAuthTag()];
}

function openChunk({ key, name }: ObjectKey, index: number, isLast: boolean, chunk: Buffer): Buffer {
  if (chunk.byteLength < TAG_BYTES) throw new ObjectDamaged();
  const decipher = createDecipheriv('aes-256-gcm', key, nonceOf(index, isLast)).setAAD(name);
  decipher.setAuthTag(chunk.subarray(-TAG_BYTES));
  const content = decipher.update(chunk.subarray(0, -TAG_BYTES));
  try {
    decipher.final();
  } catch {
    throw new ObjectDamaged();
  }
  return content;
}

function nonceOf(index: number, isLast: boolean): Buffer {
  if (index >= MOST_CHUNKS) throw new Error('an object has at most 256 TiB');
  const nonce = Buffer.alloc(12);
  nonce.writeUInt32BE(index, 7);
  nonce.writeUInt8(isLast ? 1 : 0, 11);
  return nonce;
}

/** Cuts a stream into pieces of one size; the last one is what is left, and the only one that may be empty. */
async function* pieces(
  content: AsyncIterable<Uint8Array>,
  bytes: number,
): AsyncIterable<{ readonly piece: Buffer; readonly isLast: boolean }> {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  for await (let part of content) {
    // A piece that is full goes when something comes behind it: only then it is known not to be the last one.
    while (heldBytes + part.byteLength > bytes) {
      const taken = bytes - heldBytes;
      yield { piece: joined([...held, part.subarray(0, taken)]), isLast: false };
      part = part.subarray(taken);
      held = [];
      heldBytes = 0;
    }
    if (part.byteLength > 0) held.push(part);
    heldBytes += part.byteLength;
  }
  yield { piece: joined(held), isLast: true };
}

// Most pieces are cut from one part: those are not copied.
function joined(parts: readonly Uint8Array[]): Buffer {
  const [only, ...others] = parts;
  return only && others.length === 0
    ? Buffer.from(only.buffer, only.byteOffset, only.byteLength)
    : Buffer.concat(parts);
}

async function headerOf(iterator: AsyncIterator<Uint8Array>): Promise<{ header: Buffer; rest: Buffer }> {
  let start = Buffer.alloc(0);
  while (start.byteLength < HEADER_BYTES) {
    const next = await iterator.next();
    if (next.done) throw new ObjectDamaged();
    start = Buffer.concat([start, next.value]);
  }
  return { header: start.subarray(0, HEADER_BYTES), rest: start.subarray(HEADER_BYTES) };
}

async function* behind(rest: Uint8Array, iterator: AsyncIterator<Uint8Array>): AsyncIterable<Uint8Array> {
  yield rest;
  for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
}
