import pg from 'pg';

/** What runs SQL as the owner of the tables: a query runner, a data source. */
interface Sql {
  query(sql: string, parameters?: unknown[]): Promise<unknown>;
}

/**
 * Tenant tables that leave no trail: `idempotency_keys` holds what callers sent and got, which is no business of the trail, and
 * `audit_heads` tells of the trail itself: recording it would move the very heads that it holds, for ever.
 */
const UNTRAILED = ['idempotency_keys', 'audit_heads'];

/**
 * Makes every change of every tenant's table leave a record, whoever makes it. Run after each migration, so that none can forget it: the
 * functions name the columns of their table, which is three times as fast for many rows as comparing rows as JSON.
 *
 * Statement-level, with transition tables: a bulk insert is recorded by one statement too. A record of an insert has the hash of the row
 * only, since the row itself is there; one of an update the columns that differ, `[old, new]`; one of a delete all of them. Columns of
 * bytes are in the hashes and not in `changes`: they are secrets' hashes, and nothing that a person reads.
 */
export async function trailTenantTables(owner: Sql): Promise<void> {
  const tables = (await owner.query(TENANT_TABLES, [UNTRAILED])) as TenantTable[];
  for (const table of tables) {
    await owner.query(trailFunction(table));
    for (const [event, transition] of Object.entries(TRANSITIONS)) {
      if (table.triggers.includes(`audit_${event}`)) continue;
      const name = pg.escapeIdentifier(table.name);
      await owner.query(
        `create trigger audit_${event} after ${event} on ${name} referencing ${transition}
         for each statement execute function audit.${functionOf(table.name)}()`,
      );
    }
  }
}

const TRANSITIONS = {
  insert: 'new table as new_rows',
  update: 'old table as old_rows new table as new_rows',
  delete: 'old table as old_rows',
};

/**
 * Erases rows for good: of what `work` deletes or changes in the transaction, the audit trail keeps the hashes and not what stood in it.
 */
export async function erasing<T>(tx: Sql, work: () => Promise<T>): Promise<T> {
  await tx.query(`select set_config('paradesk.erasing', 'on', true)`);
  const result = await work();
  await tx.query(`select set_config('paradesk.erasing', '', true)`);
  return result;
}

/** Lets the run-time role read the trail, add to it and have it sealed, and nothing else. */
export async function grantAudit(owner: Sql, runtimeRole: string): Promise<void> {
  const role = pg.escapeIdentifier(runtimeRole);
  await owner.query(`
    grant usage on schema audit to ${role};
    grant select on audit.records, audit.heads to ${role};
    grant insert (tenant_id, action, person_id, role, service, rule, outcome, reason, table_name, row_id, changes, changes_hash)
      on audit.records to ${role};
    grant update (notarized_sequence) on audit.heads to ${role};
    grant execute on function audit.seal to ${role}`);
}

/** A tenant table whose changes leave no trail, or a right by which the run-time role could change the trail. */
export interface AuditFault {
  readonly table: string;
  readonly fault: string;
}

/**
 * Looks in the catalog for what would change unseen. Run by the role that serves.
 *
 * @param query runs SQL and answers with rows
 * @returns every fault found: tenant tables without an enabled trigger of the trail for each of insert, update and delete; tables that the
 *   run-time role may empty at once; and rights of it to change records
 */
export async function findAuditFaults(
  query: <R>(sql: string, parameters?: unknown[]) => Promise<R[]>,
): Promise<AuditFault[]> {
  return query<AuditFault>(AUDIT_FAULTS, [UNTRAILED]);
}

/** A table whose changes leave a trail. */
export interface TenantTable {
  readonly name: string;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** Columns of the primary key, in order. */
  readonly key: readonly string[];
  readonly triggers: readonly string[];
}

// With or without row-level security: who signs in as which person is such a table too. Only a directory says nothing but where to look
// for a row of another table, which leaves a trail.
const IS_TENANT_TABLE = `
  c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and c.relname <> all ($1) and c.relname not like '%\\_directory'
  and exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id' and a.attnotnull)`;

/** Asks the catalog for every `TenantTable`; takes the names of tables to leave out. */
export const TENANT_TABLES = `
  select c.relname as name,
    (select json_agg(json_build_object('name', a.attname, 'type', a.atttypid::regtype::text) order by a.attnum)
      from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns,
    array(select a.attname::text from pg_index i join unnest(i.indkey::int2[]) with ordinality k(attnum, position) on true
      join pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum where i.indrelid = c.oid and i.indisprimary order by k.position) as key,
    array(select t.tgname::text from pg_trigger t where t.tgrelid = c.oid and not t.tgisinternal) as triggers
  from pg_class c where ${IS_TENANT_TABLE} order by c.relname`;

const AUDIT_FAULTS = `
  select c.relname as "table", 'leaves no trail of ' || e.event as fault
  from pg_class c cross join (values ('insert', 4), ('update', 16), ('delete', 8)) e(event, bit)
  where ${IS_TENANT_TABLE} and not exists (
    select from pg_trigger t join pg_proc f on f.oid = t.tgfoid
    where t.tgrelid = c.oid and t.tgtype & e.bit <> 0 and t.tgtype & 1 = 0 and t.tgenabled in ('O', 'A') and t.tgqual is null
      and f.pronamespace = 'audit'::regnamespace and f.prosecdef)
  union all
  select c.relname, 'may be truncated by the run-time role' from pg_class c
  where ${IS_TENANT_TABLE} and has_table_privilege(current_user, c.oid, 'truncate')
  union all
  select 'audit.records', 'may be changed by the run-time role'
  where has_any_column_privilege(current_user, 'audit.records', 'update') or has_table_privilege(current_user, 'audit.records', 'delete, truncate')
    or has_column_privilege(current_user, 'audit.records', 'sequence', 'insert')`;

function functionOf(table: string): string {
  return pg.escapeIdentifier(`trail_${table}`);
}

const WHO = 'action, person_id, role, service, rule, outcome, table_name, row_id';

// Rows are hashed as their texts, which must not depend on who is connected: hence the settings.
function trailFunction({ name, columns, key }: TenantTable): string {
  const shown = columns.filter(({ type }) => type !== 'bytea').map((column) => column.name);
  const keyed = key.map((column) => pg.escapeIdentifier(column)).join(', ');
  const changed = shown.map((column) => {
    const [before, after] = [`o.${pg.escapeIdentifier(column)}`, `n.${pg.escapeIdentifier(column)}`];
    return `case when ${before} is distinct from ${after} then ${member(column, before, after)} end`;
  });
  const lost = shown.map((column) => member(column, `o.${pg.escapeIdentifier(column)}`, 'null'));
  const who = (row: string) =>
    `a_action, a_person, a_role, a_service, a_rule, 'done', tg_table_name, ${rowId(key, row)}`;
  return `
    create or replace function audit.${functionOf(name)}() returns trigger language plpgsql security definer
    set search_path = pg_catalog set timezone = 'UTC' set datestyle = 'ISO' set intervalstyle = 'postgres' set bytea_output = 'hex' set extra_float_digits = 1 as $trail$
    declare
      act jsonb := coalesce(nullif(current_setting('paradesk.act', true), '')::jsonb, '{}');
      a_action text := coalesce(act ->> 'action', 'sql ' || session_user);
      a_person uuid := act ->> 'person';
      a_role text := act ->> 'role';
      a_service text := act ->> 'service';
      a_rule text := act ->> 'rule';
    begin
      if tg_op = 'INSERT' then
        insert into audit.records (tenant_id, ${WHO}, after_hash)
        select n.tenant_id, ${who('n')}, ${rowHash('n')} from new_rows n;
      elsif tg_op = 'UPDATE' then
        insert into audit.records (tenant_id, ${WHO}, before_hash, after_hash, changes, changes_hash)
        select coalesce(n.tenant_id, o.tenant_id), ${who('')}, ${rowHash('o')}, ${rowHash('n')}, c.changes, sha256(convert_to(c.changes::text, 'UTF8'))
        from new_rows n full join old_rows o using (${keyed})
        cross join lateral (select ${forgetting(jsonObject(changed))} as changes offset 0) c where o is distinct from n;
      else
        insert into audit.records (tenant_id, ${WHO}, before_hash, changes, changes_hash)
        select o.tenant_id, ${who('o')}, ${rowHash('o')}, c.changes, sha256(convert_to(c.changes::text, 'UTF8'))
        from old_rows o cross join lateral (select ${forgetting(jsonObject(lost))} as changes offset 0) c;
      end if;
      return null;
    end $trail$`;
}

function rowHash(row: string): string {
  return `sha256(convert_to(${row}.tenant_id::text || ${row}::text, 'UTF8'))`;
}

/** The columns that a record names a row by: `id`, else what the primary key has beside the tenant, else the tenant. */
export function keyBeside(key: readonly string[]): readonly string[] {
  const beside = key.filter((column) => column !== 'tenant_id');
  return beside.includes('id') ? ['id'] : beside.length > 0 ? beside : ['tenant_id'];
}

function rowId(key: readonly string[], row: string): string {
  const texts = keyBeside(key).map((column) => `${row && `${row}.`}${pg.escapeIdentifier(column)}::text`);
  return `concat_ws('/', ${texts.join(', ')})`;
}

function member(column: string, before: string, after: string): string {
  return `${pg.escapeLiteral(`${JSON.stringify(column)}: `)} || json_build_array(${before}, ${after})`;
}

// What is erased for good must not live on in the record of its erasure; the hash of the row stays.
function forgetting(changes: string): string {
  return `case when current_setting('paradesk.erasing', true) = 'on' then null else ${changes} end`;
}

function jsonObject(members: readonly string[]): string {
  return `('{' || concat_ws(', ', ${members.join(', ')}) || '}')::jsonb`;
}
