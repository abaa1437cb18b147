import { Server, ServerCredentials, type sendUnaryData, type ServerUnaryCall } from '@grpc/grpc-js';
import { rpcs, toTimestamp } from '@paradesk/contracts';
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
      const unary = methods.filter((rpc) => rpc.descriptor.methodKind === 'unary');
      const definition = Object.fromEntries(unary.map((rpc) => [rpc.method, rawMethod(rpc.path)]));
      this.server.addService(
        definition,
        Object.fromEntries(unary.map((rpc) => [rpc.method, this.serve(rpc.path, rpc.method)])),
      );
    }
    this.port = await new Promise<number>((resolve, reject) =>
      this.server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
        error ? reject(error) : resolve(port),
      ),
    );
  }

  /** Answers some RPCs of a service; fields that an answer leaves out get their defaults. */
  stub<D extends ServiceShape>(definition: D, answers: Stubs<D>): void {
    for (const [name, answer] of Object.entries(answers)) {
      const method = definition[name];
      if (method && answer) this.answers.set(method.path, { method, answer: answer as Answer });
    }
  }

  stop(): void {
    this.server.forceShutdown();
  }

  private serve(path: string, name: string) {
    return (call: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>): void => {
      void this.answer(path, name, call.request).then(
        (bytes) => callback(null, bytes),
        (error: unknown) => callback(toStatus(error)),
      );
    };
  }

  private async answer(path: string, name: string, request: Buffer): Promise<Buffer> {
    const stub = this.answers.get(path);
    if (!stub) throw DomainError.notFound(name.replace(/^[A-Z][a-z]+/, ''), 'unknown');
    const answer = (await stub.answer(stub.method.requestDeserialize(request) as never)) as object;
    const defaults = stub.method.responseDeserialize(Buffer.alloc(0)) as object;
    return stub.method.responseSerialize({ ...defaults, ...answer } as never);
  }
}

function rawMethod(path: string) {
  return {
    path,
    requestStream: false,
    responseStream: false,
    requestSerialize: same,
    requestDeserialize: same,
    responseSerialize: same,
    responseDeserialize: same,
  };
}
