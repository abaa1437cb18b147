import { Injectable } from '@nestjs/common';
import { dateIn } from '@paradesk/kernel';
import { Clock, type TenantScope, type Tx } from '@paradesk/platform';
import type { Temporal } from 'temporal-polyfill';
import { AgreementsService } from '../agreements/agreements.service.js';
import { TenantsService } from '../tenants/tenants.service.js';

@Injectable()
export class InvoiceDatesService {
  constructor(
    private readonly clock: Clock,
    private readonly tenants: TenantsService,
    private readonly agreements: AgreementsService,
  ) {}

  /** The day that it is where the tenant is. Before a transaction, never inside: the tenant may have to be asked for. */
  async today(caller: TenantScope): Promise<Temporal.PlainDate> {
    const tenant = await this.tenants.require(caller);
    return dateIn(this.clock.now(), tenant.timeZone);
  }

  /**
   * When an invoice on these matters is due: by the shortest payment terms of the agreements that are in force.
   *
   * @throws DomainError refused NO_AGREEMENT
   */
  async dueOn(tx: Tx, issuedOn: Temporal.PlainDate, matterIds: readonly string[]): Promise<Temporal.PlainDate> {
    const terms: number[] = [];
    for (const matterId of new Set(matterIds)) {
      const { paymentTermsDays } = await this.agreements.inForce(tx, matterId, issuedOn);
      terms.push(paymentTermsDays);
    }
    return issuedOn.add({ days: Math.min(...terms) });
  }
}
