import { Injectable } from '@nestjs/common';
import { dateIn, type DomainError } from '@paradesk/kernel';
import { Clock, type TenantScope, type Tx } from '@paradesk/platform';
import type { Temporal } from 'temporal-polyfill';
import { AgreementsService, noAgreement } from '../agreements/agreements.service.js';
import { termsOn } from '../proposals/proposal.js';
import { TenantsService } from '../tenants/tenants.service.js';

/** When invoices are due, and why some cannot be. */
export interface DueDates {
  readonly refusals: ReadonlyMap<string, DomainError>;
  dueOn(invoiceId: string): Temporal.PlainDate;
}

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
   * When invoices on these matters are due, by their ids: by the shortest payment terms of the agreements that are in force, or were
   * until they ended. One on a matter without an agreement is refused as NO_AGREEMENT.
   */
  async dueOn(
    tx: Tx,
    issuedOn: Temporal.PlainDate,
    matterIds: ReadonlyMap<string, readonly string[]>,
  ): Promise<DueDates> {
    const agreements = await this.agreements.termsOfMatters(tx, [...new Set([...matterIds.values()].flat())]);
    const byMatter = Map.groupBy(agreements, (agreement) => agreement.matterId);
    const due = new Map<string, Temporal.PlainDate>();
    const refusals = new Map<string, DomainError>();
    for (const [invoiceId, ids] of matterIds) {
      const inForce = ids.map((id) => [id, termsOn(byMatter.get(id) ?? [], id, issuedOn)] as const);
      const without = inForce.find(([, agreement]) => !agreement);
      if (without) refusals.set(invoiceId, noAgreement(without[0], issuedOn));
      const days = inForce.map(([, agreement]) => agreement?.paymentTermsDays ?? 0);
      due.set(invoiceId, issuedOn.add({ days: Math.min(...days) }));
    }
    return { refusals, dueOn: (invoiceId) => due.get(invoiceId) ?? issuedOn };
  }
}
