import type { Caller } from '@paradesk/access';
import { Role } from '@paradesk/contracts/paradesk/common/v1/rule';
import type { EntityManager, QueryRunner } from 'typeorm';
import { actSetting, currentAct } from '../audit/act.js';
import { prepared } from '../database/prepared.js';

/** For whom a transaction is: somebody who calls, or with no more than a tenant a service at its own work (events, jobs, copies). */
export type Seer = Pick<Caller, 'tenantId'> & Partial<Pick<Caller, 'role' | 'personId' | 'clientId'>>;

/**
 * How much of a tenant's matters somebody sees; always less what an ethical wall screens them from.
 *
 * - `all`: a service at its own work.
 * - `others`: every matter but those that they are walled from.
 * - `team`: the matters that they are assigned to.
 * - `client`: the matters of their client.
 * - `none`: no matter, and nothing of a client.
 */
export type Sight = 'all' | 'others' | 'team' | 'client' | 'none';

const sightOfRole: Readonly<Partial<Record<Role, Sight>>> = {
  [Role.SERVICE]: 'all',
  [Role.OPERATIONS_MANAGER]: 'others',
  [Role.BILLING_MANAGER]: 'others',
  [Role.PARALEGAL]: 'team',
  [Role.VIRTUAL_ASSISTANT]: 'team',
  [Role.ATTORNEY]: 'client',
  [Role.PARTNER]: 'client',
};

/** The one place that says who sees what. Whoever is bound to a client, by their role or by their API key, sees no more than the client's. */
export function sightOf({ role, clientId }: Seer): Sight {
  if (role === undefined) return 'all';
  const sight = sightOfRole[role] ?? 'none';
  return sight === 'others' && clientId !== undefined ? 'client' : sight;
}

/**
 * Makes the rest of the transaction this tenant's and this person's. What they see is looked up once, now: a transaction sees one state of
 * the walls from its first statement to its last, and the policies of `isolateByMatter` compare with settings instead of reading tables.
 */
export async function enterAs(on: EntityManager | QueryRunner, seer: Seer): Promise<void> {
  const { tenantId, personId = null, clientId = null } = seer;
  const sight = sightOf(seer);
  const act = actSetting(currentAct());
  if (sight === 'all') await prepared(on, 'enter_as_service', ENTER_AS_SERVICE, [tenantId, act]);
  else
    await prepared(on, 'enter_as', 'select enter_as($1, $2, $3, $4, $5)', [tenantId, act, sight, personId, clientId]);
}

const ENTER_AS_SERVICE = `
  select set_config('paradesk.tenant', $1, true), set_config('paradesk.act', $2, true), set_config('paradesk.sees', 'all', true)`;
