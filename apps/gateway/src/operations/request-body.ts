import type { IncomingMessage } from 'node:http';
import type { JsonObject } from '@bufbuild/protobuf';
import { DomainError } from '@paradesk/kernel';

/** Most bytes of a body that is held in memory. */
export const MOST_BODY_BYTES = 10 * 1024 * 1024;
/** Most bytes of a file that is streamed to a service. */
export const MOST_STREAMED_BYTES = 1024 * 1024 * 1024;
const PIECE_BYTES = 64 * 1024;
const JSON_TYPE = /^application\/json\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?$/i;

/**
 * The JSON object of a body; an absent body is an empty object.
 *
 * @param timeoutMs longest wait for the whole body: a client that drips it is let go
 * @throws DomainError invalid UNSUPPORTED_MEDIA_TYPE, BODY_TOO_LARGE, BODY_TOO_SLOW, BODY_INCOMPLETE, BODY_NOT_UTF8 or MALFORMED_JSON
 */
export async function readJson(request: IncomingMessage, timeoutMs: number): Promise<JsonObject> {
  const bytes = await readBytes(request, timeoutMs);
  const type = request.headers['content-type'];
  if (bytes.length === 0 && type === undefined) return {};
  if (!type || !JSON_TYPE.test(type)) throw unsupported('the body must be application/json in UTF-8');
  const json = parsed(textOf(bytes));
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json as JsonObject;
  throw new DomainError('invalid', 'MALFORMED_JSON', 'the body must be a JSON object');
}

/** The whole body. @throws DomainError as `readJson`, but for any content */
export async function readBytes(request: IncomingMessage, timeoutMs: number): Promise<Buffer> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timeout = AbortSignal.timeout(timeoutMs);
  const giveUp = (): void => reject(new DomainError('invalid', 'BODY_TOO_SLOW', 'the body took too long to arrive'));
  timeout.addEventListener('abort', giveUp);
  try {
    return await Promise.race([collect(request), late]);
  } finally {
    timeout.removeEventListener('abort', giveUp);
  }
}

async function collect(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of chunksOf(request, MOST_BODY_BYTES)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The body in pieces of 64 KiB, read no faster than they are taken; at least one piece, of no bytes for an empty body. */
export async function* pieces(request: IncomingMessage): AsyncGenerator<Buffer> {
  let held: Buffer[] = [];
  let size = 0;
  let sent = false;
  for await (const chunk of chunksOf(request, MOST_STREAMED_BYTES)) {
    held.push(chunk);
    size += chunk.length;
    if (size < PIECE_BYTES) continue;
    const bytes = Buffer.concat(held);
    const whole = size - (size % PIECE_BYTES);
    for (let at = 0; at < whole; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES);
    held = [bytes.subarray(whole)];
    size -= whole;
    sent = true;
  }
  if (size > 0 || !sent) yield Buffer.concat(held);
}

async function* chunksOf(request: IncomingMessage, limit: number): AsyncGenerator<Buffer> {
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity')
    throw unsupported('the body must come without a content encoding');
  if (Number(request.headers['content-length'] ?? 0) > limit) throw tooLarge(limit);
  let size = 0;
  try {
    // The request must survive: destroying it would take the connection, and the answer with it.
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      size += (chunk as Buffer).length;
      if (size > limit) throw tooLarge(limit);
      yield chunk as Buffer;
    }
  } catch (error) {
    throw error instanceof DomainError ? error : new DomainError('invalid', 'BODY_INCOMPLETE', 'the body ended early');
  }
}

function textOf(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new DomainError('invalid', 'BODY_NOT_UTF8', 'the body is no UTF-8');
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new DomainError('invalid', 'MALFORMED_JSON', 'the body is no JSON');
  }
}

function tooLarge(limit: number): DomainError {
  return new DomainError('invalid', 'BODY_TOO_LARGE', `the body is too large, at most ${limit} bytes are taken`);
}

function unsupported(message: string): DomainError {
  return new DomainError('invalid', 'UNSUPPORTED_MEDIA_TYPE', message);
}
