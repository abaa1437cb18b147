import { Injectable } from '@nestjs/common';
import type { Caller } from '@paradesk/access';
import type { PageRequest, PageResult } from '@paradesk/contracts/paradesk/common/v1/page';
import { DomainError } from '@paradesk/kernel';
import { Database, Ids, violatedConstraint } from '@paradesk/platform';
import { Temporal } from 'temporal-polyfill';
import { listById } from '../billable-work/captured-work.queries.js';
import { InvoiceAnnouncements } from '../invoices/invoice-announcements.js';
import { InvoiceDatesService } from '../invoices/invoice-dates.service.js';
import { lockInvoice, saveInvoice } from '../invoices/invoice.queries.js';
import { LedgerService } from '../ledger/ledger.service.js';
import { Payment, type ReceivedPayment } from './payment.entity.js';

@Injectable()
export class PaymentsService {
  constructor(
    private readonly database: Database,
    private readonly dates: InvoiceDatesService,
    private readonly ledger: LedgerService,
    private readonly announcements: InvoiceAnnouncements,
    private readonly ids: Ids,
  ) {}

  /**
   * Records money for an invoice. The same reference of the client again is the same payment, and has no second effect.
   *
   * @throws DomainError invalid RECEIVED_IN_FUTURE, and what `Invoice.receive` refuses; conflict PAYMENT_REFERENCE_TAKEN
   */
  async record(caller: Caller, received: ReceivedPayment): Promise<Payment> {
    const today = await this.dates.today(caller);
    if (Temporal.PlainDate.compare(received.receivedOn, today) > 0) {
      throw DomainError.invalid('receivedOn', 'RECEIVED_IN_FUTURE', `it is ${today.toString()} where the tenant is`);
    }
    const recorded = this.database.transaction(caller, async (tx) => {
      const { tenantId } = tx;
      const invoice = await lockInvoice(tx, received.invoiceId);
      const { clientId } = invoice;
      const known = await tx.findOneBy(Payment, { tenantId, clientId, reference: received.reference });
      if (known) return known.isSame({ ...received, invoiceId: invoice.id }) ? known : refuseTakenReference();
      invoice.receive(received.amount);
      const recordedBy = caller.personId ?? null;
      const payment = Payment.record(
        { ...received, invoiceId: invoice.id },
        { tenantId, id: this.ids.next(), clientId, recordedBy },
      );
      await tx.insert(Payment, payment);
      await this.ledger.postPayment(tx, payment);
      await saveInvoice(tx, invoice);
      await this.announcements.paymentApplied(tx, invoice, payment.id);
      return payment;
    });
    return recorded.catch((error: unknown) => {
      throw violatedConstraint(error) === 'payments_reference' ? referenceTaken() : error;
    });
  }

  async get(caller: Caller, id: string): Promise<Payment> {
    return this.database.transaction(caller, async (tx) => {
      const payment = await tx.findOneBy(Payment, { tenantId: tx.tenantId, id });
      if (!payment) throw DomainError.notFound('payment', id);
      return payment;
    });
  }

  /** Payments, the oldest recorded first; only those of the invoice where `invoiceId` is not empty. */
  async list(
    caller: Caller,
    invoiceId: string,
    page: PageRequest | undefined,
  ): Promise<{ items: Payment[]; page: PageResult }> {
    return this.database.transaction(caller, (tx) => listById(tx, Payment, { invoiceId }, page));
  }
}

function refuseTakenReference(): never {
  throw referenceTaken();
}

function referenceTaken(): DomainError {
  const message = 'another payment of the client was recorded under this reference';
  return DomainError.conflict('PAYMENT_REFERENCE_TAKEN', message);
}
