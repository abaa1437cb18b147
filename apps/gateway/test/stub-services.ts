import {
  create,
  fromBinary,
  fromJson,
  ScalarType,
  toBinary,
  toJson,
  type DescField,
  type DescMessage,
  type JsonObject,
  type JsonValue,
  type Message,
} from '@bufbuild/protobuf';
import {
  Metadata,
  Server,
  ServerCredentials,
  type sendUnaryData,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
} from '@grpc/grpc-js';
import { effectiveRule, registry, rpcs, violationsOf, type Rpc } from '@paradesk/contracts';
import { Format } from '@paradesk/contracts/paradesk/common/v1/field';
import { DomainError } from '@paradesk/kernel';
import { toStatus } from '@paradesk/platform';
import { once } from 'node:events';

/** What reached a service: the request as JSON, and its metadata. */
export interface ReceivedCall {
  readonly method: string;
  readonly request: JsonObject;
  readonly metadata: Readonly<Record<string, unknown>>;
  /** Aborts when the caller gives up. */
  readonly cancelled: AbortSignal;
}

type Answer = JsonObject | undefined | Promise<JsonObject | undefined>;
type UnaryStub = (call: ReceivedCall, trailers: Metadata) => Answer;
/** For streams of files: takes and gives HttpBody bytes as they come. */
type UploadStub = (messages: AsyncIterable<Buffer>) => Promise<JsonObject>;
type DownloadStub = (call: ReceivedCall) => AsyncIterable<JsonObject>;

const same = (bytes: Buffer): Buffer => bytes;
const json = { alwaysEmitImplicit: true, registry: registry() };

/** Every service of the contracts on one gRPC server: requests are held against the field rules, answers are samples unless a test says otherwise. */
export class StubServices {
  readonly calls: ReceivedCall[] = [];
  private readonly unary = new Map<string, UnaryStub>();
  private readonly uploads = new Map<string, UploadStub>();
  private readonly downloads = new Map<string, DownloadStub>();
  private readonly server = new Server({ 'grpc.max_receive_message_length': 16 * 1024 * 1024 });
  private port = 0;

  static async start(): Promise<StubServices> {
    const stubs = new StubServices();
    stubs.on('ExchangeApiKey', ({ request }) => ({
      token: `token-of-${String(request.apiKey)}-for-${String(request.audience)}`,
    }));
    for (const rpc of rpcs()) stubs.serve(rpc);
    stubs.port = await new Promise((resolve, reject) => {
      stubs.server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
        error ? reject(error) : resolve(port),
      );
    });
    return stubs;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  get peers(): Record<string, string> {
    return Object.fromEntries(
      [...new Set(rpcs().flatMap((rpc) => rpc.owner ?? []))].map((owner) => [owner, this.address]),
    );
  }

  on(method: string, stub: UnaryStub): void {
    this.unary.set(method, stub);
  }

  onUpload(method: string, stub: UploadStub): void {
    this.uploads.set(method, stub);
  }

  onDownload(method: string, stub: DownloadStub): void {
    this.downloads.set(method, stub);
  }

  /** The last call of a method. */
  last(method: string): ReceivedCall {
    const call = this.calls.findLast((candidate) => candidate.method === method);
    if (!call) throw new Error(`nobody called ${method}`);
    return call;
  }

  stop(): void {
    this.server.forceShutdown();
  }

  private serve(rpc: Rpc): void {
    const { methodKind } = rpc.descriptor;
    const definition = {
      path: rpc.path,
      requestStream: methodKind === 'client_streaming',
      responseStream: methodKind === 'server_streaming',
      requestSerialize: same,
      requestDeserialize: same,
      responseSerialize: same,
      responseDeserialize: same,
    };
    const implementation = {
      unary: (call: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>) =>
        void this.answer(rpc, call, callback),
      client_streaming: (call: ServerReadableStream<Buffer, Buffer>, callback: sendUnaryData<Buffer>) =>
        void this.take(rpc, call, callback),
      server_streaming: (call: ServerWritableStream<Buffer, Buffer>) => void this.give(rpc, call),
      bidi_streaming: () => undefined,
    }[methodKind];
    this.server.addService({ [rpc.method]: definition }, { [rpc.method]: implementation });
  }

  private async answer(
    rpc: Rpc,
    call: ServerUnaryCall<Buffer, Buffer>,
    callback: sendUnaryData<Buffer>,
  ): Promise<void> {
    try {
      const received = this.receive(rpc, call);
      const trailers = new Metadata();
      const own = await this.unary.get(rpc.method)?.(received, trailers);
      const { output } = rpc.descriptor;
      callback(null, Buffer.from(toBinary(output, own ? fromJson(output, own, json) : sampleOf(output))), trailers);
    } catch (error) {
      callback(toStatus(error));
    }
  }

  private async take(
    rpc: Rpc,
    call: ServerReadableStream<Buffer, Buffer>,
    callback: sendUnaryData<Buffer>,
  ): Promise<void> {
    const { output } = rpc.descriptor;
    try {
      const stub = this.uploads.get(rpc.method);
      if (!stub) for await (const _ of call); // takes it all
      callback(null, Buffer.from(toBinary(output, stub ? fromJson(output, await stub(call), json) : sampleOf(output))));
    } catch (error) {
      callback(toStatus(error));
    }
  }

  private async give(rpc: Rpc, call: ServerWritableStream<Buffer, Buffer>): Promise<void> {
    const { output } = rpc.descriptor;
    try {
      const received = this.receive(rpc, call);
      const messages = this.downloads.get(rpc.method)?.(received) ?? sampleFile();
      for await (const message of messages) {
        if (call.cancelled) return;
        if (!call.write(Buffer.from(toBinary(output, fromJson(output, message, json)))))
          await Promise.race([once(call, 'drain'), once(call, 'cancelled')]);
      }
      call.end();
    } catch (error) {
      call.emit('error', toStatus(error));
    }
  }

  private receive(
    rpc: Rpc,
    received: ServerUnaryCall<Buffer, Buffer> | ServerWritableStream<Buffer, Buffer>,
  ): ReceivedCall {
    const { input } = rpc.descriptor;
    const message = fromBinary(input, received.request);
    const cancelling = new AbortController();
    received.on('cancelled', () => cancelling.abort());
    const violations = violationsOf(input, message);
    if (violations.length > 0) throw DomainError.invalidAll(violations);
    const call = {
      method: rpc.method,
      request: toJson(input, message, { registry: registry() }) as JsonObject,
      metadata: received.metadata.getMap(),
      cancelled: cancelling.signal,
    };
    this.calls.push(call);
    return call;
  }
}

async function* sampleFile(): AsyncIterable<JsonObject> {
  yield { contentType: 'text/plain', data: Buffer.from('a sample').toString('base64') };
}

/** A message with every field set. */
export function sampleOf(message: DescMessage): Message {
  return fromJson(message, sampleJson(message) as JsonValue, json);
}

function sampleJson(message: DescMessage): JsonValue {
  if (message.typeName === 'google.protobuf.Timestamp') return '2026-03-02T15:00:00Z';
  if (message.typeName.startsWith('google.')) return toJson(message, create(message)) as JsonValue;
  return Object.fromEntries(
    message.fields.map((field) => [
      field.jsonName,
      field.fieldKind === 'list' ? [sampleValue(field)] : sampleValue(field),
    ]),
  );
}

function sampleValue(field: DescField): JsonValue {
  if (field.message) return sampleJson(field.message);
  if (field.enum) return field.enum.values.at(-1)?.name ?? '';
  const scalar = 'scalar' in field ? field.scalar : undefined;
  if (scalar === ScalarType.BOOL) return true;
  if (scalar !== ScalarType.STRING) return 7;
  return effectiveRule(field).format === Format.UUID ? '0195a1b2-0000-7000-8000-000000000001' : 'text';
}
