import { bigintColumn, plainDate, scaled4 } from '@paradesk/platform';
import { DomainError } from '@paradesk/kernel';
import type { Temporal } from 'temporal-polyfill';
import { Column, Entity } from 'typeorm';
import type { Agreement } from '../agreements/agreement.entity.js';
import { CapturedWork, type Recording } from '../billable-work/captured-work.js';
import { lineAmount, moneyE4 } from '../billable-work/line-amount.js';
import { isExpenseCode } from '../ledes/utbms.js';

/** An expense as a person states it. */
export interface ExpenseToRecord {
  readonly incurredOn: Temporal.PlainDate;
  readonly expenseCode: string;
  readonly unitsE4: bigint;
  readonly unitCostE4: bigint;
  readonly narrative: string;
}

/**
 * A disbursement on a matter, in the currency of the agreement of its day.
 *
 * - Its code is one of UTBMS, since a vendor refuses any other.
 * - It has units, and what one of them cost is not negative: a refund is an adjustment.
 */
@Entity('expenses')
export class Expense extends CapturedWork {
  @Column('date', { name: 'incurred_on', transformer: plainDate }) readonly incurredOn!: Temporal.PlainDate;
  @Column('text', { name: 'expense_code' }) readonly expenseCode!: string;
  /** In ten-thousandths. */
  @Column('numeric', { name: 'units', transformer: scaled4 }) readonly unitsE4!: bigint;
  @Column('numeric', { name: 'unit_cost', transformer: scaled4 }) readonly unitCostE4!: bigint;
  @Column('bigint', { name: 'adjustment_minor', transformer: bigintColumn }) readonly adjustmentMinor!: bigint;

  /** @throws DomainError invalid UNKNOWN_EXPENSE_CODE, UNITS_NOT_POSITIVE, UNIT_COST_NEGATIVE, AMOUNT_OUT_OF_RANGE or OUT_OF_RANGE */
  static record(expense: ExpenseToRecord, { currency, clientId, matterId }: Agreement, recording: Recording): Expense {
    checkExpense(expense);
    const { unitsE4, unitCostE4 } = expense;
    const adjustmentMinor = 0n;
    const amount = lineAmount({ unitsE4, unitCostE4, adjustmentMinor, currency });
    // An amount that no LEDES line can state would leave its invoice without a file.
    moneyE4(amount, 'amount');
    return Object.assign(new Expense(), {
      ...recording,
      ...expense,
      clientId,
      matterId,
      currency,
      adjustmentMinor,
      amountMinor: amount.amountMinor,
      status: 'recorded' as const,
    });
  }
}

/** What can be said of a stated expense before the agreement is known. */
export function checkExpense({ expenseCode, unitsE4, unitCostE4 }: ExpenseToRecord): void {
  if (!isExpenseCode(expenseCode)) {
    throw DomainError.invalid('expenseCode', 'UNKNOWN_EXPENSE_CODE', 'is no expense code of UTBMS');
  }
  if (unitsE4 <= 0n) throw DomainError.invalid('units', 'UNITS_NOT_POSITIVE', 'an expense has units above zero');
  if (unitCostE4 < 0n) throw DomainError.invalid('unitCost', 'UNIT_COST_NEGATIVE', 'a unit cost must not be negative');
}
