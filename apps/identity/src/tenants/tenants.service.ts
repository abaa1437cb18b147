import { Injectable } from '@nestjs/common';
import type { Caller } from '@paradesk/access';
import { topics } from '@paradesk/contracts';
import type { TenantEvent } from '@paradesk/contracts/paradesk/identity/events/v1/tenants';
import { DomainError } from '@paradesk/kernel';
import { Database, Ids, Outbox, type Tx } from '@paradesk/platform';
import { type NewTenant, type QualificationRequirement, Tenant } from './tenant.entity.js';
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
      await this.announce(tx, tenant, { $case: 'created', value: { tenant: toProto(tenant) } });
      return tenant;
    });
  }

  async requireQualifications(caller: Caller, id: string, requirement: QualificationRequirement): Promise<Tenant> {
    return this.database.transaction(caller, async (tx) => {
      if (id !== tx.tenantId) throw DomainError.notFound('tenant', id);
      const tenant = await ownTenant(tx, { mode: 'pessimistic_write' });
      if (!tenant.requireQualifications(requirement)) return tenant;
      await tx.save(tenant);
      await this.announce(tx, tenant, { $case: 'qualificationsRequired', value: { tenant: toProto(tenant) } });
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

  private async announce(tx: Tx, tenant: Tenant, event: TenantEvent['event']): Promise<void> {
    await this.outbox.add(tx, {
      topic: topics.tenants,
      aggregateId: tenant.id,
      aggregateVersion: tenant.version,
      event: { event },
    });
  }
}

/** The transaction's own tenant, locked where asked for. @throws DomainError not-found TENANT_NOT_FOUND */
export async function ownTenant(tx: Tx, lock?: { readonly mode: 'pessimistic_write' }): Promise<Tenant> {
  const tenant = await tx.findOne(Tenant, { where: { id: tx.tenantId }, lock });
  if (!tenant) throw DomainError.notFound('tenant', tx.tenantId);
  return tenant;
}
