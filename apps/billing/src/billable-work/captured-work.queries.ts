import type { PageRequest, PageResult } from '@paradesk/contracts/paradesk/common/v1/page';
import { DomainError, isUuid } from '@paradesk/kernel';
import { bulkInsert, pageQuery, pageResult, type Tx } from '@paradesk/platform';
import { In, type FindOptionsWhere, type ObjectLiteral } from 'typeorm';
import type { CapturedWork } from './captured-work.js';

type EntityClass<T> = new () => T;

/** Stores captured work, however much it is, by one statement per 10,000. */
export async function insertWork<T extends CapturedWork>(tx: Tx, entity: EntityClass<T>, work: T[]): Promise<void> {
  const { tableName, columns } = tx.connection.getMetadata(entity);
  const types = Object.fromEntries(columns.map((column) => [column.databaseName, String(column.type)]));
  const rows = work.map((item) =>
    Object.fromEntries(columns.map((column) => [column.databaseName, column.getEntityValue(item, true) as unknown])),
  );
  await bulkInsert(tx, tableName, types, rows);
}

/** Locks the work in the order of ids, so that two callers who approve the same never wait for each other, and approves it. */
export async function approveWork<T extends CapturedWork>(
  tx: Tx,
  entity: EntityClass<T>,
  noun: string,
  ids: readonly string[],
): Promise<T[]> {
  const asked = ids.map((id) => id.toLowerCase());
  const found = await tx.find(entity, {
    where: { tenantId: tx.tenantId, id: In([...new Set(asked)]) } as FindOptionsWhere<T>,
    order: { id: 'ASC' } as never,
    lock: { mode: 'pessimistic_write' },
  });
  const byId = new Map(found.map((work) => [work.id, work]));
  const approved = asked.map((id) => {
    const work = byId.get(id);
    if (!work) throw DomainError.notFound(noun, id);
    work.approve();
    return work;
  });
  const changed = [...byId.keys()];
  await tx.query(
    `update ${tx.connection.getMetadata(entity).tableName} set status = 'approved'
     where tenant_id = $1 and id = any($2::uuid[]) and status = 'recorded'`,
    [tx.tenantId, changed],
  );
  return approved;
}

/**
 * A page of rows, the oldest recorded first: ids are in the order of recording.
 *
 * @param filter what the rows must have; an empty or absent value filters nothing
 */
export async function listById<T extends ObjectLiteral & { tenantId: string; id: string }>(
  tx: Tx,
  entity: EntityClass<T>,
  filter: Readonly<Record<string, string | undefined>>,
  page: PageRequest | undefined,
): Promise<{ items: T[]; page: PageResult }> {
  const query = pageQuery(page);
  if (query.after !== undefined && !isUuid(query.after)) {
    throw DomainError.invalid('page.token', 'PAGE_TOKEN', 'is no token that a page gave');
  }
  const given = Object.fromEntries(Object.entries(filter).filter(([, value]) => value));
  const rows = tx
    .createQueryBuilder(entity, 'item')
    .where({ tenantId: tx.tenantId, ...given })
    .orderBy('item.id')
    .limit(query.size + 1);
  if (query.after !== undefined) rows.andWhere('item.id > :after', { after: query.after });
  return pageResult(await rows.getMany(), query, (row) => row.id);
}
