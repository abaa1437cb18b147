import { Injectable } from '@nestjs/common';
import type { Caller } from '@paradesk/access';
import type { PageRequest, PageResult } from '@paradesk/contracts/paradesk/common/v1/page';
import { Database, pageQuery, pageResult } from '@paradesk/platform';
import { LessThan } from 'typeorm';
import { InvoiceDatesService } from './invoice-dates.service.js';
import { InvoiceIssuesService } from './invoice-issues.service.js';
import { Invoice, type InvoiceStatus } from './invoice.entity.js';
import { findInvoice, lockInvoice, lockSplit, releaseLines, saveInvoice } from './invoice.queries.js';

/** Which invoices. Empty values filter nothing. */
export interface InvoiceFilter {
  readonly clientId: string;
  readonly splitId: string;
  readonly status: InvoiceStatus | undefined;
}

@Injectable()
export class InvoicesService {
  constructor(
    private readonly database: Database,
    private readonly dates: InvoiceDatesService,
    private readonly issues: InvoiceIssuesService,
  ) {}

  async approve(caller: Caller, invoiceId: string): Promise<Invoice> {
    return this.database.transaction(caller, async (tx) => {
      const invoice = await lockInvoice(tx, invoiceId);
      invoice.approve();
      await saveInvoice(tx, invoice);
      return invoice;
    });
  }

  /**
   * Issues an approved invoice: number, ledger, event and the job for its files are there together, or not at all. One that is
   * issued stays as it is, so that of callers at once each gets the same answer.
   *
   * @throws DomainError refused INVOICE_NOT_APPROVED, INVOICE_NEGATIVE or NO_AGREEMENT
   */
  async issue(caller: Caller, invoiceId: string): Promise<Invoice> {
    const issuedOn = await this.dates.today(caller);
    return this.database.transaction(caller, async (tx) => {
      const { id } = await lockInvoice(tx, invoiceId);
      const { refused } = await this.issues.issue(tx, [id], issuedOn);
      const refusal = refused.get(id);
      if (refusal) throw refusal;
      await this.issues.file(tx, [id]);
      return findInvoice(tx, id);
    });
  }

  /** Discards it, and the invoices of those who share it. @throws DomainError refused INVOICE_ISSUED where one of them is */
  async discard(caller: Caller, invoiceId: string): Promise<Invoice> {
    return this.database.transaction(caller, async (tx) => {
      const invoice = await lockInvoice(tx, invoiceId);
      if (invoice.status === 'discarded') return invoice;
      for (const one of invoice.splitId === null ? [invoice] : await lockSplit(tx, invoice.splitId)) {
        one.discard();
        await saveInvoice(tx, one);
        await releaseLines(tx, one);
      }
      return findInvoice(tx, invoiceId);
    });
  }

  async get(caller: Caller, invoiceId: string): Promise<Invoice> {
    return this.database.transaction(caller, (tx) => findInvoice(tx, invoiceId));
  }

  /** Invoices without their lines, the newest first. */
  async list(
    caller: Caller,
    { clientId, splitId, status }: InvoiceFilter,
    page: PageRequest | undefined,
  ): Promise<{ items: Invoice[]; page: PageResult }> {
    const query = pageQuery(page);
    const { after } = query;
    return this.database.transaction(caller, async (tx) => {
      const rows = await tx.find(Invoice, {
        where: {
          tenantId: tx.tenantId,
          ...(clientId && { clientId }),
          ...(splitId && { splitId }),
          ...(status && { status }),
          ...(after && { id: LessThan(after) }),
        },
        order: { id: 'DESC' },
        take: query.size + 1,
      });
      return pageResult(rows, query, (invoice) => invoice.id);
    });
  }
}
