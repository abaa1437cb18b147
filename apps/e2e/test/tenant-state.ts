import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { SystemUnderTest } from './running-system.js';

/** The services that have a database. */
export const services = ['identity', 'assignment', 'billing', 'documents', 'communications'] as const;

/** Asks a service's database as the role that the service runs as. */
export async function asService<T>(
  { system }: SystemUnderTest,
  service: string,
  work: (query: <R>(sql: string, parameters?: unknown[]) => Promise<R[]>) => Promise<T>,
): Promise<T> {
  const url = new URL(system.databaseUrl);
  url.username = `paradesk_${service}`;
  url.password = encodeURIComponent(system.secrets.databasePassword);
  url.pathname = `/paradesk_${service}`;
  const client = new pg.Client(url.href);
  await client.connect();
  try {
    return await work(
      async <R>(sql: string, parameters?: unknown[]) => (await client.query(sql, parameters)).rows as R[],
    );
  } finally {
    await client.end();
  }
}

/**
 * All that a tenant has in the databases, as a hash of each table's rows, with its events and how far consumers have come. Of the audit
 * trail nothing: a refusal is recorded there.
 */
export async function stateOf(system: SystemUnderTest, tenantId: string): Promise<Record<string, string>> {
  const state: Record<string, string> = {};
  for (const service of services)
    await asService(system, service, async (query) => {
      await query(`select set_config('paradesk.tenant', $1, false), set_config('paradesk.sees', 'all', false)`, [
        tenantId,
      ]);
      const tables = await query<{ name: string }>(TENANT_TABLES);
      for (const { name } of tables) {
        const [hash] = await query<{ rows: string }>(HASH.replace('TABLE', `${name} where tenant_id = $1`), [tenantId]);
        state[`${service}.${name}`] = hash!.rows;
      }
    });
  return state;
}

/** The same, once nothing of what was begun is going on any more. */
export async function settledStateOf(system: SystemUnderTest, tenantId: string): Promise<Record<string, string>> {
  let known = await stateOf(system, tenantId);
  for (let looks = 0; looks < 50; looks++) {
    await sleep(300);
    const state = await stateOf(system, tenantId);
    if (JSON.stringify(state) === JSON.stringify(known)) return state;
    known = state;
  }
  throw new Error('the tenant does not come to rest');
}

const TENANT_TABLES = `
  select case when relnamespace = 'public'::regnamespace then '' else 'messaging.' end || relname as name from pg_class c
  where relkind in ('r', 'p') and exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id')
    and (relnamespace = 'public'::regnamespace or relnamespace = 'messaging'::regnamespace and relname in ('outbox', 'consumer_positions'))
  order by 1`;

// Rows as text, in any order; when an event was published is no change of the tenant's.
const HASH = `
  select count(*) || ' rows ' || coalesce(md5(string_agg(row, ',' order by row)), '') as rows
  from (select (to_jsonb(t) - 'published_at')::text as row from (select * from TABLE) t) r`;
