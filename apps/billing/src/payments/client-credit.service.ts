import { Injectable } from '@nestjs/common';
import type { Caller } from '@paradesk/access';
import { DomainError, Money } from '@paradesk/kernel';
import { Database } from '@paradesk/platform';
import type { Allocation } from '../allocations/allocation.entity.js';
import { AllocationsService, type AllocationWish } from '../allocations/allocations.service.js';
import { ClientsService } from '../clients/clients.service.js';
import { InvoiceDatesService } from '../invoices/invoice-dates.service.js';
import { findCredit, lockMoneyOf } from './payment.queries.js';

/** Which credit goes where. */
export interface CreditToApply {
  readonly clientId: string;
  readonly currency: string;
  /** Only what this payment has left; empty for all of the client's. */
  readonly paymentId: string;
  readonly wish: AllocationWish;
}

/** What clients have paid and no invoice has got. */
@Injectable()
export class ClientCreditService {
  constructor(
    private readonly database: Database,
    private readonly dates: InvoiceDatesService,
    private readonly clients: ClientsService,
    private readonly allocations: AllocationsService,
  ) {}

  /** Applies credit to invoices, the oldest money first. @throws DomainError refused NO_CREDIT, and what `AllocationsService.allocate` refuses */
  async apply(caller: Caller, { clientId, currency, paymentId, wish }: CreditToApply): Promise<Allocation[]> {
    const today = await this.dates.today(caller);
    return this.database.transaction(caller, async (tx) => {
      const client = await this.clients.get(tx, clientId);
      await lockMoneyOf(tx, client.id);
      const credit = await findCredit(tx, client.id, currency);
      const payments = paymentId ? credit.filter(({ id }) => id === paymentId.toLowerCase()) : credit;
      if (payments.length === 0) throw DomainError.refused('NO_CREDIT', `there is no credit in ${currency} to apply`);
      return this.allocations.allocate(tx, payments, wish, today);
    });
  }

  /** By currency; none where there is none. */
  async get(caller: Caller, clientId: string): Promise<Money[]> {
    return this.database.transaction(caller, async (tx) => {
      const client = await this.clients.get(tx, clientId);
      const sums: { currency: string; sum: string }[] = await tx.query(
        `select currency, sum(amount_minor - allocated_minor - refunded_minor - charged_back_minor)::text as sum
         from payments where tenant_id = $1 and client_id = $2 group by currency order by currency`,
        [tx.tenantId, client.id],
      );
      return sums.map(({ currency, sum }) => Money.of(BigInt(sum), currency)).filter((amount) => !amount.isZero());
    });
  }
}
