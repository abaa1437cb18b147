import type { PageRequest, PageResult } from '@paradesk/contracts/paradesk/common/v1/page';
import { DomainError, isUuid } from '@paradesk/kernel';
import { pageQuery, pageResult, type Tx } from '@paradesk/platform';
import { In, type FindOptionsWhere, type ObjectLiteral } from 'typeorm';
import type { CapturedWork } from './captured-work.js';

type EntityClass<T> = new () => T;

/**
 * Locks work, changes each piece of it, and stores how far it has come: all of it or none.
 *
 * @param change what becomes of a piece; throws where it must not
 * @returns the work in the order asked for
 * @throws DomainError not-found where a piece is not there
 */
export async function moveWork<T extends CapturedWork>(
  tx: Tx,
  entity: EntityClass<T>,
  { noun, ids }: { readonly noun: string; readonly ids: readonly string[] },
  change: (work: T) => void,
): Promise<T[]> {
  const asked = ids.map((id) => id.toLowerCase());
  const byId = new Map((await lockWork(tx, entity, [...new Set(asked)])).map((work) => [work.id, work]));
  const moved = asked.map((id) => {
    const work = byId.get(id);
    if (!work) throw DomainError.notFound(noun, id);
    return work;
  });
  for (const work of byId.values()) change(work);
  // What stays as it is is not written, so that no trail says it was.
  await tx.query(
    `update ${tx.connection.getMetadata(entity).tableName} w set status = m.status, status_reason = m.status_reason
     from unnest($2::uuid[], $3::text[], $4::text[]) m (id, status, status_reason)
     where w.tenant_id = $1 and w.id = m.id and (w.status, w.status_reason) <> (m.status, m.status_reason)`,
    [
      tx.tenantId,
      [...byId.keys()],
      [...byId.values()].map((work) => work.status),
      [...byId.values()].map((work) => work.statusReason),
    ],
  );
  return moved;
}

/** Approves work: all of it or none. */
export function approveWork<T extends CapturedWork>(
  tx: Tx,
  entity: EntityClass<T>,
  noun: string,
  ids: readonly string[],
): Promise<T[]> {
  return moveWork(tx, entity, { noun, ids }, (work) => work.approve());
}

/** Locks the work in the order of ids, so that two callers who change the same never wait for each other. */
export function lockWork<T extends CapturedWork>(tx: Tx, entity: EntityClass<T>, ids: readonly string[]): Promise<T[]> {
  return tx.find(entity, {
    where: { tenantId: tx.tenantId, id: In([...ids]) } as FindOptionsWhere<T>,
    order: { id: 'ASC' } as never,
    lock: { mode: 'pessimistic_write' },
  });
}

/** Stores all of a changed piece of work. */
export async function saveWork<T extends CapturedWork>(tx: Tx, entity: EntityClass<T>, work: T): Promise<void> {
  const { id, tenantId, ...values } = work;
  await tx.update(entity, { tenantId, id } as never, values as never);
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
