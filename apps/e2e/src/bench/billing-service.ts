import { billing } from '@paradesk/billing';
import {
  addMasterKey,
  Clock,
  InProcessChannel,
  migrate,
  provisionDatabase,
  startService,
  startTelemetry,
} from '@paradesk/platform';
import { startEmbeddedPostgres } from '@paradesk/platform/embedded-postgres';
import { PeerStubs, TokenMint } from '@paradesk/testing';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';

const SECRET = 'only-for-the-bench-0123456789abcdef';

/** Billing as a service runs it, on a PostgreSQL of its own. */
export interface BillingToMeasure {
  readonly address: string;
  readonly mint: TokenMint;
  /** The superuser's URL of its database. */
  readonly superuserUrl: string;
  /** The URL of the role that the service runs as. */
  readonly runtimeUrl: string;
  stop(): Promise<void>;
}

/**
 * @param fill puts data into the database before the service starts; neither foreign keys nor the audit trail hold for it
 * @param durable whether PostgreSQL waits for its disk
 */
export async function startBilling(
  fill: (client: pg.Client) => Promise<void>,
  { durable }: { readonly durable: boolean },
): Promise<BillingToMeasure> {
  startTelemetry({ serviceName: 'bench' });
  const folder = mkdtempSync(join(tmpdir(), 'paradesk-bench-'));
  const postgres = await startEmbeddedPostgres({ folder: join(folder, 'postgres'), durable });
  const database = await provisionDatabase(postgres.url, 'bench', SECRET);
  await migrate({ ...database, migrations: billing.migrations });
  const superuserUrl = new URL(postgres.url);
  superuserUrl.pathname = '/bench';
  await filled(superuserUrl.href, fill);
  const keyFile = join(folder, 'keys.json');
  addMasterKey(keyFile);
  const clock = new Clock();
  const mint = await TokenMint.open(clock);
  const peers = new PeerStubs(mint, clock);
  await peers.start();
  const service = await startService(billing, {
    env: {
      DATABASE_URL: database.runtimeUrl,
      SERVICE_SECRET: SECRET,
      STORAGE: `folder:${folder}`,
      ENCRYPTION_KEYS: `file:${keyFile}`,
      LOG_LEVEL: 'error',
      GRPC_ADDRESS: '127.0.0.1:0',
      OPS_ADDRESS: '127.0.0.1:0',
    },
    channel: new InProcessChannel(),
    clock,
    peers: () => ({ identity: peers.address }),
  });
  return {
    address: service.address,
    mint,
    superuserUrl: superuserUrl.href,
    runtimeUrl: database.runtimeUrl,
    stop: async () => {
      await service.stop();
      peers.stop();
      await postgres.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function filled(url: string, fill: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  await client.query('set session_replication_role = replica');
  await fill(client);
  await client.query('vacuum analyze');
  await client.end();
}
