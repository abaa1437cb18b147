import { DomainError, Money } from '@paradesk/kernel';
import { bigintColumn, instant, plainDate, scaled4 } from '@paradesk/platform';
import type { Temporal } from 'temporal-polyfill';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { BillingNotice } from '../proposals/proposal.js';
import type { InvoiceLine } from './invoice-line.entity.js';
import { totalsOf, type InvoiceTotals } from './invoice-totals.js';

/** How far an invoice has come. */
export type InvoiceStatus = 'draft' | 'approved' | 'issued' | 'partly_paid' | 'paid' | 'written_off' | 'discarded';

const transitions: Record<InvoiceStatus, readonly InvoiceStatus[]> = {
  draft: ['approved', 'discarded'],
  // An invoice that comes to zero is paid when it is issued.
  approved: ['issued', 'paid', 'discarded'],
  issued: ['issued', 'partly_paid', 'paid', 'written_off'],
  partly_paid: ['issued', 'partly_paid', 'paid', 'written_off'],
  // A payment or a write-off can be taken back.
  paid: ['issued', 'partly_paid'],
  written_off: ['issued', 'partly_paid'],
  discarded: [],
};

/** What an invoice is drafted with. */
export interface NewInvoice {
  readonly tenantId: string;
  readonly id: string;
  readonly clientId: string;
  readonly currency: string;
  readonly billingStart: Temporal.PlainDate;
  readonly billingEnd: Temporal.PlainDate;
  readonly draftedAt: Temporal.Instant;
  /** The client's part in ten-thousandths of one percent, where several share. */
  readonly sharePercentE4?: bigint;
  /** The same for all who share. */
  readonly splitId?: string;
  readonly notices?: readonly BillingNotice[];
}

/** What an invoice is issued with. */
export interface IssueTerms {
  /** Gapless in the tenant. */
  readonly number: string;
  /** In the tenant's time zone. */
  readonly issuedOn: Temporal.PlainDate;
  readonly dueOn: Temporal.PlainDate;
}

/** The files of an issued invoice. */
export interface InvoiceFiles {
  readonly pdfDocumentId: string;
  /** Null where no e-billing vendor would take the invoice. */
  readonly ledesDocumentId: string | null;
}

/**
 * A pre-bill, and the invoice that it becomes.
 *
 * - The total is the sum of the lines with their taxes, to the minor unit, in one currency; lines and figures are those of the draft.
 * - It has a number if and only if it was issued. Issued, it never changes again: only what was paid or written off, and its files, are noted.
 * - What was paid is the sum of its allocations, what was written off that of its write-offs; together they are between zero and the total,
 *   and say alone how far it has come.
 * - An entry, or a payer's share of it, is on at most one live invoice (a unique index says so); discarding an invoice frees its entries.
 * - Invoices of payers who share are discarded together, and none is once one of them is issued: an entry is free as a whole.
 * - Each change since the issue raises the version by one and is announced by one event. A draft has version 0.
 */
@Entity('invoices')
export class Invoice {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) readonly tenantId!: string;
  @PrimaryColumn('uuid') readonly id!: string;
  @Column('uuid', { name: 'client_id' }) readonly clientId!: string;
  /** Of its lines: only who sees all of these matters sees the invoice. */
  @Column('uuid', { name: 'matter_ids', array: true }) readonly matterIds!: readonly string[];
  @Column('text', { nullable: true }) readonly number!: string | null;
  @Column('text') readonly status!: InvoiceStatus;
  @Column('text') readonly currency!: string;
  @Column('date', { name: 'billing_start', transformer: plainDate }) readonly billingStart!: Temporal.PlainDate;
  @Column('date', { name: 'billing_end', transformer: plainDate }) readonly billingEnd!: Temporal.PlainDate;
  @Column('date', { name: 'issued_on', nullable: true, transformer: plainDate })
  readonly issuedOn!: Temporal.PlainDate | null;
  @Column('date', { name: 'due_on', nullable: true, transformer: plainDate })
  readonly dueOn!: Temporal.PlainDate | null;
  @Column('bigint', { name: 'fees_minor', transformer: bigintColumn }) readonly feesMinor!: bigint;
  /** Project fees, subscriptions, what makes a minimum up. */
  @Column('bigint', { name: 'fixed_fees_minor', transformer: bigintColumn }) readonly fixedFeesMinor!: bigint;
  @Column('bigint', { name: 'expenses_minor', transformer: bigintColumn }) readonly expensesMinor!: bigint;
  @Column('bigint', { name: 'adjustments_minor', transformer: bigintColumn }) readonly adjustmentsMinor!: bigint;
  @Column('bigint', { name: 'taxes_minor', transformer: bigintColumn }) readonly taxesMinor!: bigint;
  @Column('bigint', { name: 'total_minor', transformer: bigintColumn }) readonly totalMinor!: bigint;
  @Column('bigint', { name: 'paid_minor', transformer: bigintColumn }) readonly paidMinor!: bigint;
  @Column('bigint', { name: 'written_off_minor', transformer: bigintColumn }) readonly writtenOffMinor!: bigint;
  @Column('uuid', { name: 'pdf_document_id', nullable: true }) readonly pdfDocumentId!: string | null;
  @Column('uuid', { name: 'ledes_document_id', nullable: true }) readonly ledesDocumentId!: string | null;
  @Column('timestamptz', { name: 'drafted_at', transformer: instant }) readonly draftedAt!: Temporal.Instant;
  @Column('numeric', { name: 'share_percent', nullable: true, transformer: scaled4 })
  readonly sharePercentE4!: bigint | null;
  @Column('uuid', { name: 'split_id', nullable: true }) readonly splitId!: string | null;
  /** What was said when it was drafted: what was held back, and what is running out. */
  @Column('jsonb') readonly notices!: readonly BillingNotice[];
  @Column('integer') readonly version!: number;

  /** In the order they are printed. Rows of their own: the service loads and stores them with the invoice; empty in lists. */
  readonly lines: readonly InvoiceLine[] = [];

  static draft(invoice: NewInvoice, lines: readonly InvoiceLine[]): Invoice {
    const totals = totalsOf(invoice.currency, lines);
    return Object.assign(new Invoice(), {
      ...invoice,
      sharePercentE4: invoice.sharePercentE4 ?? null,
      splitId: invoice.splitId ?? null,
      notices: invoice.notices ?? [],
      matterIds: [...new Set(lines.map((line) => line.matterId))],
      number: null,
      status: 'draft' satisfies InvoiceStatus,
      issuedOn: null,
      dueOn: null,
      feesMinor: totals.fees.amountMinor,
      fixedFeesMinor: totals.fixedFees.amountMinor,
      expensesMinor: totals.expenses.amountMinor,
      adjustmentsMinor: totals.adjustments.amountMinor,
      taxesMinor: totals.taxes.amountMinor,
      totalMinor: totals.total.amountMinor,
      paidMinor: 0n,
      writtenOffMinor: 0n,
      pdfDocumentId: null,
      ledesDocumentId: null,
      version: 0,
      lines,
    });
  }

  get isIssued(): boolean {
    return this.number !== null;
  }

  get balance(): Money {
    return this.money(this.totalMinor - this.paidMinor - this.writtenOffMinor);
  }

  /** The figures, summed up from the lines. */
  get totals(): InvoiceTotals {
    return totalsOf(this.currency, this.lines);
  }

  /** An amount in the currency of the invoice. */
  money(amountMinor: bigint): Money {
    return Money.of(amountMinor, this.currency);
  }

  /** What is approved or was issued stays as it is. @throws DomainError refused INVOICE_DISCARDED */
  approve(): void {
    if (this.status === 'approved' || this.isIssued) return;
    this.become({ status: 'approved' }, 'INVOICE_DISCARDED');
  }

  /**
   * It is a claim from now on. What it comes to may be zero, not less: money that is owed to the client is a credit note.
   *
   * @throws DomainError refused INVOICE_NOT_APPROVED or INVOICE_NEGATIVE
   */
  issue(terms: IssueTerms): void {
    this.refuseUnlessIssuable();
    this.become({ ...terms, status: this.statusWith(0n, 0n), version: this.version + 1 }, 'INVOICE_NOT_APPROVED');
  }

  /** @throws DomainError refused INVOICE_NOT_APPROVED or INVOICE_NEGATIVE */
  refuseUnlessIssuable(): void {
    if (this.status !== 'approved') {
      throw DomainError.refused(
        'INVOICE_NOT_APPROVED',
        `an approved invoice can be issued; this one is ${this.status}`,
      );
    }
    if (this.totalMinor < 0n) {
      throw DomainError.refused('INVOICE_NEGATIVE', `the invoice comes to ${this.money(this.totalMinor).toString()}`);
    }
  }

  /** Its entries are free again. What is discarded stays so. @throws DomainError refused INVOICE_ISSUED */
  discard(): void {
    if (this.status === 'discarded') return;
    const lines = this.lines.map((line) => line.released());
    this.become({ status: 'discarded', lines }, 'INVOICE_ISSUED');
  }

  /**
   * Takes money for it.
   *
   * @throws DomainError refused INVOICE_NOT_OPEN or PAYMENT_EXCEEDS_BALANCE; invalid CURRENCY_MISMATCH or NOT_POSITIVE
   */
  receive(amount: Money): void {
    this.refuseUnlessPayable(amount);
    this.settle(this.paidMinor + amount.amountMinor, this.writtenOffMinor);
  }

  /** Gives back of what was paid: it is owed again. Whoever takes it back has seen to it that so much was paid. */
  giveBack(amount: Money): void {
    this.settle(this.paidMinor - amount.amountMinor, this.writtenOffMinor);
  }

  /**
   * Asks for so much of it no more.
   *
   * @throws DomainError refused INVOICE_NOT_OPEN or WRITE_OFF_EXCEEDS_BALANCE; invalid CURRENCY_MISMATCH or NOT_POSITIVE
   */
  writeOff(amount: Money): void {
    this.refuseUnlessWritable(amount);
    this.settle(this.paidMinor, this.writtenOffMinor + amount.amountMinor);
  }

  /** What was written off is owed again. Whoever takes it back has seen to it that so much was. */
  takeBackWriteOff(amount: Money): void {
    this.settle(this.paidMinor, this.writtenOffMinor - amount.amountMinor);
  }

  /** @throws DomainError as `writeOff` */
  refuseUnlessWritable(amount: Money): void {
    this.refuseUnlessOwed(amount, 'write-off');
  }

  /** @throws DomainError as `receive` */
  refuseUnlessPayable(amount: Money): void {
    this.refuseUnlessOwed(amount, 'payment');
  }

  /** Notes its files, once. @returns whether it had none before */
  file({ pdfDocumentId, ledesDocumentId }: InvoiceFiles): boolean {
    if (this.pdfDocumentId !== null) return false;
    Object.assign(this, { pdfDocumentId, ledesDocumentId, version: this.version + 1 });
    return true;
  }

  /** The invoice with its lines, as they were loaded. */
  withLines(lines: readonly InvoiceLine[]): this {
    return Object.assign(this, { lines });
  }

  private refuseUnlessOwed(amount: Money, what: 'payment' | 'write-off'): void {
    if (!this.isIssued || this.balance.isZero()) {
      throw DomainError.refused('INVOICE_NOT_OPEN', `the invoice is ${this.status}: nothing is owed for it`);
    }
    if (amount.currency !== this.currency) {
      const message = `the invoice is in ${this.currency}, the ${what} in ${amount.currency}`;
      throw DomainError.invalid('amount.currencyCode', 'CURRENCY_MISMATCH', message);
    }
    if (amount.amountMinor <= 0n) throw DomainError.invalid('amount', 'NOT_POSITIVE', `a ${what} is more than zero`);
    if (amount.compare(this.balance) > 0) {
      const balance = this.balance.toDecimal();
      const reason = what === 'payment' ? 'PAYMENT_EXCEEDS_BALANCE' : 'WRITE_OFF_EXCEEDS_BALANCE';
      throw DomainError.refused(reason, `${this.balance.toString()} is left to pay`, { balance });
    }
  }

  private settle(paidMinor: bigint, writtenOffMinor: bigint): void {
    const status = this.statusWith(paidMinor, writtenOffMinor);
    this.become({ paidMinor, writtenOffMinor, status, version: this.version + 1 }, 'INVOICE_NOT_OPEN');
  }

  /** How far it has come when so much is settled: that alone says it. */
  private statusWith(paidMinor: bigint, writtenOffMinor: bigint): InvoiceStatus {
    if (paidMinor >= this.totalMinor) return 'paid';
    if (paidMinor + writtenOffMinor >= this.totalMinor) return 'written_off';
    return paidMinor > 0n ? 'partly_paid' : 'issued';
  }

  private become(change: Partial<Invoice> & { readonly status: InvoiceStatus }, reason: string): void {
    if (!transitions[this.status].includes(change.status)) {
      throw DomainError.refused(reason, `an invoice that is ${this.status} does not become ${change.status}`);
    }
    Object.assign(this, change);
  }
}
