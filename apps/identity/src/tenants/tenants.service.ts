import { Injectable } from '@nestjs/common';
import type { Caller } from '@paradesk/access';
import { topics } from '@paradesk/contracts';
import { DomainError } from '@paradesk/kernel';
import { Database, Ids, Outbox } from '@paradesk/platform';
import { type NewTenant, Tenant } from './tenant.entity.js';
import { toProto } from './tenant.message.js';

@Injectable()
export class TenantsService {
  constructor(
    private readonly database: Database,
    private readonly outbox: Outbox,
    private readonly ids: Ids,
  ) {}

  /** Opens a tenant in a transaction of its own, not of the operator who asks: no row is ever another tenant's. */
  async create(newTenant: NewTenant): Promise<Tenant> {
    const tenantId = this.ids.next();
    return this.database.transaction({ tenantId }, async (tx) => {
      const tenant = Tenant.create(tenantId, newTenant);
      await tx.insert(Tenant, tenant);
      await this.outbox.add(tx, {
        topic: topics.tenants,
        aggregateId: tenant.id,
        aggregateVersion: tenant.version,
        event: { event: { $case: 'created', value: { tenant: toProto(tenant) } } },
      });
      return tenant;
    });
  }

  async get(caller: Caller, id: string): Promise<Tenant> {
    return this.database.transaction(caller, async (tx) => {
      const tenant = id === tx.tenantId ? await tx.findOneBy(Tenant, { id }) : null;
      if (!tenant) throw DomainError.notFound('tenant', id);
      return tenant;
    });
  }
}
