import {
  Server,
  ServerCredentials,
  type sendUnaryData,
  type ServerUnaryCall,
  type ServerWritableStream,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { rpcs, toTimestamp, type Rpc } from '@paradesk/contracts';
import { TokensServiceService } from '@paradesk/contracts/paradesk/identity/v1/tokens';
import { DomainError } from '@paradesk/kernel';
import { toStatus, type Clock, type MethodShape, type ServiceShape } from '@paradesk/platform';
import { Role } from '@paradesk/contracts/paradesk/common/v1/rule';
import type { TokenMint } from './callers.js';

type Answer = (request: never) => unknown;
type Stubs<D extends ServiceShape> = { [K in keyof D]?: (request: ReturnType<D[K]['requestDeserialize']>) => unknown };

const same = (bytes: Buffer): Buffer => bytes;

/** Stands for all other services. What no test has stubbed answers NOT_FOUND. */
export class PeerStubs {
  private readonly answers = new Map<string, { method: MethodShape; answer: Answer }>();
  private readonly server = new Server();
  private port = 0;

  constructor(mint: TokenMint, clock: Clock) {
    this.stub(TokensServiceService, {
      listPublicKeys: () => ({ jwks: JSON.stringify(mint.jwks) }),
      issueServiceToken: async ({ service, audience, tenantId }) => ({
        token: await mint.tokenFor({ tenantId, role: Role.SERVICE, service }, audience),
        expiresAt: toTimestamp(clock.now().add({ seconds: 120 })),
      }),
    });
  }

  /** `host:port` of every peer. */
  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const byService = Map.groupBy(rpcs(), (rpc) => rpc.service);
    for (const methods of byService.values()) {
      const served = methods.filter((rpc) => !isClientStreaming(rpc));
      const definition = Object.fromEntries(served.map((rpc) => [rpc.method, rawMethod(rpc)]));
      const implementation = served.map((rpc) => [
        rpc.method,
        isServerStreaming(rpc) ? this.stream(rpc) : this.serve(rpc),
      ]);
      this.server.addService(definition, Object.fromEntries(implementation) as UntypedServiceImplementation);
    }
    this.port = await new Promise<number>((resolve, reject) =>
      this.server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
        error ? reject(error) : resolve(port),
      ),
    );
  }

  /** Answers some RPCs of a service, streaming ones by a list; fields that an answer leaves out get their defaults. */
  stub<D extends ServiceShape>(definition: D, answers: Stubs<D>): void {
    for (const [name, answer] of Object.entries(answers)) {
      const method = definition[name];
      if (method && answer) this.answers.set(method.path, { method, answer: answer as Answer });
    }
  }

  stop(): void {
    this.server.forceShutdown();
  }

  private serve(rpc: Rpc) {
    return (call: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>): void => {
      void this.answer(rpc, call.request).then(
        ([bytes]) => callback(null, bytes),
        (error: unknown) => callback(toStatus(error)),
      );
    };
  }

  private stream(rpc: Rpc) {
    return (call: ServerWritableStream<Buffer, Buffer>): void => {
      void this.answer(rpc, call.request).then(
        (messages) => {
          for (const message of messages) call.write(message);
          call.end();
        },
        (error: unknown) => call.emit('error', toStatus(error)),
      );
    };
  }

  private async answer(rpc: Rpc, request: Buffer): Promise<Buffer[]> {
    const stub = this.answers.get(rpc.path);
    if (!stub) throw DomainError.notFound(rpc.method.replace(/^[A-Z][a-z]+/, ''), 'unknown');
    const answer = await stub.answer(stub.method.requestDeserialize(request) as never);
    const defaults = stub.method.responseDeserialize(Buffer.alloc(0)) as object;
    const messages = isServerStreaming(rpc) ? (answer as object[]) : [answer as object];
    return messages.map((message) => stub.method.responseSerialize({ ...defaults, ...message } as never));
  }
}

function isClientStreaming(rpc: Rpc): boolean {
  return rpc.descriptor.methodKind === 'client_streaming';
}

function isServerStreaming(rpc: Rpc): boolean {
  return rpc.descriptor.methodKind === 'server_streaming';
}

function rawMethod(rpc: Rpc) {
  return {
    path: rpc.path,
    requestStream: false,
    responseStream: isServerStreaming(rpc),
    requestSerialize: same,
    requestDeserialize: same,
    responseSerialize: same,
    responseDeserialize: same,
  };
}
