import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { topics } from '@paradesk/contracts';
import { Role } from '@paradesk/contracts/paradesk/common/v1/rule';
import { TenantsServiceService } from '@paradesk/contracts/paradesk/identity/v1/tenants';
import { newId } from '@paradesk/kernel';
import { aCaller, type ServiceUnderTest } from '@paradesk/testing';
import { anOpenTenant, aTenant, startIdentity } from './builders.js';

let system: ServiceUnderTest;
beforeAll(async () => {
  system = await startIdentity();
});
afterAll(() => system.stop());

const operator = aCaller({ role: Role.OPERATOR });

describe('tenants', () => {
  it('are opened by an operator, seen by their own people and announced once', async () => {
    const tenant = await system.client(TenantsServiceService, operator).createTenant(aTenant());

    const own = aCaller({ role: Role.VIRTUAL_ASSISTANT, tenantId: tenant.id });
    expect(tenant).toMatchObject({ ...aTenant(), version: 1 });
    expect(await system.client(TenantsServiceService, own).getTenant({ tenantId: tenant.id })).toEqual(tenant);
    const published = (await system.published(topics.tenants)).filter((event) => event.aggregateId === tenant.id);
    expect(published).toEqual([
      {
        tenantId: tenant.id,
        aggregateId: tenant.id,
        aggregateVersion: 1,
        event: { event: { $case: 'created', value: { tenant } } },
      },
    ]);
  });

  it('are opened once under one idempotency key', async () => {
    const tenants = system.client(TenantsServiceService, aCaller({ role: Role.OPERATOR }));

    const first = await tenants.createTenant(aTenant(), { idempotencyKey: 'tenant-once' });
    const second = await tenants.createTenant(aTenant(), { idempotencyKey: 'tenant-once' });

    expect(second).toEqual(first);
    const published = await system.published(topics.tenants);
    expect(published.filter(({ aggregateId }) => aggregateId === first.id)).toHaveLength(1);
  });

  it.each([
    ['another tenant', async () => (await anOpenTenant(system)).tenantId],
    ['a tenant that does not exist', async () => newId(Date.now())],
  ])('do not see %s', async (_, otherId) => {
    const caller = await anOpenTenant(system);
    const get = system.client(TenantsServiceService, caller).getTenant({ tenantId: await otherId() });

    await expect(get).rejects.toMatchObject({ kind: 'not-found', reason: 'TENANT_NOT_FOUND' });
  });

  it.each([[Role.OPERATIONS_MANAGER], [Role.BILLING_MANAGER], [Role.SERVICE]])(
    'are not opened by role %i',
    async (role) => {
      const before = await countTenants();

      const create = system.client(TenantsServiceService, aCaller({ role })).createTenant(aTenant());

      await expect(create).rejects.toMatchObject({ kind: 'forbidden', reason: 'ROLE_NOT_ALLOWED' });
      expect(await countTenants()).toBe(before);
    },
  );

  it('are refused field by field', async () => {
    const create = system
      .client(TenantsServiceService, operator)
      .createTenant(aTenant({ timeZone: 'Mars/Olympus', email: 'office' }));

    await expect(create).rejects.toMatchObject({
      kind: 'invalid',
      violations: [{ field: 'timeZone' }, { field: 'email' }],
    });
  });
});

async function countTenants(): Promise<number> {
  const { rows } = await system.db.query<{ count: string }>('select count(*) from tenants');
  return Number(rows[0]?.count);
}
