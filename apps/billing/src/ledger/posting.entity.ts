import type { Money } from '@paradesk/kernel';
import { bigintColumn, instant, plainDate } from '@paradesk/platform';
import type { Temporal } from 'temporal-polyfill';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { InvoiceTotals } from '../invoices/invoice-totals.js';

/** An account of the ledger. */
export type LedgerAccount =
  'receivables' | 'fee_income' | 'expense_recovery' | 'tax_payable' | 'cash' | 'unapplied_cash' | 'bad_debt';

/** What a posting books. */
export type PostingKind = 'invoice_issued' | 'payment_received' | MovementKind;

/** What moves money between two accounts, and is booked by a row of its own. */
export type MovementKind =
  | 'payment_allocated'
  | 'allocation_reversed'
  | 'payment_refunded'
  | 'payment_charged_back'
  | 'invoice_written_off'
  | 'write_off_reversed';

/** What a posting belongs to. */
export interface PostingSubject {
  readonly tenantId: string;
  readonly id: string;
  readonly clientId: string;
  /** Null where it belongs to no invoice. */
  readonly invoiceId: string | null;
  readonly postedAt: Temporal.Instant;
  /** Day it counts from. */
  readonly bookedOn: Temporal.PlainDate;
}

/** Debit and credit of what moves. */
const movements: Record<MovementKind, readonly [LedgerAccount, LedgerAccount]> = {
  payment_allocated: ['unapplied_cash', 'receivables'],
  allocation_reversed: ['receivables', 'unapplied_cash'],
  payment_refunded: ['unapplied_cash', 'cash'],
  payment_charged_back: ['unapplied_cash', 'cash'],
  invoice_written_off: ['bad_debt', 'receivables'],
  write_off_reversed: ['receivables', 'bad_debt'],
};

/**
 * An entry of the journal.
 *
 * - Its lines sum to zero in each currency, and it has lines (a constraint checks both at commit).
 * - It is never changed, deleted or added to: a mistake is corrected by a reversal.
 * - The issue of an invoice is posted once, and each payment, allocation, refund, chargeback, write-off and its reversal once.
 */
@Entity('postings')
export class Posting {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) readonly tenantId!: string;
  @PrimaryColumn('uuid') readonly id!: string;
  @Column('text') readonly kind!: PostingKind;
  /** Null where it belongs to no invoice. */
  @Column('uuid', { name: 'invoice_id', nullable: true }) readonly invoiceId!: string | null;
  /** The payment that it is about; null for an invoice and a write-off. */
  @Column('uuid', { name: 'payment_id', nullable: true }) readonly paymentId!: string | null;
  /** The allocation, refund, chargeback or write-off that is booked; null for an invoice and a payment. */
  @Column('uuid', { name: 'source_id', nullable: true }) readonly sourceId!: string | null;
  /** Day it counts from; null on those of before it was noted. */
  @Column('date', { name: 'booked_on', nullable: true, transformer: plainDate })
  readonly bookedOn!: Temporal.PlainDate | null;
  @Column('timestamptz', { name: 'posted_at', transformer: instant }) readonly postedAt!: Temporal.Instant;
  /** How many lines it has, so that none can be added later. */
  @Column('integer', { name: 'line_count' }) readonly lineCount!: number;

  /** Rows of their own: the service loads and stores them with the posting. */
  readonly lines: readonly PostingLine[] = [];

  /** The client owes the total; fees and expenses were earned, with what adjusts them; taxes are owed. Undefined where all of it is zero. */
  static ofInvoice(subject: PostingSubject, totals: InvoiceTotals): Posting | undefined {
    return post(
      subject,
      { kind: 'invoice_issued', paymentId: null, sourceId: null },
      {
        receivables: totals.total,
        fee_income: totals.fees.plus(totals.fixedFees).plus(totals.feeAdjustments).negate(),
        expense_recovery: totals.expenses.plus(totals.expenseAdjustments).negate(),
        tax_payable: totals.taxes.negate(),
      },
    );
  }

  /** Money came: for an invoice, and the client owes that much less, or as the client's credit. */
  static ofPayment(subject: PostingSubject, paymentId: string, amount: Money): Posting | undefined {
    const credited = subject.invoiceId === null ? 'unapplied_cash' : 'receivables';
    const booked = { kind: 'payment_received', paymentId, sourceId: null } as const;
    return post(subject, booked, { cash: amount, [credited]: amount.negate() });
  }

  /** Money moved, in the direction that its kind says. */
  static ofMovement(
    subject: PostingSubject,
    booked: { readonly kind: MovementKind; readonly paymentId: string | null; readonly sourceId: string },
    amount: Money,
  ): Posting | undefined {
    const [debited, credited] = movements[booked.kind];
    return post(subject, booked, { [debited]: amount, [credited]: amount.negate() });
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
  booked: Pick<Posting, 'kind' | 'paymentId' | 'sourceId'>,
  amounts: Readonly<Partial<Record<LedgerAccount, Money>>>,
): Posting | undefined {
  const { tenantId, id: postingId } = subject;
  const entries = Object.entries(amounts).filter(([, amount]) => !amount.isZero());
  if (entries.length === 0) return undefined;
  const lines = entries.map(([account, { amountMinor, currency }], position) =>
    Object.assign(new PostingLine(), { tenantId, postingId, position, account, clientId, currency, amountMinor }),
  );
  return Object.assign(new Posting(), { ...subject, ...booked, lineCount: lines.length, lines });
}
