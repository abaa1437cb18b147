import { Money } from '@paradesk/kernel';

/** What a line charges for. */
export type InvoiceLineKind = 'fee' | 'expense' | 'fee_adjustment' | 'expense_adjustment';

/** The figures of an invoice. */
export interface InvoiceTotals {
  /** Sum of the fee lines. */
  readonly fees: Money;
  /** Sum of the expense lines. */
  readonly expenses: Money;
  readonly feeAdjustments: Money;
  readonly expenseAdjustments: Money;
  /** Both kinds of adjustment lines. */
  readonly adjustments: Money;
  /** Sum of all lines. */
  readonly total: Money;
}

/** Sums lines that were each rounded before: nothing is computed here but sums, so that the total is that of the printed lines. */
export function totalsOf(
  currency: string,
  lines: readonly { readonly kind: InvoiceLineKind; readonly amountMinor: bigint }[],
): InvoiceTotals {
  const sumOf = (kind: InvoiceLineKind) =>
    Money.of(
      lines.filter((line) => line.kind === kind).reduce((sum, line) => sum + line.amountMinor, 0n),
      currency,
    );
  const fees = sumOf('fee');
  const expenses = sumOf('expense');
  const feeAdjustments = sumOf('fee_adjustment');
  const expenseAdjustments = sumOf('expense_adjustment');
  const adjustments = feeAdjustments.plus(expenseAdjustments);
  const total = fees.plus(expenses).plus(adjustments);
  return { fees, expenses, feeAdjustments, expenseAdjustments, adjustments, total };
}
