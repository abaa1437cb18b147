import { Injectable } from '@nestjs/common';
import {
  QualificationRequirement,
  TenantsServiceService,
  type Tenant as TenantMessage,
} from '@paradesk/contracts/paradesk/identity/v1/tenants';
import { Database, Peers, type TenantScope, type Tx } from '@paradesk/platform';
import { Tenant } from './tenant.entity.js';

@Injectable()
export class TenantsService {
  constructor(
    private readonly database: Database,
    private readonly peers: Peers,
  ) {}

  /**
   * What the tenant is, asking identity where its event has not come yet. Call it before the command's transaction.
   *
   * @throws DomainError not-found TENANT_NOT_FOUND
   */
  async require({ tenantId }: TenantScope): Promise<Tenant> {
    const known = await this.database.beside({ tenantId }, (tx) => tx.findOneBy(Tenant, { tenantId }));
    if (known) return known;
    const tenant = await this.peers.client('identity', TenantsServiceService).getTenant({ tenantId }, { tenantId });
    return this.database.beside({ tenantId }, async (tx) => {
      await this.keep(tx, tenant);
      return tx.findOneByOrFail(Tenant, { tenantId });
    });
  }

  /** Keeps what identity says of the tenant, unless something newer is known. */
  async keep(tx: Tx, { timeZone, qualificationRequirement, version }: TenantMessage): Promise<void> {
    // What an identity of before has told says nothing of it, and was WHERE_RECORDED.
    const requirement = qualificationRequirement || QualificationRequirement.WHERE_RECORDED;
    await tx.query(
      `insert into tenants as known (tenant_id, time_zone, qualification_requirement, version) values ($1, $2, $3, $4)
       on conflict (tenant_id) do update set time_zone = excluded.time_zone,
         qualification_requirement = excluded.qualification_requirement, version = excluded.version
       where excluded.version > known.version`,
      [tx.tenantId, timeZone, QualificationRequirement[requirement], version],
    );
  }
}
