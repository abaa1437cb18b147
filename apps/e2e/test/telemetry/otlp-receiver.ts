import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';

/** A span as it left its process. */
export interface ReceivedSpan {
  /** `service.name` of the process. */
  readonly process: string;
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for a root. */
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: string;
  readonly isError: boolean;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  /** Trace ids that it is linked to. */
  readonly links: readonly string[];
}

const KINDS = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'];
const STATUS_ERROR = 2;

/** A collector of traces that keeps what it is sent (OTLP over HTTP, in protobuf). */
export class OtlpReceiver {
  readonly spans: ReceivedSpan[] = [];
  /** All that came, byte for byte: to look for what must not be in it, wherever it would stand. */
  readonly bodies: Buffer[] = [];

  private constructor(private readonly server: Server) {}

  static async start(): Promise<OtlpReceiver> {
    const server = createServer(async (request, response) => {
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part as Buffer);
      const sent = Buffer.concat(parts);
      receiver.take(request.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent);
      response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
    });
    const receiver = new OtlpReceiver(server);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return receiver;
  }

  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await once(this.server.close(), 'close');
  }

  private take(body: Buffer): void {
    this.bodies.push(body);
    for (const resourceSpans of fieldsOf(body).all(1)) {
      const fields = fieldsOf(resourceSpans);
      const process = String(attributesOf(fieldsOf(fields.bytes(1)).all(1))['service.name']);
      const scopes = fields.all(2).map(fieldsOf);
      this.spans.push(...scopes.flatMap((scope) => scope.all(2)).map((span) => readSpan(process, span)));
    }
  }
}

function readSpan(process: string, bytes: Uint8Array): ReceivedSpan {
  const span = fieldsOf(bytes);
  return {
    process,
    traceId: hex(span.bytes(1)),
    spanId: hex(span.bytes(2)),
    parentSpanId: hex(span.bytes(4)),
    name: text(span.bytes(5)),
    kind: KINDS[span.number(6)] ?? 'UNSPECIFIED',
    attributes: attributesOf(span.all(9)),
    links: span.all(13).map((link) => hex(fieldsOf(link).bytes(1))),
    isError: fieldsOf(span.bytes(15)).number(3) === STATUS_ERROR,
  };
}

function attributesOf(pairs: readonly Uint8Array[]): Record<string, string | number | boolean> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const fields = fieldsOf(pair);
      return [text(fields.bytes(1)), valueOf(fieldsOf(fields.bytes(2)))];
    }),
  );
}

/** Strings, booleans and whole numbers: what is more complicated is not sent. */
function valueOf(value: Fields): string | number | boolean {
  if (value.has(1)) return text(value.bytes(1));
  if (value.has(2)) return value.number(2) === 1;
  if (value.has(3)) return value.number(3);
  throw new Error('an attribute has a value of an unexpected kind');
}

/** The fields of an encoded message, by number. */
class Fields {
  constructor(private readonly values: ReadonlyMap<number, readonly (Uint8Array | number)[]>) {}

  has(field: number): boolean {
    return this.values.has(field);
  }

  all(field: number): Uint8Array[] {
    return (this.values.get(field) ?? []) as Uint8Array[];
  }

  bytes(field: number): Uint8Array {
    return this.all(field)[0] ?? new Uint8Array();
  }

  number(field: number): number {
    return (this.values.get(field)?.[0] as number | undefined) ?? 0;
  }
}

function fieldsOf(bytes: Uint8Array): Fields {
  const values = new Map<number, (Uint8Array | number)[]>();
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    const value = readValue(reader, type);
    values.set(field, [...(values.get(field) ?? []), value]);
  }
  return new Fields(values);
}

function readValue(reader: BinaryReader, type: WireType): Uint8Array | number {
  if (type === WireType.LengthDelimited) return reader.bytes();
  if (type === WireType.Varint) return Number(reader.int64());
  return reader.skip(type);
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');
