import { Injectable } from '@nestjs/common';
import type { Caller } from '@paradesk/access';
import type { PageRequest, PageResult } from '@paradesk/contracts/paradesk/common/v1/page';
import { Database } from '@paradesk/platform';
import { Allocation } from '../allocations/allocation.entity.js';
import { listById } from '../billable-work/captured-work.queries.js';
import { ClientsService } from '../clients/clients.service.js';
import { InvoiceDatesService } from '../invoices/invoice-dates.service.js';
import { requirePast } from './money-dates.js';
import { PaymentReceiptsService, type ClientPayment, type InvoicePayment } from './payment-receipts.service.js';
import { Payment } from './payment.entity.js';
import { findPayment } from './payment.queries.js';

@Injectable()
export class PaymentsService {
  constructor(
    private readonly database: Database,
    private readonly dates: InvoiceDatesService,
    private readonly clients: ClientsService,
    private readonly receipts: PaymentReceiptsService,
  ) {}

  /**
   * Records money for an invoice. The same reference of the client again is the same payment, and has no second effect.
   *
   * @throws DomainError invalid RECEIVED_IN_FUTURE, and what `Invoice.receive` refuses; conflict PAYMENT_REFERENCE_TAKEN
   */
  async recordForInvoice(caller: Caller, money: InvoicePayment): Promise<Payment> {
    requirePast('receivedOn', money.receivedOn, await this.dates.today(caller));
    return this.database.transaction(caller, (tx) => this.receipts.ofInvoice(tx, caller, money));
  }

  /**
   * Records money of a client and allocates it as asked; what is left is the client's credit. The same reference of the client again is
   * the same payment, and has no second effect.
   *
   * @throws DomainError invalid RECEIVED_IN_FUTURE, and what `AllocationsService.allocate` refuses; conflict PAYMENT_REFERENCE_TAKEN
   */
  async recordForClient(caller: Caller, money: ClientPayment): Promise<Payment> {
    requirePast('receivedOn', money.receivedOn, await this.dates.today(caller));
    await this.clients.require(caller, money.clientId);
    return this.database.transaction(caller, async (tx) => {
      // In the same spelling for all: what is locked and compared is the id that the client has.
      const { id: clientId } = await this.clients.get(tx, money.clientId);
      return this.receipts.ofClient(tx, caller, { ...money, clientId });
    });
  }

  async get(caller: Caller, id: string): Promise<Payment> {
    return this.database.transaction(caller, (tx) => findPayment(tx, id));
  }

  /** Payments, the oldest recorded first. Empty values filter nothing. */
  async list(
    caller: Caller,
    filter: { readonly invoiceId: string; readonly clientId: string },
    page: PageRequest | undefined,
  ): Promise<{ items: Payment[]; page: PageResult }> {
    return this.database.transaction(caller, (tx) => listById(tx, Payment, filter, page));
  }

  /** Allocations, the oldest first. Empty values filter nothing. */
  async listAllocations(
    caller: Caller,
    filter: { readonly paymentId: string; readonly invoiceId: string; readonly clientId: string },
    page: PageRequest | undefined,
  ): Promise<{ items: Allocation[]; page: PageResult }> {
    return this.database.transaction(caller, (tx) => listById(tx, Allocation, filter, page));
  }
}
