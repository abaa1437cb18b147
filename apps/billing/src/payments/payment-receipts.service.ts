import { Injectable } from '@nestjs/common';
import type { Caller } from '@paradesk/access';
import { DomainError } from '@paradesk/kernel';
import { Ids, type Tx } from '@paradesk/platform';
import { AllocationsService, type AllocationWish } from '../allocations/allocations.service.js';
import { findInvoice, lockInvoice } from '../invoices/invoice.queries.js';
import { LedgerService } from '../ledger/ledger.service.js';
import { Payment, type ReceivedPayment } from './payment.entity.js';
import { lockMoneyOf } from './payment.queries.js';

type ReceivedMoney = Pick<ReceivedPayment, 'amount' | 'receivedOn' | 'reference'>;

/** Money that came for an invoice. */
export type InvoicePayment = ReceivedMoney & { readonly invoiceId: string };

/** Money that came from a client. */
export type ClientPayment = ReceivedMoney & { readonly clientId: string; readonly wish: AllocationWish };

/** Takes payments in: row, posting, allocations and events are there together, and the same reference of a client once. */
@Injectable()
export class PaymentReceiptsService {
  constructor(
    private readonly ledger: LedgerService,
    private readonly allocations: AllocationsService,
    private readonly ids: Ids,
  ) {}

  async ofInvoice(tx: Tx, caller: Caller, { invoiceId, ...money }: InvoicePayment): Promise<Payment> {
    const { id, clientId } = await findInvoice(tx, invoiceId);
    return this.once(tx, { ...money, clientId, invoiceId: id }, async (received) => {
      const invoice = await lockInvoice(tx, id);
      invoice.refuseUnlessPayable(received.amount);
      const payment = await this.keep(tx, caller, received);
      await this.allocations.allocateWhole(tx, payment, invoice, received.receivedOn);
      return payment;
    });
  }

  async ofClient(tx: Tx, caller: Caller, { wish, ...money }: ClientPayment): Promise<Payment> {
    return this.once(tx, { ...money, invoiceId: null }, async (received) => {
      const payment = await this.keep(tx, caller, received);
      await this.allocations.allocate(tx, [payment], wish, received.receivedOn);
      return payment;
    });
  }

  private async once(
    tx: Tx,
    received: ReceivedPayment,
    take: (received: ReceivedPayment) => Promise<Payment>,
  ): Promise<Payment> {
    const { clientId, reference } = received;
    await lockMoneyOf(tx, clientId);
    const known = await tx.findOneBy(Payment, { tenantId: tx.tenantId, clientId, reference });
    if (!known) return take(received);
    if (known.isSame(received)) return known;
    const message = 'another payment of the client was recorded under this reference';
    throw DomainError.conflict('PAYMENT_REFERENCE_TAKEN', message);
  }

  private async keep(tx: Tx, caller: Caller, received: ReceivedPayment): Promise<Payment> {
    const { tenantId } = tx;
    const payment = Payment.record(received, { tenantId, id: this.ids.next(), recordedBy: caller.personId ?? null });
    await tx.insert(Payment, payment);
    await this.ledger.postPayment(tx, payment);
    return payment;
  }
}
