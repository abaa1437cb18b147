import {
  QualificationRequirement,
  type Tenant as TenantMessage,
} from '@paradesk/contracts/paradesk/identity/v1/tenants';
import type { Tenant } from './tenant.entity.js';

/** A tenant as answers and events carry it. */
export function toProto(tenant: Tenant): TenantMessage {
  return {
    id: tenant.id,
    name: tenant.name,
    timeZone: tenant.timeZone,
    taxId: tenant.taxId,
    addressLines: [...tenant.addressLines],
    email: tenant.email,
    version: tenant.version,
    qualificationRequirement: QualificationRequirement[tenant.qualificationRequirement],
  };
}
