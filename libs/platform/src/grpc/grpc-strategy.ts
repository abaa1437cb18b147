import {
  Server as GrpcServer,
  ServerCredentials,
  logVerbosity,
  setLogVerbosity,
  type sendUnaryData,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { ServerGrpc, Transport, type CustomTransportStrategy } from '@nestjs/microservices';
import type { Rpc } from '@paradesk/contracts';
import { HealthImplementation } from 'grpc-health-check';
import { isObservable, lastValueFrom } from 'rxjs';
import type { Act } from '../audit/act.js';
import type { TokenVerifier } from '../auth/tokens.js';
import type { PeerTls } from '../tls/peer-tls.js';
import { rpcAt } from './peers.js';
import { addReflection } from './reflection.js';
import { RpcPipeline, type RpcHandler, type ServedRpc } from './rpc-pipeline.js';
import type { MethodShape, ServiceShape } from './service-definition.js';

/** What a gRPC server serves. */
export interface GrpcStrategyOptions {
  /** `host:port`; port 0 takes a free one. */
  readonly address: string;
  /** Every service that the contracts give to this one: an RPC without a handler or without a rule stops the start. */
  readonly services: readonly ServiceShape[];
  readonly verifier: TokenVerifier;
  /** Who connects must have a certificate; plain text by default. */
  readonly tls?: PeerTls | undefined;
  readonly onError: (error: unknown, rpc: Rpc) => void;
  /** Told of every call that the caller may not make, before the caller is. */
  readonly onRefusal?: (act: Act, reason: string) => Promise<void>;
}

type AnyCall = ServerUnaryCall<unknown, unknown> &
  ServerReadableStream<unknown, unknown> &
  ServerWritableStream<unknown, unknown>;

const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;
// What grpc-js has to say is thrown as well, and then said once.
setLogVerbosity(logVerbosity.NONE);

/** Stands for a request whose bytes are no message: refused as bad input rather than as INTERNAL. */
const UNDECODABLE = Symbol('undecodable');

/**
 * Serves controllers over gRPC. Of Nest's own transport only the type is used, by which Nest hands the metadata to a handler: the rest
 * hangs on handlers that await their request stream, turns errors into UNKNOWN and logs none of them.
 */
export class GrpcStrategy extends ServerGrpc implements CustomTransportStrategy {
  override transportId = Transport.GRPC;
  private readonly rpcHandlers = new Map<string, RpcHandler>();
  private readonly health = new HealthImplementation();
  private readonly server = new GrpcServer({
    'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
    'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
  });
  private readonly pipeline: RpcPipeline;
  private boundPort = 0;

  constructor(private readonly serving: GrpcStrategyOptions) {
    super({} as never);
    this.pipeline = new RpcPipeline(serving.verifier, serving.onError, serving.onRefusal);
  }

  /** The port that is served, once listening. */
  get port(): number {
    return this.boundPort;
  }

  override addHandler(pattern: unknown, callback: unknown): void {
    const { service, rpc } = pattern as { service: string; rpc: string };
    this.rpcHandlers.set(keyOf(service, rpc), callback as RpcHandler);
  }

  override async listen(callback: (error?: unknown) => void): Promise<void> {
    try {
      for (const service of this.serving.services) this.serve(service);
      this.health.addToServer(this.server);
      addReflection(this.server);
    } catch (error) {
      callback(error);
      return;
    }
    const credentials = this.serving.tls?.serverCredentials ?? ServerCredentials.createInsecure();
    this.server.bindAsync(this.serving.address, credentials, (error, port) => {
      if (error) {
        const why = /\bE[A-Z]{3,}\b/.exec(error.message)?.[0] ?? error.message;
        callback(new Error(`gRPC cannot listen on ${this.serving.address} (${why}): free it, or correct GRPC_ADDRESS`));
        return;
      }
      this.boundPort = port;
      this.health.setStatus('', 'SERVING');
      callback();
    });
  }

  /** Takes no new calls, lets those under way end for at most `timeoutMs`, then cuts them off. */
  async drain(timeoutMs: number): Promise<void> {
    this.health.setStatus('', 'NOT_SERVING');
    const ended = new Promise<void>((resolve) => this.server.tryShutdown(() => resolve()));
    const timer = setTimeout(() => this.server.forceShutdown(), timeoutMs);
    await ended.finally(() => clearTimeout(timer));
  }

  override async close(): Promise<void> {
    this.server.forceShutdown();
  }

  override on(): void {
    // no events of the transport are offered
  }

  override unwrap<T>(): T {
    return this.server as T;
  }

  private serve(service: ServiceShape): void {
    const implementation: UntypedServiceImplementation = {};
    const definition: Record<string, MethodShape> = {};
    for (const [name, method] of Object.entries(service)) {
      const rpc = rpcAt(method.path);
      if (!rpc.rule?.taskClass) throw new Error(`${rpc.path} states no rule: nobody may call it, so it is not served`);
      const handler = this.rpcHandlers.get(keyOf(rpc.service.split('.').at(-1) ?? '', rpc.method));
      if (!handler) throw new Error(`${rpc.path} has no handler`);
      definition[name] = { ...method, requestDeserialize: tolerant(method), responseSerialize: encoded };
      implementation[name] = this.implement({ rpc, method, handler: settled(handler) }) as never;
    }
    this.server.addService(definition as never, implementation);
  }

  private implement(served: ServedRpc) {
    if (served.method.requestStream) {
      return (call: AnyCall, callback: sendUnaryData<unknown>) => this.pipeline.clientStream(served, call, callback);
    }
    if (served.method.responseStream)
      return (call: AnyCall) => this.pipeline.serverStream(served, call, isDecoded(call.request));
    return (call: AnyCall, callback: sendUnaryData<unknown>) =>
      this.pipeline.unary(served, call, callback, isDecoded(call.request));
  }
}

function keyOf(service: string, rpc: string): string {
  return `${service}/${rpc.charAt(0).toLowerCase()}${rpc.slice(1)}`;
}

function isDecoded(request: unknown): boolean {
  return request !== UNDECODABLE;
}

function tolerant(method: MethodShape): MethodShape['requestDeserialize'] {
  return (bytes) => {
    try {
      return method.requestDeserialize(bytes);
    } catch {
      return UNDECODABLE;
    }
  };
}

/** The pipeline encodes answers: what cannot be encoded is an error like any other, and grpc-js would tell the caller of it. */
function encoded(bytes: Buffer): Buffer {
  return bytes;
}

/** Nest hands results over as they are, but wraps what a filter made in an Observable. */
function settled(handler: RpcHandler): RpcHandler {
  return async (request, metadata) => {
    const result = await handler(request, metadata);
    return isObservable(result) ? lastValueFrom(result) : result;
  };
}
