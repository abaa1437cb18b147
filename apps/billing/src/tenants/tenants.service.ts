import { Injectable } from '@nestjs/common';
import { TenantsServiceService, type Tenant as TenantMessage } from '@paradesk/contracts/paradesk/identity/v1/tenants';
import { DomainError } from '@paradesk/kernel';
import { Database, Peers, type TenantScope, type Tx } from '@paradesk/platform';
import { Tenant } from './tenant.entity.js';

@Injectable()
export class TenantsService {
  constructor(
    private readonly database: Database,
    private readonly peers: Peers,
  ) {}

  /** Makes sure that the tenant is known, asking its owner if need be. Before a transaction, never inside. */
  async require(caller: TenantScope): Promise<Tenant> {
    const known = await this.database.beside(caller, (tx) => find(tx));
    if (known) return known;
    const tenants = this.peers.client('identity', TenantsServiceService);
    const tenant = await tenants.getTenant({ tenantId: caller.tenantId }, { tenantId: caller.tenantId });
    return this.database.beside(caller, async (tx) => {
      await this.keep(tx, tenant);
      return this.get(tx);
    });
  }

  /** The tenant of the transaction. @throws DomainError not-found TENANT_NOT_FOUND */
  async get(tx: Tx): Promise<Tenant> {
    const tenant = await find(tx);
    if (!tenant) throw DomainError.notFound('tenant', tx.tenantId);
    return tenant;
  }

  /** Keeps a copy, unless a later one is there. */
  async keep(tx: Tx, tenant: TenantMessage): Promise<void> {
    await tx.query(
      `insert into tenants (tenant_id, name, time_zone, tax_id, address_lines, email, version)
       values ($1, $2, $3, $4, $5, $6, $7)
       on conflict (tenant_id) do update set name = excluded.name, time_zone = excluded.time_zone, tax_id = excluded.tax_id,
         address_lines = excluded.address_lines, email = excluded.email, version = excluded.version
       where excluded.version > tenants.version`,
      [tx.tenantId, tenant.name, tenant.timeZone, tenant.taxId, tenant.addressLines, tenant.email, tenant.version],
    );
  }
}

function find(tx: Tx): Promise<Tenant | null> {
  return tx.findOne(Tenant, { where: { tenantId: tx.tenantId } });
}
