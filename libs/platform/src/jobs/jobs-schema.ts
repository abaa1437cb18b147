import { runMigrations } from 'graphile-worker';
import pg from 'pg';

/** The job runner's schema in every service's database. */
export const JOBS_SCHEMA = 'graphile_worker';

/** Makes or renews the job runner's tables, as the role that owns the database. */
export async function migrateJobs(pool: pg.Pool): Promise<void> {
  surviveLostConnections(pool);
  await runMigrations({ pgPool: pool, schema: JOBS_SCHEMA });
}

/**
 * Lets the run-time role work with jobs. The runner's tables have row-level security without policies, which shuts out all but
 * their owner, so the role gets a policy of its own. Jobs carry their tenant in the payload; only platform reads them.
 */
export async function grantJobs(pool: pg.Pool, role: string): Promise<void> {
  const grantee = pg.escapeIdentifier(role);
  await pool.query(`
    grant usage on schema ${JOBS_SCHEMA} to ${grantee};
    grant select, insert, update, delete on all tables in schema ${JOBS_SCHEMA} to ${grantee};
    grant usage, select, update on all sequences in schema ${JOBS_SCHEMA} to ${grantee};
    grant execute on all functions in schema ${JOBS_SCHEMA} to ${grantee};
    revoke insert, update, delete, truncate on ${JOBS_SCHEMA}.migrations from ${grantee};`);
  const { rows } = await pool.query<{ name: string }>(
    `select c.oid::regclass::text as name from pg_class c
     where c.relnamespace = $1::regnamespace and c.relrowsecurity
       and not exists (select from pg_policy p where p.polrelid = c.oid and p.polname = 'paradesk_runtime')`,
    [JOBS_SCHEMA],
  );
  for (const { name } of rows)
    await pool.query(`create policy paradesk_runtime on ${name} to ${grantee} using (true) with check (true)`);
}

/** A connection that breaks reports to the query under way and to the pool; an error event without a listener would end the process. */
export function surviveLostConnections(pool: pg.Pool): void {
  const listen = (client: pg.PoolClient) => {
    if (!client.listeners('error').includes(ignore)) client.on('error', ignore);
  };
  pool.on('error', ignore);
  pool.on('connect', listen);
  // Connections that were open before this runner was made.
  pool.on('acquire', listen);
}

function ignore(): void {}
