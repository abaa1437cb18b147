import pg from 'pg';
import { DataSource, type MigrationInterface } from 'typeorm';
import { CreateMatterAccess1767225500003 } from '../access/matter-access-migration.js';
import { CreateAudit1767225500002 } from '../audit/audit-migration.js';
import { grantAudit, trailTenantTables } from '../audit/trail.js';
import { CreateEncryptionKeys1767225500008 } from '../encryption/encryption-migration.js';
import { grantJobs, migrateJobs } from '../jobs/jobs-schema.js';
import { CreateMessaging1767225500000 } from '../messaging/messaging-migration.js';
import { CreateIdempotencyKeys1767225500001 } from './idempotency.js';

/** Which database to bring up to date, and for whom. */
export interface MigrateOptions {
  /** URL of the role that owns the tables. */
  readonly ownerUrl: string;
  /** The role that serves: it gets rights on rows, never on tables. */
  readonly runtimeRole: string;
  readonly migrations: readonly (new () => MigrationInterface)[];
}

/**
 * Brings a service's database up to date: platform's tables, the service's own, the job runner's, and the rights of the
 * run-time role. Safe to run again, and by several at once: they take turns.
 *
 * @returns names of the migrations that ran now
 */
export async function migrate({ ownerUrl, runtimeRole, migrations }: MigrateOptions): Promise<string[]> {
  const role = pg.escapeIdentifier(runtimeRole);
  const source = new DataSource({
    type: 'postgres',
    url: ownerUrl,
    migrations: [
      CreateMessaging1767225500000,
      CreateIdempotencyKeys1767225500001,
      CreateAudit1767225500002,
      CreateMatterAccess1767225500003,
      CreateEncryptionKeys1767225500008,
      ...migrations,
    ],
    migrationsTransactionMode: 'each',
    extra: { max: 2 },
  });
  await source.initialize();
  const lock = source.createQueryRunner();
  try {
    await lock.query(`select pg_advisory_lock(hashtext('paradesk.migrate'))`);
    for (const schema of ['public', 'messaging']) {
      await source.query(`create schema if not exists ${schema}`);
      await source.query(`grant usage on schema ${schema} to ${role}`);
      await source.query(
        `alter default privileges in schema ${schema} grant select, insert, update, delete on tables to ${role}`,
      );
      await source.query(`alter default privileges in schema ${schema} grant usage, select on sequences to ${role}`);
    }
    const ran = await source.runMigrations();
    await source.query(`revoke all on migrations from ${role}`);
    await trailTenantTables(source);
    await grantAudit(source, runtimeRole);
    await withPool(ownerUrl, async (pool) => {
      await migrateJobs(pool);
      await grantJobs(pool, runtimeRole);
    });
    return ran.map((migration) => migration.name);
  } finally {
    await lock.release();
    await source.destroy();
  }
}

async function withPool(url: string, work: (pool: pg.Pool) => Promise<void>): Promise<void> {
  const pool = new pg.Pool({ connectionString: url, max: 2 });
  pool.on('error', () => undefined);
  try {
    await work(pool);
  } finally {
    await pool.end();
  }
}
