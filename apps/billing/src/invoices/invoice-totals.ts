import { Money } from '@paradesk/kernel';

/** What a line charges for. */
export type InvoiceLineKind =
  | 'fee'
  | 'expense'
  | 'fee_adjustment'
  | 'expense_adjustment'
  | 'fixed_fee'
  | 'subscription_fee'
  | 'minimum_fee'
  | 'fee_discount'
  | 'expense_discount';

/** The lines that are about expenses; all others are about fees. */
const OF_EXPENSES: readonly InvoiceLineKind[] = ['expense', 'expense_adjustment', 'expense_discount'];

/** Whether the line is about fees or about expenses: what it is taxed, discounted and booked with. */
export function sideOf(kind: InvoiceLineKind): 'fees' | 'expenses' {
  return OF_EXPENSES.includes(kind) ? 'expenses' : 'fees';
}

/** The figures of an invoice. */
export interface InvoiceTotals {
  /** Sum of the fee lines. */
  readonly fees: Money;
  /** Project fees, subscriptions and what makes a minimum up. */
  readonly fixedFees: Money;
  /** Sum of the expense lines. */
  readonly expenses: Money;
  /** Adjustments and discounts of fees. */
  readonly feeAdjustments: Money;
  readonly expenseAdjustments: Money;
  /** Both kinds of adjustment and discount lines. */
  readonly adjustments: Money;
  /** Sum of the taxes of all lines, on top of them. */
  readonly taxes: Money;
  /** Sum of all lines with their taxes. */
  readonly total: Money;
}

/** What the figures are made of. */
export interface TotalledLine {
  readonly kind: InvoiceLineKind;
  readonly amountMinor: bigint;
  /** None where it is absent. */
  readonly taxMinor?: bigint;
}

/** Sums lines that were each rounded before: nothing is computed here but sums, so that the total is that of the printed lines. */
export function totalsOf(currency: string, lines: readonly TotalledLine[]): InvoiceTotals {
  const sums = new Map<InvoiceLineKind, bigint>();
  let tax = 0n;
  for (const { kind, amountMinor, taxMinor } of lines) {
    sums.set(kind, (sums.get(kind) ?? 0n) + amountMinor);
    tax += taxMinor ?? 0n;
  }
  const sumOf = (...kinds: InvoiceLineKind[]) =>
    Money.of(
      kinds.reduce((sum, kind) => sum + (sums.get(kind) ?? 0n), 0n),
      currency,
    );
  const fees = sumOf('fee');
  const fixedFees = sumOf('fixed_fee', 'subscription_fee', 'minimum_fee');
  const expenses = sumOf('expense');
  const feeAdjustments = sumOf('fee_adjustment', 'fee_discount');
  const expenseAdjustments = sumOf('expense_adjustment', 'expense_discount');
  const adjustments = feeAdjustments.plus(expenseAdjustments);
  const taxes = Money.of(tax, currency);
  const total = fees.plus(fixedFees).plus(expenses).plus(adjustments).plus(taxes);
  return { fees, fixedFees, expenses, feeAdjustments, expenseAdjustments, adjustments, taxes, total };
}
