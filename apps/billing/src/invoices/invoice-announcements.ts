import { Injectable } from '@nestjs/common';
import { topics } from '@paradesk/contracts';
import type { InvoiceEvent } from '@paradesk/contracts/paradesk/billing/events/v1/invoices';
import { defineJob, Jobs, Outbox, type Tx } from '@paradesk/platform';
import type { Invoice } from './invoice.entity.js';
import { toProto } from './invoice.message.js';

/** Makes the PDF and the LEDES file of an issued invoice and puts them into the case file. */
export const fileInvoice = defineJob<{ readonly invoiceId: string }>('file-invoice');

/** What follows from a change of an invoice, written in the transaction of the change: an event, and after the issue its files. */
@Injectable()
export class InvoiceAnnouncements {
  constructor(
    private readonly outbox: Outbox,
    private readonly jobs: Jobs,
  ) {}

  async issued(tx: Tx, invoice: Invoice): Promise<void> {
    await this.announce(tx, invoice, { $case: 'issued', value: { invoice: withoutLines(invoice) } });
    await this.jobs.add(tx, fileInvoice, { invoiceId: invoice.id }, { key: invoice.id });
  }

  async filed(tx: Tx, invoice: Invoice): Promise<void> {
    await this.announce(tx, invoice, { $case: 'filed', value: { invoice: withoutLines(invoice) } });
  }

  async paymentApplied(tx: Tx, invoice: Invoice, paymentId: string): Promise<void> {
    const value = { invoice: withoutLines(invoice), paymentId };
    await this.announce(tx, invoice, { $case: 'paymentApplied', value });
  }

  private async announce(tx: Tx, { id, version }: Invoice, event: InvoiceEvent['event']): Promise<void> {
    await this.outbox.add(tx, { topic: topics.invoices, aggregateId: id, aggregateVersion: version, event: { event } });
  }
}

// Thousands of lines would not fit into an event; who wants them asks for the invoice.
function withoutLines(invoice: Invoice) {
  return { ...toProto(invoice), lines: [] };
}
