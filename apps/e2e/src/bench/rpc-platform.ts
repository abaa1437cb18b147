import { Controller, Module } from '@nestjs/common';
import { Role } from '@paradesk/contracts/paradesk/common/v1/rule';
import {
  TenantsServiceControllerMethods,
  TenantsServiceService,
  type GetTenantRequest,
  type Tenant,
  type TenantsServiceController,
} from '@paradesk/contracts/paradesk/identity/v1/tenants';
import { DomainError } from '@paradesk/kernel';
import {
  callerOf,
  Clock,
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

@Controller()
@TenantsServiceControllerMethods()
class TenantsController implements TenantsServiceController {
  async createTenant(): Promise<Tenant> {
    throw new DomainError('refused', 'NOT_MEASURED', 'only GetTenant is measured');
  }

  async getTenant(request: GetTenantRequest, metadata: CallMetadata): Promise<Tenant> {
    callerOf(metadata);
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
  const clock = new Clock();
  const mint = await TokenMint.open(clock);
  const peers = new PeerStubs(mint, clock);
  await peers.start();
  const service = await startService(measured, {
    env: { DATABASE_URL: runtimeUrl, SERVICE_SECRET: SECRET, STORAGE: `folder:${folder}`, LOG_LEVEL: 'warn' },
    channel: new InProcessChannel(),
    clock,
    peers: () => ({ identity: peers.address }),
  });
  const token = () => mint.tokenFor(aCaller({ role: Role.PARALEGAL }), 'identity');
  const calls = new TenantCalls(service.address);
  const answers = {
    token,
    round: async () => calls.round(await token()),
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
