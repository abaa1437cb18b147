import { accessPoliciesOf, ofMatter } from '../access/access-policies.js';
import { TENANT_TABLES, type TenantTable, keyBeside } from './trail.js';

type Query = <R>(sql: string, parameters?: unknown[]) => Promise<R[]>;

/**
 * SQL that is true of a record of the trail which the transaction's caller may read. Whoever sees all reads all. To anybody else a record is
 * shown where the row that it tells of is: the policies of the row's own table decide, as they do everywhere. So nothing is shown of a row
 * that is there no more, nor of one that came from a matter that the caller does not see.
 *
 * @param query looks in the catalog, as the role that serves
 */
export async function seenRecords(query: Query): Promise<string> {
  const isolated = new Set((await accessPoliciesOf(query)).map(({ table }) => table));
  const tables = (await query<TenantTable>(TENANT_TABLES, [[]])).filter(({ name }) => isolated.has(name));
  const shown = tables.map((table) => `when ${literal(table.name)} then exists (${rowOf(table)})`);
  const ofRow = shown.length === 0 ? 'true' : `case r.table_name ${shown.join(' ')} else true end`;
  return `((select current_setting('paradesk.sees', true) = 'all') or ${ofRow} and ${OF_ITS_MATTERS})`;
}

// The matters that a record names beside its row's own: the one that a row was moved from, or whose key (`encryption_keys`) it is. Those who
// read the trail see every matter but the few that they are walled from; to anybody else any id that is no matter of theirs is one too many.
const OF_ITS_MATTERS = `not exists (
  select from (
    select jsonb_array_elements_text(r.changes -> 'matter_id') union all select unnest(string_to_array(r.row_id, '/'))
  ) named(id)
  where pg_input_is_valid(named.id, 'uuid') and (${ofMatter('named.id::uuid', true)}) is not true)`;

// A row's key is a text in the record, as it was when it was written: what is no value of today's column is no row's key.
function rowOf({ name, columns, key }: TenantTable): string {
  const typeOf = new Map(columns.map((column) => [column.name, column.type]));
  const equal = keyBeside(key).map((column, index, all) => {
    const type = typeOf.get(column) ?? 'text';
    const part = all.length === 1 ? 'r.row_id' : `split_part(r.row_id, '/', ${index + 1})`;
    return `row_of."${column}" = case when pg_input_is_valid(${part}, ${literal(type)}) then (${part})::${type} end`;
  });
  return `select from "${name}" row_of where row_of.tenant_id = r.tenant_id and ${equal.join(' and ')}`;
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
