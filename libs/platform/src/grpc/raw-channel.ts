import { Client, credentials, Metadata, status as Status, type CallOptions, type ServiceError } from '@grpc/grpc-js';
import { DomainError } from '@paradesk/kernel';
import { context, propagation } from '@opentelemetry/api';
import { inTransaction } from '../database/database.js';
import { outgoingDeadline } from './call-scope.js';
import { drained } from './drained.js';
import { fromStatus } from './status.js';

/** How to call. */
export interface RawCall {
  /** Request metadata, keys in lower case. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Most milliseconds; 5,000 by default; never more than the incoming call has left. */
  readonly timeoutMs?: number;
  /** Try again when the peer cannot be reached: only for what is safe to do twice. */
  readonly retry?: boolean;
}

/** An answer with what came behind it. */
export interface RawAnswer {
  readonly body: Buffer;
  /** Trailing metadata of text. */
  readonly trailers: Readonly<Record<string, string>>;
}

const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;
const ATTEMPTS = 4;
const NO_MESSAGE = Buffer.from([0xff]);
const same = (bytes: Buffer): Buffer => bytes;

/** A connection to one service that carries encoded messages. Refusals arrive as the DomainError that the service threw. */
export class RawChannel {
  private readonly client: Client;

  /** @param address `host:port` */
  constructor(address: string) {
    this.client = new Client(address, credentials.createInsecure(), {
      'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
      'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
      'grpc.enable_retries': 0,
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 2000,
    });
  }

  /**
   * @param path such as `/paradesk.billing.v1.InvoicesService/IssueInvoice`
   * @throws DomainError as the service refused, or unavailable PEER_UNAVAILABLE / DEADLINE_EXCEEDED
   */
  async unary(path: string, request: Buffer, call: RawCall = {}): Promise<RawAnswer> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.once(path, request, call);
      } catch (error) {
        const again = call.retry === true && attempt < ATTEMPTS && (error as ServiceError).code === Status.UNAVAILABLE;
        if (!again) throw fromStatus(error as ServiceError);
        await new Promise((resolve) => setTimeout(resolve, (0.5 + Math.random()) * 50 * 2 ** attempt));
      }
    }
  }

  /** Sends a stream, with the back-pressure of the connection, and gets one answer. */
  async clientStream(path: string, requests: AsyncIterable<Buffer>, call: RawCall = {}): Promise<RawAnswer> {
    const [metadata, options] = prepare(call);
    const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
    const stream = this.client.makeClientStreamRequest(path, same, same, metadata, options, (error, body) =>
      error ? reject(fromStatus(error)) : resolve(body ?? Buffer.alloc(0)),
    );
    promise.catch(() => undefined);
    try {
      for await (const request of requests) {
        if (stream.destroyed || stream.writableEnded) break;
        if (!stream.write(request)) await Promise.race([drained(stream), promise]);
      }
      stream.end();
    } catch (error) {
      // Cancelling would end the stream first, and the service could take half a file for a whole one: it is told by what is no message.
      stream.write(NO_MESSAGE);
      stream.end();
      // What the service refused explains a broken pipe; what broke on our side explains itself.
      await promise.catch((refusal: unknown) => {
        if (isRefusalOfPeer(refusal)) throw refusal;
      });
      throw error;
    }
    return { body: await promise, trailers: {} };
  }

  /** Gets a stream; a slow reader slows the service down, and leaving the loop cancels the call. */
  async *serverStream(path: string, request: Buffer, call: RawCall = {}): AsyncIterable<Buffer> {
    const [metadata, options] = prepare(call);
    const stream = this.client.makeServerStreamRequest(path, same, same, request, metadata, options);
    try {
      for await (const message of stream) yield message as Buffer;
    } catch (error) {
      throw fromStatus(error as ServiceError);
    } finally {
      stream.cancel();
    }
  }

  close(): void {
    this.client.close();
  }

  private once(path: string, request: Buffer, call: RawCall): Promise<RawAnswer> {
    const [metadata, options] = prepare(call);
    return new Promise((resolve, reject) => {
      let body: Buffer = Buffer.alloc(0);
      const sent = this.client.makeUnaryRequest(path, same, same, request, metadata, options, (error, answer) => {
        if (error) reject(error);
        else body = answer ?? body;
      });
      sent.on('status', (status) => {
        if (status.code === Status.OK) resolve({ body, trailers: textOf(status.metadata) });
      });
    });
  }
}

function prepare(call: RawCall): [Metadata, CallOptions] {
  if (inTransaction()) throw new Error('no call to another service inside a transaction (rule T3)');
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(call.metadata ?? {})) metadata.set(key, value);
  propagation.inject(context.active(), metadata, { set: (carrier, key, value) => carrier.set(key, value) });
  return [metadata, { deadline: outgoingDeadline(call.timeoutMs ?? 5000) }];
}

function textOf(metadata: Metadata): Record<string, string> {
  return Object.fromEntries(
    Object.entries(metadata.getMap()).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

function isRefusalOfPeer(error: unknown): boolean {
  return error instanceof DomainError && error.reason !== 'NOT_A_MESSAGE';
}
