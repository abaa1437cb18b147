import { Readable } from 'node:stream';
import { fromBinary, toBinary, toJson, type JsonObject } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { Inject, Injectable } from '@nestjs/common';
import { registry } from '@paradesk/contracts';
import { Service } from '@paradesk/contracts/paradesk/audit/v1/audit_records';
import { HttpBody } from '@paradesk/contracts/google/api/httpbody';
import { DomainError } from '@paradesk/kernel';
import type { RawAnswer, RawCall, RawChannel } from '@paradesk/platform';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Channels } from '../channels.js';
import { LIMITS, type Limits } from '../limits.js';
import { nameSpan } from '@paradesk/platform';
import { CredentialsService } from '../sign-in/credentials.service.js';
import { rateLimitHeaders } from '../problems/rate-limit-headers.js';
import type { Operation } from './operation.js';
import { MOST_BODY_BYTES, pieces, readBytes, readJson } from './request-body.js';
import { requestFields } from './request-fields.js';
import { requestMessage } from './request-message.js';
import { RouteTable } from './route-table.js';

const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/;
const MEDIA_TYPE = /^[\x20-\x7e]{1,255}$/;

/** How to call for a request: signed in, and for as long as its client is there. */
type Call = Required<Pick<RawCall, 'metadata' | 'signal'>>;

/** Turns REST requests into RPCs and their answers into REST, by nothing but the contracts. */
@Injectable()
export class OperationsService {
  constructor(
    private readonly routes: RouteTable,
    private readonly credentials: CredentialsService,
    private readonly channels: Channels,
    @Inject(LIMITS) private readonly limits: Limits,
  ) {}

  /**
   * Finds the operation, signs the caller in at its service, calls it and answers.
   *
   * @throws DomainError for what the caller did wrong, and whatever the service refused
   */
  async serve(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const [path = '', query = ''] = splitOnce(request.raw.url ?? '', '?');
    const route = this.routes.find(request.method, path);
    const { operation } = route;
    nameSpan(request, operation.path);
    const service = serviceOf(operation, query);
    const signal = untilGone(reply);
    const metadata = await this.metadataFor(request, reply, operation, service);
    const fields = requestFields(route, query);
    void reply.header('cache-control', 'no-store');
    const channel = this.channels.to(service);
    if (operation.answer === 'file') return this.download(channel, operation, fields, { metadata, signal }, reply);
    const { body, trailers } = await this.call(channel, operation, fields, request, { metadata, signal });
    if (trailers['idempotency-replayed'] === 'true') void reply.header('idempotency-replayed', 'true');
    const { output } = operation.rpc.descriptor;
    const answer = toJson(output, fromBinary(output, body), { alwaysEmitImplicit: true, registry: registry() });
    void reply.type('application/json; charset=utf-8').send(JSON.stringify(answer));
  }

  private async metadataFor(
    request: FastifyRequest,
    reply: FastifyReply,
    { rpc }: Operation,
    service: string,
  ): Promise<Record<string, string>> {
    const metadata: Record<string, string> = {};
    if (!rpc.rule?.public) {
      const { token, rateLimit } = await this.credentials.exchange(request, service);
      metadata.authorization = `Bearer ${token}`;
      if (rateLimit) void reply.headers(rateLimitHeaders(rateLimit));
    }
    const key = request.headers['idempotency-key'];
    if (key === undefined) return metadata;
    if (typeof key !== 'string' || !IDEMPOTENCY_KEY.test(key)) {
      throw DomainError.invalid('Idempotency-Key', 'IDEMPOTENCY_KEY', 'takes 1 to 255 visible ASCII characters');
    }
    return { ...metadata, 'idempotency-key': key };
  }

  private async call(
    channel: RawChannel,
    operation: Operation,
    fields: JsonObject,
    request: FastifyRequest,
    call: Call,
  ): Promise<RawAnswer> {
    const { rpc } = operation;
    if (rpc.descriptor.methodKind === 'client_streaming') {
      const messages = uploadMessages(operation, encode(operation, fields), request);
      return channel.clientStream(rpc.path, messages, { ...call, timeoutMs: this.limits.requestTimeoutMs });
    }
    // A command with an idempotency key is carried out once, however often it is sent.
    const retry = rpc.idempotent || call.metadata['idempotency-key'] !== undefined;
    const message = await unaryMessage(operation, fields, request, this.limits.bodyTimeoutMs);
    return channel.unary(rpc.path, message, { ...call, timeoutMs: this.limits.callTimeoutMs, retry });
  }

  private async download(
    channel: RawChannel,
    operation: Operation,
    fields: JsonObject,
    given: Call,
    reply: FastifyReply,
  ): Promise<void> {
    const call = { ...given, timeoutMs: this.limits.requestTimeoutMs };
    const messages = channel.serverStream(operation.rpc.path, encode(operation, fields), call)[Symbol.asyncIterator]();
    // A refusal comes before the first message: until then the answer may still be a problem.
    const first = await messages.next();
    const { contentType, data } = first.done ? HttpBody.create() : HttpBody.decode(first.value);
    void reply
      .type(MEDIA_TYPE.test(contentType) ? contentType : 'application/octet-stream')
      .send(Readable.from(contents(data, messages), { objectMode: false, highWaterMark: 1 }));
  }
}

/**
 * The service that serves an operation. What each serves of its own has no owner: there the parameter `service` names one, and whoever
 * gets a request that names none refuses it for that.
 */
function serviceOf({ rpc }: Operation, query = ''): string {
  if (rpc.owner !== undefined) return rpc.owner;
  const [, named = ''] = /(?:^|&)service=SERVICE_([A-Z]+)(?:&|$)/.exec(query) ?? [];
  return Service[named as keyof typeof Service] > 0 ? named.toLowerCase() : 'identity';
}

/** Whoever has left waits for no answer: what is done for it is cancelled. */
function untilGone({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController();
  raw.once('close', () => {
    if (!raw.writableFinished) gone.abort();
  });
  return gone.signal;
}

async function* contents(first: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  try {
    if (first.length > 0) yield first;
    for (let next = await rest.next(); !next.done; next = await rest.next()) {
      const { data } = HttpBody.decode(next.value);
      if (data.length > 0) yield data;
    }
  } finally {
    await rest.return?.();
  }
}

async function unaryMessage(
  operation: Operation,
  fields: JsonObject,
  request: FastifyRequest,
  timeoutMs: number,
): Promise<Buffer> {
  if (operation.body === 'none') return encode(operation, fields);
  if (operation.body === 'json') return encode(operation, merged(fields, await readJson(request.raw, timeoutMs)));
  const message = encode(operation, fields);
  return Buffer.concat([
    message,
    fileField(operation, contentTypeOf(request), await readBytes(request.raw, timeoutMs)),
  ]);
}

/** Fields of the path may stand in the body as well, if they say the same. */
function merged(fields: JsonObject, body: JsonObject): JsonObject {
  const differing = Object.keys(fields).filter((name) => Object.hasOwn(body, name) && body[name] !== fields[name]);
  if (differing.length > 0)
    throw DomainError.invalidAll(differing.map((field) => ({ field, description: 'differs from the path' })));
  return { ...body, ...fields };
}

async function* uploadMessages(operation: Operation, fields: Buffer, request: FastifyRequest): AsyncGenerator<Buffer> {
  let type = contentTypeOf(request);
  let head = fields;
  for await (const piece of pieces(request.raw)) {
    yield Buffer.concat([head, fileField(operation, type, piece)]);
    head = Buffer.alloc(0);
    type = '';
  }
}

function encode({ rpc }: Operation, fields: JsonObject): Buffer {
  const { input } = rpc.descriptor;
  const bytes = Buffer.from(toBinary(input, requestMessage(input, fields)));
  if (bytes.length <= MOST_BODY_BYTES) return bytes;
  throw new DomainError('invalid', 'BODY_TOO_LARGE', 'the request is too large');
}

/** A field of a message may be encoded by itself and put behind the others. */
function fileField({ fileField: field }: Operation, contentType: string, data: Buffer): Uint8Array {
  if (!field) throw new Error('the operation takes no file');
  const file = HttpBody.encode({ contentType, data, extensions: [] }).finish();
  return new BinaryWriter().tag(field.number, WireType.LengthDelimited).bytes(file).finish();
}

function contentTypeOf({ headers }: FastifyRequest): string {
  const type = headers['content-type'] ?? 'application/octet-stream';
  if (MEDIA_TYPE.test(type)) return type;
  throw new DomainError('invalid', 'UNSUPPORTED_MEDIA_TYPE', 'the content type is too long or no ASCII');
}

function splitOnce(text: string, by: string): [string, string] {
  const at = text.indexOf(by);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
