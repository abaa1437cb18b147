import { Controller, Module } from '@nestjs/common';
import { decide } from '@paradesk/access';
import { Role, TaskClass, type Rule } from '@paradesk/contracts/paradesk/common/v1/rule';
import {
  TenantsServiceControllerMethods,
  TenantsServiceService,
  type GetTenantRequest,
  type Tenant,
  type TenantsServiceController,
} from '@paradesk/contracts/paradesk/identity/v1/tenants';
import { DomainError } from '@paradesk/kernel';
import {
  addMasterKey,
  callerOf,
  Clock,
  Database,
  defineService,
  InProcessChannel,
  migrate,
  provisionDatabase,
  startService,
  startTelemetry,
  type CallMetadata,
} from '@paradesk/platform';
import { startEmbeddedPostgres } from '@paradesk/platform/embedded-postgres';
import { aCaller, PeerStubs, TokenMint } from '@paradesk/testing';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { serveParent } from './child.js';
import { TenantCalls, tenantOf, type ServerReady } from './tenant-calls.js';

const SECRET = 'a-secret-that-only-benches-know-0123456789';
const FRESH_TOKENS = 2000;

// What `access` compares: calls that read the facts of a matter as services do, in a transaction of the tenant, and then decide or not.
const readsFacts = process.argv[2] === 'facts';
let decides = false;
const rule: Rule = { taskClass: TaskClass.SUBSTANTIVE, roles: [Role.PARALEGAL, Role.ATTORNEY], public: false };
const FACTS = `select $1::uuid as "tenantId", $1::uuid as "clientId", true as "isOnTeam", false as "isWalled",
  $1::uuid as "supervisingAttorneyId", 'US-CA' as jurisdiction`;

@Controller()
@TenantsServiceControllerMethods()
class TenantsController implements TenantsServiceController {
  constructor(private readonly database: Database) {}

  async createTenant(): Promise<Tenant> {
    throw new DomainError('refused', 'NOT_MEASURED', 'only GetTenant is measured');
  }

  async getTenant(request: GetTenantRequest, metadata: CallMetadata): Promise<Tenant> {
    const caller = callerOf(metadata);
    if (readsFacts) {
      const [facts] = await this.database.transaction(caller, (tx) => tx.query(FACTS, [caller.tenantId]));
      const resource = { tenantId: facts.tenantId, matter: facts };
      if (decides && !decide({ action: 'call', principal: caller, rule, resource }).allowed) {
        throw new DomainError('refused', 'NOT_MEASURED', 'only what is allowed is measured');
      }
    }
    return tenantOf(request.tenantId);
  }
}

@Module({ controllers: [TenantsController] })
class MeasuredModule {}

const measured = defineService({
  name: 'identity',
  module: MeasuredModule,
  config: z.object({}),
  entities: [],
  migrations: [],
  grpc: [TenantsServiceService],
  consumes: [],
});

/** Paradesk's stack as a service runs it, with an idle database behind it. */
async function servePlatform(): Promise<void> {
  startTelemetry({ serviceName: 'bench' });
  const folder = mkdtempSync(join(tmpdir(), 'paradesk-bench-'));
  const postgres = await startEmbeddedPostgres({ folder, durable: false });
  const { ownerUrl, runtimeUrl, runtimeRole } = await provisionDatabase(postgres.url, 'paradesk_bench', SECRET);
  await migrate({ ownerUrl, runtimeRole, migrations: [] });
  const keyFile = join(folder, 'keys.json');
  addMasterKey(keyFile);
  const clock = new Clock();
  const mint = await TokenMint.open(clock);
  const peers = new PeerStubs(mint, clock);
  await peers.start();
  const service = await startService(measured, {
    env: {
      DATABASE_URL: runtimeUrl,
      SERVICE_SECRET: SECRET,
      STORAGE: `folder:${folder}`,
      ENCRYPTION_KEYS: `file:${keyFile}`,
      LOG_LEVEL: 'warn',
    },
    channel: new InProcessChannel(),
    clock,
    peers: () => ({ identity: peers.address }),
  });
  const token = () => mint.tokenFor(aCaller({ role: Role.PARALEGAL }), 'identity');
  const calls = new TenantCalls(service.address);
  const answers = {
    token,
    round: async () => calls.round(await token()),
    decidedRound: async () => {
      decides = true;
      const measured = await calls.round(await token());
      decides = false;
      return measured;
    },
    tokens: () => Promise.all(Array.from({ length: FRESH_TOKENS }, token)),
  };
  const ready: ServerReady = { address: service.address };
  serveParent(ready, answers, async () => {
    calls.close();
    await service.stop();
    peers.stop();
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  });
}

await servePlatform();
