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

  async issued(tx: Tx, invoices: readonly Invoice[]): Promise<void> {
    await this.announce(tx, invoices, (invoice) => ({ $case: 'issued', value: { invoice: withoutLines(invoice) } }));
  }

  /** Lets the files of issued invoices be made. */
  async file(tx: Tx, invoiceIds: readonly string[]): Promise<void> {
    const jobs = invoiceIds.map((invoiceId) => ({ payload: { invoiceId }, key: invoiceId }));
    await this.jobs.addAll(tx, fileInvoice, jobs);
  }

  async filed(tx: Tx, invoice: Invoice): Promise<void> {
    await this.announce(tx, [invoice], () => ({ $case: 'filed', value: { invoice: withoutLines(invoice) } }));
  }

  async paymentApplied(tx: Tx, invoice: Invoice, paymentId: string): Promise<void> {
    const value = { invoice: withoutLines(invoice), paymentId };
    await this.announce(tx, [invoice], () => ({ $case: 'paymentApplied', value }));
  }

  async paymentReversed(tx: Tx, invoice: Invoice, paymentId: string): Promise<void> {
    const value = { invoice: withoutLines(invoice), paymentId };
    await this.announce(tx, [invoice], () => ({ $case: 'paymentReversed', value }));
  }

  async writtenOff(tx: Tx, invoice: Invoice, writeOffId: string): Promise<void> {
    const value = { invoice: withoutLines(invoice), writeOffId };
    await this.announce(tx, [invoice], () => ({ $case: 'writtenOff', value }));
  }

  async writeOffReversed(tx: Tx, invoice: Invoice, writeOffId: string): Promise<void> {
    const value = { invoice: withoutLines(invoice), writeOffId };
    await this.announce(tx, [invoice], () => ({ $case: 'writeOffReversed', value }));
  }

  private async announce(
    tx: Tx,
    invoices: readonly Invoice[],
    eventOf: (invoice: Invoice) => InvoiceEvent['event'],
  ): Promise<void> {
    const events = invoices.map((invoice) => {
      const { id: aggregateId, version: aggregateVersion } = invoice;
      return { topic: topics.invoices, aggregateId, aggregateVersion, event: { event: eventOf(invoice) } };
    });
    await this.outbox.addAll(tx, events);
  }
}

// Thousands of lines would not fit into an event; who wants them asks for the invoice.
function withoutLines(invoice: Invoice) {
  return { ...toProto(invoice), lines: [] };
}
