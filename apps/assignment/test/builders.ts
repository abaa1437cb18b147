import type { Caller } from '@paradesk/access';
import { topics } from '@paradesk/contracts';
import { QualificationRequirement, Tenant } from '@paradesk/contracts/paradesk/identity/v1/tenants';
import type { ServiceUnderTest } from '@paradesk/testing';

/** Tells assignment of the caller's tenant, whose days are those of California. */
export async function tellOfTenant(
  system: ServiceUnderTest,
  { tenantId }: Caller,
  changes: Partial<Tenant> = {},
): Promise<void> {
  const tenant = Tenant.fromPartial({
    id: tenantId,
    timeZone: 'America/Los_Angeles',
    qualificationRequirement: QualificationRequirement.WHERE_RECORDED,
    version: 1,
    ...changes,
  });
  const event =
    tenant.version === 1
      ? ({ $case: 'created', value: { tenant } } as const)
      : ({ $case: 'qualificationsRequired', value: { tenant } } as const);
  await system.deliver(topics.tenants, {
    tenantId,
    aggregateId: tenantId,
    aggregateVersion: tenant.version,
    event: { event },
  });
}
