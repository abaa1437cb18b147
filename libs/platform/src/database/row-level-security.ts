import type { QueryRunner } from 'typeorm';

/**
 * Makes a table a tenant's table: no row of another tenant can be read or written, not even by the table's owner.
 * The setting is '' after a transaction that had it, hence `nullif`; the subselect lets the planner evaluate it once a query.
 *
 * @param table name of a table in schema public with a column `tenant_id uuid not null`
 */
export async function isolateByTenant(runner: QueryRunner, table: string): Promise<void> {
  const tenant = `tenant_id = (select nullif(current_setting('paradesk.tenant', true), '')::uuid)`;
  await runner.query(`alter table ${table} enable row level security`);
  await runner.query(`alter table ${table} force row level security`);
  await runner.query(`create policy tenant_isolation on ${table} using (${tenant}) with check (${tenant})`);
}

/** A tenant table that is not isolated, or a right of the run-time role that it must not have. */
export interface IsolationFault {
  readonly table: string;
  readonly fault: string;
}

/**
 * Looks in the catalog for what would let one tenant see another's rows. Run by the role that serves.
 *
 * @param query runs SQL and answers with rows
 * @returns every fault found: tables with a `tenant_id` (and those without one, save the directories named) that miss row-level
 *   security, its force or the very policy of `isolateByTenant`; keys that do not start with tenant_id; views that are not security_invoker;
 *   and tables owned by, or a bypass given to, the run-time role
 */
export async function findIsolationFaults(
  query: <R>(sql: string, parameters?: unknown[]) => Promise<R[]>,
  directories: readonly string[] = [],
): Promise<IsolationFault[]> {
  return query<IsolationFault>(ISOLATION_FAULTS, [[...directories, 'migrations'], ISOLATION]);
}

// The condition that isolateByTenant states, as the catalog prints it: a policy of the same name that says anything else is none.
const ISOLATION = String.raw`^\(tenant_id = \( SELECT \(NULLIF\(current_setting\('paradesk\.tenant'::text, true\), ''::text\)\)::uuid( AS "nullif")?\)\)$`;

const ISOLATION_FAULTS = `
  with own_tables as (
    select c.* from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'public' and c.relkind in ('r', 'p') and c.relname <> all ($1)
  )
  select relname as "table", 'has no tenant_id' as fault from own_tables t
    where not exists (select from pg_attribute a where a.attrelid = t.oid and a.attname = 'tenant_id' and a.attnotnull)
  union all
  select relname, 'row-level security is not enabled and forced' from own_tables where not (relrowsecurity and relforcerowsecurity)
  union all
  select relname, 'has no policy tenant_isolation for all commands' from own_tables t
    where not exists (
      select from pg_policy p where p.polrelid = t.oid and p.polname = 'tenant_isolation' and p.polcmd = '*' and p.polroles = '{0}'
        and pg_get_expr(p.polqual, p.polrelid) ~ $2 and pg_get_expr(p.polwithcheck, p.polrelid) ~ $2)
  union all
  select relname, 'has another permissive policy' from own_tables t
    where exists (select from pg_policy p where p.polrelid = t.oid and p.polname <> 'tenant_isolation' and p.polpermissive)
  union all
  select t.relname, 'key ' || i.indexrelid::regclass || ' does not start with tenant_id' from own_tables t join pg_index i on i.indrelid = t.oid and i.indisunique
    left join pg_attribute a on a.attrelid = t.oid and a.attnum = i.indkey[0] where a.attname is distinct from 'tenant_id'
  union all
  select t.relname, 'foreign key ' || k.conname || ' does not carry tenant_id' from own_tables t join pg_constraint k on k.conrelid = t.oid and k.contype = 'f'
    where not exists (select from pg_attribute a where a.attrelid = t.oid and a.attname = 'tenant_id' and a.attnum = any (k.conkey))
  union all
  select c.relname, 'view is not security_invoker' from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'public' and c.relkind in ('v', 'm') and not coalesce(c.reloptions @> array['security_invoker=true'], false)
  union all
  select c.relname, 'is owned by the run-time role' from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast') and c.relowner = (select oid from pg_roles where rolname = current_user)
  union all
  select rolname::text, 'the run-time role bypasses row-level security' from pg_roles where rolname = current_user and (rolbypassrls or rolsuper)
`;
