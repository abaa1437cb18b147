import { ApiKeysServiceService } from '@paradesk/contracts/paradesk/identity/v1/api_keys';
import { Role } from '@paradesk/contracts/paradesk/common/v1/rule';
import type { Bootstrap } from '@paradesk/standalone';
import { Temporal } from 'temporal-polyfill';
import { newId } from '@paradesk/kernel';
import type { Person } from './calls.js';
import type { Load } from './load.js';
import { LoadTenant } from './tenant.js';

/** Words that stand in no text of the system. */
export const CANARIES = ['kestrelq', 'bitternq', 'avocetq', 'wrynckq'] as const;

interface Hire {
  readonly firstName: string;
  readonly role: 'OPERATIONS_MANAGER' | 'BILLING_MANAGER' | 'PARALEGAL';
}

/** Opens the companies of the load with their staff and two clients each, and fills them in. */
export async function openTenants(load: Load, tenants: LoadTenant[], bootstrap: Bootstrap): Promise<void> {
  for (const canary of CANARIES) {
    const tenant = await openTenant(load, canary);
    const hire = (one: Hire) => hirePerson(load, tenant, bootstrap, one);
    tenant.operations = tenant.founder();
    tenant.operations = await hire({ firstName: 'Olivia', role: 'OPERATIONS_MANAGER' });
    tenant.billing = await hire({ firstName: 'Bram', role: 'BILLING_MANAGER' });
    tenant.paralegal = await hire({ firstName: 'Priya', role: 'PARALEGAL' });
    tenant.paralegalIds.push(tenant.paralegal.caller.personId ?? '');
    tenants.push(tenant);
    await load.openClient(tenant);
    await load.openClient(tenant);
  }
}

async function openTenant(load: Load, canary: string): Promise<LoadTenant> {
  const id = newId(Temporal.Now.instant().epochMilliseconds);
  const operator: Person = { caller: { tenantId: id, role: Role.OPERATOR, personId: id } };
  const answer = await load.command({
    as: operator,
    method: 'CreateTenant',
    kind: 'tenant',
    marks: 'id',
    request: {
      name: `${canary} Paralegals`,
      timeZone: 'America/New_York',
      taxId: '12-3456789',
      email: `office@${canary}.example`,
    },
  });
  if (!answer) throw new Error('the load cannot open a tenant');
  return new LoadTenant(String(answer.id), canary);
}

async function hirePerson(load: Load, tenant: LoadTenant, bootstrap: Bootstrap, one: Hire): Promise<Person> {
  const { operations } = tenant;
  const { mark } = load.turnOf(tenant);
  const isTimekeeper = one.role === 'PARALEGAL';
  const answer = await load.command({
    as: operations,
    method: 'CreatePerson',
    kind: 'person',
    marks: [mark],
    request: {
      firstName: one.firstName,
      lastName: mark,
      email: `${mark}@staff.example`,
      role: `ROLE_${one.role}`,
      ...(isTimekeeper && { timekeeperCode: 'PN01', timekeeperClassification: 'PARALG' }),
    },
  });
  if (!answer) throw new Error(`the load cannot hire anybody for ${tenant.canary}`);
  const personId = String(answer.id);
  const { key } = await bootstrap.as(operations.caller, 'identity', ApiKeysServiceService, (keys) =>
    keys.createApiKey({ personId, name: 'load' }),
  );
  return { caller: { tenantId: tenant.id, role: Role[one.role], personId }, apiKey: key };
}
