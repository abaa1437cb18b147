import type { Money } from '@paradesk/kernel';
import { bigintColumn, instant } from '@paradesk/platform';
import type { Temporal } from 'temporal-polyfill';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { InvoiceTotals } from '../invoices/invoice-totals.js';

/** An account of the ledger. */
export type LedgerAccount = 'receivables' | 'fee_income' | 'expense_recovery' | 'tax_payable' | 'cash';

/** What a posting books. */
export type PostingKind = 'invoice_issued' | 'payment_received';

/** What a posting belongs to. */
export interface PostingSubject {
  readonly tenantId: string;
  readonly id: string;
  readonly clientId: string;
  readonly invoiceId: string;
  readonly postedAt: Temporal.Instant;
}

/**
 * An entry of the journal.
 *
 * - Its lines sum to zero in each currency, and it has lines (a constraint checks both at commit).
 * - It is never changed, deleted or added to: a mistake is corrected by a reversal.
 * - The issue of an invoice is posted once, and each payment once.
 */
@Entity('postings')
export class Posting {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) readonly tenantId!: string;
  @PrimaryColumn('uuid') readonly id!: string;
  @Column('text') readonly kind!: PostingKind;
  @Column('uuid', { name: 'invoice_id' }) readonly invoiceId!: string;
  /** The payment that is booked; null for an invoice. */
  @Column('uuid', { name: 'payment_id', nullable: true }) readonly paymentId!: string | null;
  @Column('timestamptz', { name: 'posted_at', transformer: instant }) readonly postedAt!: Temporal.Instant;
  /** How many lines it has, so that none can be added later. */
  @Column('integer', { name: 'line_count' }) readonly lineCount!: number;

  /** Rows of their own: the service loads and stores them with the posting. */
  readonly lines: readonly PostingLine[] = [];

  /** The client owes the total; fees and expenses were earned, with what adjusts them; taxes are owed. Undefined where all of it is zero. */
  static ofInvoice(subject: PostingSubject, totals: InvoiceTotals): Posting | undefined {
    return post(subject, 'invoice_issued', null, {
      receivables: totals.total,
      fee_income: totals.fees.plus(totals.fixedFees).plus(totals.feeAdjustments).negate(),
      expense_recovery: totals.expenses.plus(totals.expenseAdjustments).negate(),
      tax_payable: totals.taxes.negate(),
    });
  }

  /** Money came, and the client owes that much less. */
  static ofPayment(subject: PostingSubject, paymentId: string, amount: Money): Posting | undefined {
    return post(subject, 'payment_received', paymentId, { cash: amount, receivables: amount.negate() });
  }

  /** The posting with its lines, as they were loaded. */
  withLines(lines: readonly PostingLine[]): this {
    return Object.assign(this, { lines });
  }
}

/** A line of a posting: a debit above zero, a credit below. Part of its posting. */
@Entity('posting_lines')
export class PostingLine {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) readonly tenantId!: string;
  @PrimaryColumn('uuid', { name: 'posting_id' }) readonly postingId!: string;
  @PrimaryColumn('integer') readonly position!: number;
  @Column('text') readonly account!: LedgerAccount;
  @Column('uuid', { name: 'client_id' }) readonly clientId!: string;
  @Column('text') readonly currency!: string;
  @Column('bigint', { name: 'amount_minor', transformer: bigintColumn }) readonly amountMinor!: bigint;
}

function post(
  { clientId, ...subject }: PostingSubject,
  kind: PostingKind,
  paymentId: string | null,
  amounts: Readonly<Partial<Record<LedgerAccount, Money>>>,
): Posting | undefined {
  const { tenantId, id: postingId } = subject;
  const booked = Object.entries(amounts).filter(([, amount]) => !amount.isZero());
  if (booked.length === 0) return undefined;
  const lines = booked.map(([account, { amountMinor, currency }], position) =>
    Object.assign(new PostingLine(), { tenantId, postingId, position, account, clientId, currency, amountMinor }),
  );
  return Object.assign(new Posting(), { ...subject, kind, paymentId, lineCount: lines.length, lines });
}
