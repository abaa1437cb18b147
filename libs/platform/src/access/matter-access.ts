import type { Matter } from '@paradesk/contracts/paradesk/assignment/v1/matters';
import type { EntityManager } from 'typeorm';
import { ofMatter } from './access-policies.js';

/**
 * Keeps who is near a matter, unless a later state is known: what the row-level security of the service's tables goes by. Every consumer of
 * the topic `matters` calls it first, and so does whoever asks assignment for a matter (GetMatterState).
 *
 * @param tx a transaction of the tenant
 * @param matter its team is who has an assignment that has not ended
 * @param walledPersonIds who is screened from it
 */
export async function keepMatterAccess(
  tx: Pick<EntityManager, 'query'> & { readonly tenantId: string },
  { id, clientId, version, assignments }: Pick<Matter, 'id' | 'clientId' | 'version' | 'assignments'>,
  walledPersonIds: readonly string[],
): Promise<void> {
  const later: unknown[] = await tx.query(
    `insert into matter_access as known (tenant_id, matter_id, client_id, version) values ($1, $2, $3, $4)
     on conflict (tenant_id, matter_id) do update set client_id = excluded.client_id, version = excluded.version
     where excluded.version > known.version returning 1 as later`,
    [tx.tenantId, id, clientId, version],
  );
  if (later.length === 0) return;
  const team = new Set(assignments.filter(({ endedAt }) => !endedAt).map(({ personId }) => personId));
  for (const [table, personIds] of [
    ['matter_teams', [...team]],
    ['matter_walls', walledPersonIds],
  ] as const) {
    await tx.query(`delete from ${table} where tenant_id = $1 and matter_id = $2 and person_id <> all ($3::uuid[])`, [
      tx.tenantId,
      id,
      personIds,
    ]);
    await tx.query(
      `insert into ${table} (tenant_id, matter_id, person_id) select $1, $2, unnest($3::uuid[]) on conflict do nothing`,
      [tx.tenantId, id, personIds],
    );
  }
}

/** The first of these matters that the transaction's caller does not see; undefined when they see all. */
export async function firstHidden(
  tx: Pick<EntityManager, 'query'>,
  matterIds: readonly string[],
): Promise<string | undefined> {
  if (matterIds.length === 0) return undefined;
  const [hidden]: { id: string }[] = await tx.query(
    `select id from unnest($1::uuid[]) named(id) where (${ofMatter('id', true)}) is not true limit 1`,
    [matterIds],
  );
  return hidden?.id;
}
