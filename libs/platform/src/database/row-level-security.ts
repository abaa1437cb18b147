import type { QueryRunner } from 'typeorm';
import { type AccessPolicy, accessPoliciesOf, comparable } from '../access/access-policies.js';

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

/**
 * Shows rows only to those who see their matter or their client: teams, ethical walls, attorneys of one client. Whatever query comes, and
 * of writes too; a caller's settings come from `Database.transaction`, and without them nothing is seen. Call it right behind
 * `isolateByTenant`, when columns and foreign keys are there:
 *
 *     for (const table of ['trust_accounts', 'trust_movements']) {
 *       await isolateByTenant(runner, table);
 *       await isolateByMatter(runner, table);
 *     }
 *
 * What a table needs follows from its columns, so there is nothing to state:
 *
 * - `matter_id` (or the table `matters`): rows of matters that the caller sees. A row without a matter goes by the others of these.
 * - `matter_ids uuid[]`: a row about several matters is shown to those who see all of them; null says that nobody knows which, and is shown
 *   to nobody who is walled from anything or sees only some matters.
 * - `client_id` (or the table `clients`): all staff, and of attorneys and partner systems those of the client.
 * - a foreign key to a table that is so isolated: who sees the row that it is a part of. A table with a `matter_id not null` needs neither this
 *   nor its client's.
 *
 * Call it again when a migration adds such a column or key: it replaces what is there. `findIsolationFaults` finds tables that need it. A new
 * column `matter_ids` is filled by `update` in the same migration: rows of before are otherwise null, or say by a default that they are about
 * no matter. Look up what a command names inside its transaction (or by `require(caller, id)`), so that what is not seen is NOT_FOUND: what
 * only an insert would notice is an error of the server (42501), and leaves as INTERNAL.
 */
export async function isolateByMatter(runner: Pick<QueryRunner, 'query'>, table: string): Promise<void> {
  const wanted = await accessPoliciesOf((sql, parameters) => runner.query(sql, parameters), table);
  if (wanted.length === 0) throw new Error(`${table} has nothing that says whose matter or client a row is`);
  for (const { name, condition } of wanted) {
    await runner.query(`drop policy if exists ${name} on ${table}`);
    await runner.query(
      `create policy ${name} on ${table} as restrictive using (${condition}) with check (${condition})`,
    );
  }
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
 *   tables owned by, or a bypass given to, the run-time role; and tables with a matter or a client that miss a policy of `isolateByMatter`
 */
export async function findIsolationFaults(
  query: <R>(sql: string, parameters?: unknown[]) => Promise<R[]>,
  directories: readonly string[] = [],
): Promise<IsolationFault[]> {
  const exempt = [...directories, 'migrations'];
  const faults = await query<IsolationFault>(ISOLATION_FAULTS, [exempt, ISOLATION]);
  const wanted = await accessPoliciesOf(query);
  const stated = await query<StatedPolicy>(RESTRICTIVE_POLICIES);
  const missing = wanted.filter((policy) => !exempt.includes(policy.table) && !isStated(policy, stated));
  return [
    ...faults,
    ...missing.map(({ table, name }) => ({ table, fault: `has no policy ${name}: isolateByMatter makes it` })),
  ];
}

interface StatedPolicy {
  readonly table: string;
  readonly name: string;
  /** Its conditions as the catalog prints them: of reads, and of writes. */
  readonly reads: string;
  readonly writes: string;
}

function isStated({ table, name, condition }: AccessPolicy, stated: readonly StatedPolicy[]): boolean {
  const found = stated.find((policy) => policy.table === table && policy.name === name);
  const is = (printed: string | undefined) => printed !== undefined && comparable(printed) === comparable(condition);
  return is(found?.reads) && is(found?.writes);
}

const RESTRICTIVE_POLICIES = `
  select c.relname as "table", p.polname as name, pg_get_expr(p.polqual, p.polrelid) as reads, pg_get_expr(p.polwithcheck, p.polrelid) as writes
  from pg_policy p join pg_class c on c.oid = p.polrelid
  where c.relnamespace = 'public'::regnamespace and not p.polpermissive and p.polcmd = '*' and p.polroles = '{0}'`;

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
