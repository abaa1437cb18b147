/** A policy that a table with rows of matters or clients must have. */
export interface AccessPolicy {
  readonly table: string;
  readonly name: 'matter_access' | 'matters_access' | 'client_access' | 'part_access';
  /** SQL of reads and of writes. */
  readonly condition: string;
}

/** What a table says of whose its rows are. */
interface Ownership {
  readonly table: string;
  /** Column with the matter. */
  readonly matter: string | null;
  /** Whether the matter is always stated. */
  readonly matterIsStated: boolean;
  readonly hasMatters: boolean;
  /** Column with the client. */
  readonly client: string | null;
  /** Foreign keys to tables that have such columns or are parts of such, but for the copies of matters and clients themselves. */
  readonly parents: readonly {
    readonly table: string;
    readonly columns: readonly string[];
    readonly keys: readonly string[];
  }[];
}

type Query = <R>(sql: string, parameters?: unknown[]) => Promise<R[]>;

/** The policies that the tables of schema public need, by their columns and foreign keys. @param table only this one's */
export async function accessPoliciesOf(query: Query, table?: string): Promise<AccessPolicy[]> {
  const owned = await query<Ownership>(OWNERSHIP, [table ?? null]);
  return owned.flatMap(policiesOf);
}

function policiesOf(owned: Ownership): AccessPolicy[] {
  const { table, matter, matterIsStated, hasMatters, client, parents } = owned;
  const policies: Omit<AccessPolicy, 'table'>[] = [];
  if (matter) policies.push({ name: 'matter_access', condition: ofMatter(matter, matterIsStated) });
  if (hasMatters) policies.push({ name: 'matters_access', condition: OF_MATTERS });
  // A row of a matter is of the matter's client: who sees the one may see the other.
  if (!matterIsStated && client) policies.push({ name: 'client_access', condition: ofClient(client) });
  if (!matterIsStated && parents.length > 0)
    policies.push({ name: 'part_access', condition: ofParents(table, parents) });
  return policies.map((policy) => ({ table, ...policy }));
}

const SEES = `current_setting('paradesk.sees', true)`;
const SEES_ALL = `(select ${SEES} = 'all')`;
const LISTED = `string_to_array(nullif(current_setting('paradesk.matters', true), ''), ',')::uuid[]`;

// Whether the listed matters are those that are seen, or those that are not; null where nothing is seen.
const LISTED_ARE_SEEN = `(select case ${SEES} when 'team' then true when 'client' then true when 'others' then false else null end)`;

/**
 * Whether a matter is seen, of its id in SQL. Subselects are evaluated once a query, so most managers and all services cost one comparison a
 * row, and everybody else a look into a hash table. Nothing is seen where the setting says nothing.
 */
export function ofMatter(matter: string, isStated: boolean): string {
  const condition = `${SEES_ALL} or (${matter} in (select unnest(${LISTED}))) = ${LISTED_ARE_SEEN}`;
  return isStated ? condition : `${matter} is null or ${condition}`;
}

// Few rows are about several matters (invoices, their files and mails), and each about few.
const OF_MATTERS = `${SEES_ALL} or (select ${SEES} = 'others') and not matter_ids && (select ${LISTED})::uuid[]
    or (select ${SEES} = any (array['team', 'client'])) and matter_ids <@ coalesce((select ${LISTED})::uuid[], '{}')`;

// Staff see clients: walls are about matters. An API key of staff may be restricted to one client.
function ofClient(client: string): string {
  const own = `nullif(current_setting('paradesk.client', true), '')::uuid`;
  return `(select ${SEES} = any (array['all', 'others']) or ${SEES} = 'team' and ${own} is null) or ${client} = (select ${own})`;
}

function ofParents(table: string, parents: Ownership['parents']): string {
  const seen = parents.map(({ table: parent, columns, keys }) => {
    const equal = columns.map((column, index) => `parent.${keys[index]} = ${table}.${column}`).join(' and ');
    const absent = columns.filter((column) => column !== 'tenant_id').map((column) => `${column} is null`);
    return `(${[...absent, `exists (select from ${parent} parent where ${equal})`].join(' or ')})`;
  });
  return `${SEES_ALL} or ${seen.join(' and ')}`;
}

const namesOf = (table: string, columns: string) =>
  `(select json_agg(a.attname order by position) from unnest(${columns}) with ordinality c(attnum, position)
      join pg_attribute a on a.attrelid = ${table} and a.attnum = c.attnum)`;

// A foreign key to a copy of a matter or client is a column of its own; one to the table itself says nothing new.
const OWNERSHIP = `
  with recursive tables as (
    select c.oid, c.relname::text as name, m.attname::text as matter, coalesce(m.attnotnull, false) as stated,
      exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'matter_ids') as several, l.attname::text as client
    from pg_class c
    left join pg_attribute m on m.attrelid = c.oid and m.attname = case c.relname when 'matters' then 'id' else 'matter_id' end
    left join pg_attribute l on l.attrelid = c.oid and l.attname = case c.relname when 'clients' then 'id' else 'client_id' end
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
  ), owned as (
    select oid from tables where matter is not null or several or client is not null
    union
    select k.conrelid from pg_constraint k join owned o on o.oid = k.confrelid join tables t on t.oid = o.oid
    where k.contype = 'f' and t.name not in ('matters', 'clients')
  )
  select t.name as "table", t.matter, t.stated as "matterIsStated", t.several as "hasMatters", t.client, coalesce((
    select json_agg(json_build_object('table', p.name, 'columns', ${namesOf('k.conrelid', 'k.conkey')},
      'keys', ${namesOf('k.confrelid', 'k.confkey')}) order by k.conname)
    from pg_constraint k join tables p on p.oid = k.confrelid
    where k.contype = 'f' and k.conrelid = t.oid and p.oid <> t.oid and p.name not in ('matters', 'clients')
      and p.oid in (select oid from owned)), '[]') as parents
  from tables t join owned o on o.oid = t.oid where t.name = coalesce($1, t.name) order by t.name`;

/** A condition as it is compared: the catalog prints what it was given with casts, parentheses and names for results. */
export function comparable(condition: string): string {
  return condition
    .toLowerCase()
    .replace(/ as "?\w+"?/g, '')
    .replace(/::\w+(\[\])?/g, '')
    .replace(/[()\s]/g, '');
}
