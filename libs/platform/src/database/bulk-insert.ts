import type { EntityManager, ObjectLiteral } from 'typeorm';

/**
 * Inserts many rows by one statement per 10,000: `INSERT ... SELECT FROM unnest(...)`, 4 to 8 times faster than the ORM.
 *
 * @param columns column names and their SQL types, such as `{ id: 'uuid', amount_minor: 'bigint', matter_ids: 'uuid[]' }`
 * @param rows values by column name; bigints and dates as pg takes them (strings are safe)
 * @throws the server's error; the transaction is then lost as a whole
 */
export async function bulkInsert(
  tx: EntityManager,
  table: string,
  columns: Readonly<Record<string, string>>,
  rows: readonly Readonly<Record<string, unknown>>[],
): Promise<void> {
  const names = Object.keys(columns);
  // unnest takes arrays of arrays apart, so an array travels as its text.
  const isArray = (name: string) => columns[name]?.endsWith('[]') ?? false;
  const arrays = names.map((name, index) => `$${index + 1}::${isArray(name) ? 'text' : columns[name]}[]`);
  const values = names.map((name) => (isArray(name) ? `${name}::${columns[name]}` : name));
  const sql = `insert into ${table} (${names.join(', ')})
    select ${values.join(', ')} from unnest(${arrays.join(', ')}) given (${names.join(', ')})`;
  for (let start = 0; start < rows.length; start += 10_000) {
    const slice = rows.slice(start, start + 10_000);
    await tx.query(
      sql,
      names.map((name) => slice.map((row) => (isArray(name) ? arrayText(row[name]) : (row[name] ?? null)))),
    );
  }
}

/** Inserts entities as `bulkInsert` does: every column of theirs, as the entity's transformers store it. */
export async function insertEntities<T extends ObjectLiteral>(
  tx: EntityManager,
  entity: new () => T,
  items: readonly T[],
): Promise<void> {
  const { tableName, columns } = tx.connection.getMetadata(entity);
  const types = Object.fromEntries(
    columns.map((column) => [column.databaseName, `${String(column.type)}${column.isArray ? '[]' : ''}`]),
  );
  const rows = items.map((item) =>
    Object.fromEntries(
      columns.map((column) => [column.databaseName, storedOf(column, column.getEntityValue(item, true))]),
    ),
  );
  await bulkInsert(tx, tableName, types, rows);
}

// An array of JSON is an array of texts to the server.
function storedOf({ type }: { readonly type: unknown }, value: unknown): unknown {
  return type === 'jsonb' ? JSON.stringify(value) : value;
}

// Of ids and words, which need no quotes.
function arrayText(value: unknown): string | null {
  return Array.isArray(value) ? `{${value.join(',')}}` : null;
}
