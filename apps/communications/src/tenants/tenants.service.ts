import { Injectable } from '@nestjs/common';
import type { Tenant as TenantMessage } from '@paradesk/contracts/paradesk/identity/v1/tenants';
import type { Tx } from '@paradesk/platform';
import { Tenant } from './tenant.entity.js';

@Injectable()
export class TenantsService {
  /** Null while identity's event has not come. */
  async find(tx: Tx): Promise<Tenant | null> {
    return tx.findOneBy(Tenant, { tenantId: tx.tenantId });
  }

  /** Keeps what identity says of the tenant, unless something newer is known. */
  async keep(tx: Tx, { name, email, version }: TenantMessage): Promise<void> {
    await tx.query(
      `insert into tenants as known (tenant_id, name, email, version) values ($1, $2, $3, $4)
       on conflict (tenant_id) do update set name = excluded.name, email = excluded.email, version = excluded.version
       where excluded.version > known.version`,
      [tx.tenantId, name, email, version],
    );
  }
}
