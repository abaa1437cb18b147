import { Injectable } from '@nestjs/common';
import { DomainError, type Money } from '@paradesk/kernel';
import { Ids, type Tx } from '@paradesk/platform';
import type { Temporal } from 'temporal-polyfill';
import { In } from 'typeorm';
import { InvoiceAnnouncements } from '../invoices/invoice-announcements.js';
import { Invoice } from '../invoices/invoice.entity.js';
import { lockInvoice, saveInvoice } from '../invoices/invoice.queries.js';
import { LedgerService } from '../ledger/ledger.service.js';
import type { Payment } from '../payments/payment.entity.js';
import { savePayment } from '../payments/payment.queries.js';
import { planAllocations, sharesInOrder, type InvoiceShare } from './allocation-plan.js';
import { Allocation } from './allocation.entity.js';

/** Who gets of payments: the invoices named, or those that are due first. */
export type AllocationWish = readonly InvoiceShare[] | 'oldest-first';

/**
 * Moves money between payments and invoices. Every caller holds `lockMoneyOf` the client, so that balances read here are those
 * that are written.
 */
@Injectable()
export class AllocationsService {
  constructor(
    private readonly ledger: LedgerService,
    private readonly announcements: InvoiceAnnouncements,
    private readonly ids: Ids,
  ) {}

  /**
   * Allocates what payments of one client and currency have left, in the order given.
   *
   * @throws DomainError what `planAllocations` and `Invoice.receive` refuse; not-found INVOICE_NOT_FOUND; refused CLIENT_MISMATCH
   */
  async allocate(
    tx: Tx,
    payments: readonly Payment[],
    wish: AllocationWish,
    on: Temporal.PlainDate,
  ): Promise<Allocation[]> {
    const [first] = payments;
    if (!first) return [];
    const { currency } = first;
    const credit = first.money(payments.reduce((sum, { rest }) => sum + rest.amountMinor, 0n));
    const shares = wish === 'oldest-first' ? sharesInOrder(credit, await openInvoices(tx, first)) : wish;
    const rests = payments.map(({ id: paymentId, rest }) => ({ paymentId, rest }));
    const plan = planAllocations(currency, rests, shares);
    const made: Allocation[] = [];
    for (const { paymentId, invoiceId, amount } of plan) {
      const payment = payments.find(({ id }) => id === paymentId)!;
      made.push(await this.pay(tx, payment, await lockInvoice(tx, invoiceId), { amount, on }));
    }
    return made;
  }

  /** All of a payment that was recorded for this invoice; the posting of the payment books it. */
  async allocateWhole(tx: Tx, payment: Payment, invoice: Invoice, on: Temporal.PlainDate): Promise<void> {
    const { amount } = payment;
    await this.store(tx, payment, invoice, { amount, on, reason: '' });
    await this.announcements.paymentApplied(tx, invoice, payment.id);
  }

  /** Takes back what invoices got of a payment: it is owed again, and the payment has it left. */
  async reverseAll(tx: Tx, payment: Payment, reason: string, on: Temporal.PlainDate): Promise<void> {
    const { tenantId } = tx;
    const sums: { invoice_id: string; sum: string }[] = await tx.query(
      `select invoice_id, sum(amount_minor)::text as sum from allocations where tenant_id = $1 and payment_id = $2
       group by invoice_id having sum(amount_minor) > 0 order by invoice_id`,
      [tenantId, payment.id],
    );
    for (const { invoice_id: invoiceId, sum } of sums) {
      const invoice = await lockInvoice(tx, invoiceId);
      const amount = payment.money(BigInt(sum));
      const allocation = await this.store(tx, payment, invoice, { amount: amount.negate(), on, reason });
      await this.ledger.postMovement(
        tx,
        'allocation_reversed',
        { ...allocation, sourceId: allocation.id, bookedOn: on },
        amount,
      );
      await this.announcements.paymentReversed(tx, invoice, payment.id);
    }
  }

  private async pay(
    tx: Tx,
    payment: Payment,
    invoice: Invoice,
    { amount, on }: { readonly amount: Money; readonly on: Temporal.PlainDate },
  ): Promise<Allocation> {
    if (invoice.clientId !== payment.clientId)
      throw DomainError.refused('CLIENT_MISMATCH', 'the invoice is of another client than the payment');
    const allocation = await this.store(tx, payment, invoice, { amount, on, reason: '' });
    await this.ledger.postMovement(
      tx,
      'payment_allocated',
      { ...allocation, sourceId: allocation.id, bookedOn: on },
      amount,
    );
    await this.announcements.paymentApplied(tx, invoice, payment.id);
    return allocation;
  }

  private async store(
    tx: Tx,
    payment: Payment,
    invoice: Invoice,
    { amount, on, reason }: { readonly amount: Money; readonly on: Temporal.PlainDate; readonly reason: string },
  ): Promise<Allocation> {
    if (amount.amountMinor > 0n) invoice.receive(amount);
    else invoice.giveBack(amount.negate());
    payment.allocate(amount);
    const { tenantId } = tx;
    const { clientId, id: paymentId } = payment;
    const made = { tenantId, id: this.ids.next(), clientId, paymentId, invoiceId: invoice.id, allocatedOn: on, reason };
    const allocation = Allocation.of(amount, made);
    await tx.insert(Allocation, allocation);
    await savePayment(tx, payment);
    await saveInvoice(tx, invoice);
    return allocation;
  }
}

/** Those of the payment's client and currency, the one that is due first first. */
function openInvoices(tx: Tx, { clientId, currency }: Payment): Promise<Invoice[]> {
  return tx.find(Invoice, {
    where: { tenantId: tx.tenantId, clientId, currency, status: In(['issued', 'partly_paid']) },
    order: { dueOn: 'ASC', id: 'ASC' },
  });
}
