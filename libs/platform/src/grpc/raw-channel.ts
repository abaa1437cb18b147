import {
  Client,
  credentials,
  Metadata,
  status as Status,
  type CallOptions,
  type ClientUnaryCall,
  type ServiceError,
} from '@grpc/grpc-js';
import { DomainError } from '@paradesk/kernel';
import { propagation } from '@opentelemetry/api';
import { inTransaction } from '../database/database.js';
import type { ChannelSecurity } from '../tls/peer-tls.js';
import { outgoingDeadline } from './call-scope.js';
import { drained } from './drained.js';
import { beginOutgoingCall, codeOf, type ObservedCall } from './rpc-telemetry.js';
import { fromStatus } from './status.js';

/** How to call. */
export interface RawCall {
  /** Request metadata, keys in lower case. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Most milliseconds; 5,000 by default; never more than the incoming call has left. */
  readonly timeoutMs?: number;
  /** Try again when the peer cannot be reached: only for what is safe to do twice. */
  readonly retry?: boolean;
  /** Cancels the call when nobody waits for its answer any more; an upload only once it is whole. */
  readonly signal?: AbortSignal;
}

/** An answer with what came behind it. */
export interface RawAnswer {
  readonly body: Buffer;
  /** Trailing metadata of text. */
  readonly trailers: Readonly<Record<string, string>>;
}

const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;
const ATTEMPTS = 4;
const DEFAULT_TIMEOUT_MS = 5_000;
const NO_MESSAGE = Buffer.from([0xff]);
const same = (bytes: Buffer): Buffer => bytes;

/** A connection to one service that carries encoded messages. Refusals arrive as the DomainError that the service threw. */
export class RawChannel {
  private readonly client: Client;

  /**
   * @param address `host:port`
   * @param security plain text by default
   */
  constructor(address: string, security?: ChannelSecurity) {
    this.client = new Client(address, security?.credentials ?? credentials.createInsecure(), {
      ...security?.options,
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
    // One deadline for all attempts: whoever waits does not care how many there are.
    const deadlineMs = outgoingDeadline(call.timeoutMs ?? DEFAULT_TIMEOUT_MS);
    const observed = beginOutgoingCall(path);
    for (let attempt = 1; ; attempt++) {
      try {
        const answer = await this.once(path, request, call, prepare(call, observed, deadlineMs));
        observed.end(Status.OK);
        return answer;
      } catch (error) {
        const again = call.retry === true && attempt < ATTEMPTS && (error as ServiceError).code === Status.UNAVAILABLE;
        if (!again || call.signal?.aborted) {
          observed.end(codeOf(error));
          throw fromStatus(error as ServiceError);
        }
        await new Promise((resolve) => setTimeout(resolve, (0.5 + Math.random()) * 50 * 2 ** attempt));
      }
    }
  }

  /** Sends a stream, with the back-pressure of the connection, and gets one answer. */
  async clientStream(path: string, requests: AsyncIterable<Buffer>, call: RawCall = {}): Promise<RawAnswer> {
    const observed = beginOutgoingCall(path);
    const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
    const stream = this.client.makeClientStreamRequest(path, same, same, ...prepare(call, observed), (error, body) => {
      observed.end(error ? codeOf(error) : Status.OK);
      if (error) reject(fromStatus(error));
      else resolve(body ?? Buffer.alloc(0));
    });
    promise.catch(() => undefined);
    try {
      for await (const request of requests) {
        if (stream.destroyed || stream.writableEnded) break;
        if (!stream.write(request)) await Promise.race([drained(stream), promise]);
      }
      stream.end();
      cancelOn(call.signal, stream);
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
    const observed = beginOutgoingCall(path);
    const stream = this.client.makeServerStreamRequest(path, same, same, request, ...prepare(call, observed));
    cancelOn(call.signal, stream);
    let code = Status.CANCELLED;
    try {
      for await (const message of stream) yield message as Buffer;
      code = Status.OK;
    } catch (error) {
      code = codeOf(error);
      throw fromStatus(error as ServiceError);
    } finally {
      stream.cancel();
      observed.end(code);
    }
  }

  close(): void {
    this.client.close();
  }

  private once(
    path: string,
    request: Buffer,
    { signal }: RawCall,
    [metadata, options]: [Metadata, CallOptions],
  ): Promise<RawAnswer> {
    return new Promise((resolve, reject) => {
      let body: Buffer = Buffer.alloc(0);
      const sent = this.client.makeUnaryRequest(path, same, same, request, metadata, options, (error, answer) => {
        if (error) reject(error);
        else body = answer ?? body;
      });
      cancelOn(signal, sent);
      sent.on('status', (status) => {
        if (status.code === Status.OK) resolve({ body, trailers: textOf(status.metadata) });
      });
    });
  }
}

function prepare(
  call: RawCall,
  observed: ObservedCall,
  deadline = outgoingDeadline(call.timeoutMs ?? DEFAULT_TIMEOUT_MS),
): [Metadata, CallOptions] {
  if (inTransaction()) throw new Error('no call to another service inside a transaction (rule T3)');
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(call.metadata ?? {})) metadata.set(key, value);
  propagation.inject(observed.context, metadata, { set: (carrier, key, value) => carrier.set(key, value) });
  return [metadata, { deadline }];
}

/** Forgets the signal when the call has ended, which it may outlive. */
function cancelOn(signal: AbortSignal | undefined, call: Pick<ClientUnaryCall, 'cancel' | 'once'>): void {
  if (!signal) return;
  const cancel = (): void => call.cancel();
  if (signal.aborted) cancel();
  signal.addEventListener('abort', cancel, { once: true });
  call.once('status', () => signal.removeEventListener('abort', cancel));
}

function textOf(metadata: Metadata): Record<string, string> {
  return Object.fromEntries(
    Object.entries(metadata.getMap()).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

function isRefusalOfPeer(error: unknown): boolean {
  return error instanceof DomainError && error.reason !== 'NOT_A_MESSAGE';
}
