import { Injectable } from '@nestjs/common';
import { DomainError } from '@paradesk/kernel';
import type { Tx } from '@paradesk/platform';
import type { Temporal } from 'temporal-polyfill';
import { In } from 'typeorm';
import { BillableWorkService } from '../billable-work/billable-work.service.js';
import { LedgerService } from '../ledger/ledger.service.js';
import { InvoiceAnnouncements } from './invoice-announcements.js';
import { InvoiceDatesService } from './invoice-dates.service.js';
import { takeInvoiceNumbers } from './invoice-number-counter.entity.js';
import { totalsOf, type InvoiceLineKind, type InvoiceTotals } from './invoice-totals.js';
import { Invoice } from './invoice.entity.js';
import { saveIssued } from './invoice.queries.js';

/** What became of invoices that were to be issued. */
export interface IssueOutcome {
  /** Those that are issued now, or were before. */
  readonly issued: readonly Invoice[];
  /** Why the others cannot be, by their ids. */
  readonly refused: ReadonlyMap<string, DomainError>;
}

/** Issues invoices, one or many: every issue is made here, by the same rules and the same few statements. */
@Injectable()
export class InvoiceIssuesService {
  constructor(
    private readonly dates: InvoiceDatesService,
    private readonly work: BillableWorkService,
    private readonly ledger: LedgerService,
    private readonly announcements: InvoiceAnnouncements,
  ) {}

  /**
   * Number, ledger and event are there together, or not at all. What is issued already stays as it is. Invoices are returned without
   * their lines, and whoever issues has their files made: one at once, a run when it is done, as a file takes longer than an issue.
   */
  async issue(tx: Tx, invoiceIds: readonly string[], issuedOn: Temporal.PlainDate): Promise<IssueOutcome> {
    const found = await tx.find(Invoice, {
      where: { tenantId: tx.tenantId, id: In([...invoiceIds]) },
      order: { id: 'ASC' },
      lock: { mode: 'pessimistic_write' },
    });
    const refused = new Map<string, DomainError>();
    const figures = await figuresOf(tx, found);
    const dueDates = await this.dates.dueOn(tx, issuedOn, matterIdsOf(figures));
    const ready = found.filter((invoice) => {
      if (invoice.isIssued) return false;
      const refusal = refusalOf(() => invoice.refuseUnlessIssuable()) ?? dueDates.refusals.get(invoice.id);
      if (refusal) refused.set(invoice.id, refusal);
      return !refusal;
    });
    if (ready.length > 0) await this.issueAll(tx, ready, figures, (id) => ({ issuedOn, dueOn: dueDates.dueOn(id) }));
    return { issued: found.filter(({ isIssued }) => isIssued), refused };
  }

  /** Has the files of issued invoices made, once the transaction is committed. */
  async file(tx: Tx, invoiceIds: readonly string[]): Promise<void> {
    await this.announcements.file(tx, invoiceIds);
  }

  private async issueAll(
    tx: Tx,
    invoices: readonly Invoice[],
    figures: Figures,
    datesOf: (id: string) => { issuedOn: Temporal.PlainDate; dueOn: Temporal.PlainDate },
  ): Promise<void> {
    const ids = invoices.map(({ id }) => id);
    await this.work.markBilled(tx, ids);
    // Late, since from here on the tenant's other issues wait for this one to end.
    const { issuedOn } = datesOf(ids[0]!);
    const numbers = await takeInvoiceNumbers(tx, issuedOn.year, invoices.length);
    invoices.forEach((invoice, index) => invoice.issue({ number: numbers[index]!, ...datesOf(invoice.id) }));
    await saveIssued(tx, invoices);
    const booked = invoices.map((invoice) => ({ invoice, totals: figures.get(invoice.id)!.totals }));
    await this.ledger.postInvoices(tx, booked);
    await this.announcements.issued(tx, invoices);
  }
}

type Figures = ReadonlyMap<string, { readonly totals: InvoiceTotals; readonly matterIds: readonly string[] }>;

function matterIdsOf(figures: Figures): ReadonlyMap<string, readonly string[]> {
  return new Map([...figures].map(([id, { matterIds }]) => [id, matterIds]));
}

/** What the lines of invoices come to, summed where they lie: thousands of them need not travel. */
async function figuresOf(tx: Tx, invoices: readonly Invoice[]): Promise<Figures> {
  const rows: { invoice_id: string; matter_id: string; kind: InvoiceLineKind; sum: string; tax: string }[] =
    await tx.query(
      `select invoice_id, matter_id, kind, sum(amount_minor)::text as sum, sum(tax_minor)::text as tax from invoice_lines
     where tenant_id = $1 and invoice_id = any($2::uuid[]) group by invoice_id, matter_id, kind`,
      [tx.tenantId, invoices.map(({ id }) => id)],
    );
  const byInvoice = Map.groupBy(rows, (row) => row.invoice_id);
  return new Map(
    invoices.map(({ id, currency }) => {
      const sums = byInvoice.get(id) ?? [];
      const lines = sums.map(({ kind, sum, tax }) => ({ kind, amountMinor: BigInt(sum), taxMinor: BigInt(tax) }));
      return [id, { totals: totalsOf(currency, lines), matterIds: sums.map(({ matter_id }) => matter_id) }];
    }),
  );
}

function refusalOf(check: () => void): DomainError | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
}
