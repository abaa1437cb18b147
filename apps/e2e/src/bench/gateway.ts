import { Agent, request } from 'node:http';
import { Child } from './child.js';
import { printTable, quantile, rounded } from './figures.js';
import { drive, type Load, type Measured } from './load.js';
import { TenantCalls } from './tenant-calls.js';

/** Where the measured system is, and how to sign in. */
export interface SystemReady {
  readonly api: string;
  /** API key of an operations manager. */
  readonly apiKey: string;
  /** `host:port` of identity's gRPC. */
  readonly identity: string;
  readonly tenantId: string;
}

type Findings = { addedP50Ms: number; addedP99Ms: number; requestsPerSecond: number };

const ROUNDS = 5;
const ALONE: Load = { concurrency: 1, durationMs: 2000, mostCalls: 2000 };
const CROWD: Load = { concurrency: 32, durationMs: 2000, mostCalls: 10_000 };

/** GET /v1/tenants/{id} with an API key, over connections that are kept. */
class RestCalls {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: CROWD.concurrency });
  private readonly url: string;

  constructor(private readonly system: SystemReady) {
    this.url = `${system.api}/v1/tenants/${system.tenantId}`;
  }

  /** @throws Error for any answer but 200 */
  call(): Promise<void> {
    const headers = { authorization: `Bearer ${this.system.apiKey}` };
    return new Promise((resolve, reject) => {
      const sent = request(this.url, { agent: this.agent, headers }, (response) => {
        response.resume().once('error', reject);
        response.once('end', () =>
          response.statusCode === 200 ? resolve() : reject(new Error(`the gateway answered ${response.statusCode}`)),
        );
      });
      sent.once('error', reject).end();
    });
  }

  close(): void {
    this.agent.destroy();
  }
}

/** One way to the answer, measured alone and in a crowd. */
class Way {
  readonly alone: number[] = [];
  readonly crowd: number[] = [];
  private crowdMs = 0;

  constructor(
    readonly name: string,
    private readonly call: () => Promise<void>,
  ) {}

  async warmUp(): Promise<void> {
    await drive(CROWD, this.call);
  }

  async round(): Promise<void> {
    this.alone.push(...(await drive(ALONE, this.call)).latenciesMs);
    const { perSecond, latenciesMs }: Measured = await drive(CROWD, this.call);
    this.crowd.push(...latenciesMs);
    this.crowdMs += (latenciesMs.length / perSecond) * 1000;
  }

  get perSecond(): number {
    return (this.crowd.length / this.crowdMs) * 1000;
  }

  row(): (string | number)[] {
    const at = (values: readonly number[], q: number) => quantile(values, q).toFixed(2);
    const alone = [0.5, 0.95, 0.99].map((q) => at(this.alone, q));
    return [this.name, ...alone, Math.round(this.perSecond), at(this.crowd, 0.5), at(this.crowd, 0.99)];
  }
}

/**
 * A read of one row by REST against the same RPC directly, on a standalone system (gateway, services and one database client in one
 * process). The gateway asks identity about the API key at each request, so that a revoked key ends at once: one more RPC and signature.
 */
export async function measure(): Promise<Findings> {
  const system = await Child.start<SystemReady>('./gateway-system.js', []);
  const { identity, tenantId } = system.ready;
  const grpc = new TenantCalls(identity, tenantId);
  const rest = new RestCalls(system.ready);
  let token = '';
  const direct = new Way('gRPC, direct', () => grpc.call(token));
  const gateway = new Way('REST, through the gateway', () => rest.call());
  try {
    token = await system.ask<string>('token');
    await direct.warmUp();
    await gateway.warmUp();
    for (let round = 1; round <= ROUNDS; round++) {
      token = await system.ask<string>('token');
      await direct.round();
      await gateway.round();
    }
    const head = ['GetTenant', 'alone p50 ms', 'p95 ms', 'p99 ms', '32 at once /s', 'p50 ms', 'p99 ms'];
    printTable(head, [direct.row(), gateway.row()]);
    const { peakMb } = await system.usage();
    console.log(`peak memory of the system's process, without PostgreSQL: ${Math.round(peakMb)} MB`);
    const added = (q: number) => rounded(quantile(gateway.alone, q) - quantile(direct.alone, q));
    return { addedP50Ms: added(0.5), addedP99Ms: added(0.99), requestsPerSecond: Math.round(gateway.perSecond) };
  } finally {
    grpc.close();
    rest.close();
    await system.stop();
  }
}
