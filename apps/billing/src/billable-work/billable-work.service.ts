import { Injectable } from '@nestjs/common';
import type { Tx } from '@paradesk/platform';
import { Temporal } from 'temporal-polyfill';
import { Between, In, type FindOptionsWhere } from 'typeorm';
import { Adjustment } from '../adjustments/adjustment.entity.js';
import { Expense } from '../expenses/expense.entity.js';
import { TimeEntry } from '../time-entries/time-entry.entity.js';
import type { CapturedWork } from './captured-work.js';

/** Which work in progress: a client's, between two days, both included. */
export interface WorkInProgress {
  readonly clientId: string;
  readonly from: Temporal.PlainDate;
  readonly to: Temporal.PlainDate;
  /** Only work on these matters; all when empty. */
  readonly matterIds: readonly string[];
  /** Only these entries; all when empty. */
  readonly entryIds: readonly string[];
}

/** A piece of captured work as a line of an invoice shows it. */
export interface BillableItem {
  readonly kind: 'fee' | 'expense' | 'fee_adjustment' | 'expense_adjustment';
  readonly entryId: string;
  readonly matterId: string;
  readonly date: Temporal.PlainDate;
  /** The timekeeper of a fee. */
  readonly personId?: string;
  readonly narrative: string;
  readonly taskCode: string;
  readonly activityCode: string;
  readonly expenseCode: string;
  /** Hours or pieces in ten-thousandths; absent on adjustments. */
  readonly unitsE4?: bigint;
  /** Price of one in ten-thousandths; absent on adjustments. */
  readonly unitCostE4?: bigint;
  readonly adjustmentMinor: bigint;
  readonly amountMinor: bigint;
  readonly currency: string;
}

@Injectable()
export class BillableWorkService {
  /**
   * Approved, billable work that is on no live invoice, locked until the transaction ends; by date, of a day in the order it was
   * recorded (lines of a file in the file's order).
   */
  async approved(tx: Tx, wanted: WorkInProgress): Promise<BillableItem[]> {
    const locked = [
      ...(await lock(tx, TimeEntry, wanted, { workedOn: Between(wanted.from, wanted.to), billable: true })).map(feeOf),
      ...(await lock(tx, Expense, wanted, { incurredOn: Between(wanted.from, wanted.to) })).map(expenseOf),
      ...(await lock(tx, Adjustment, wanted, { appliesOn: Between(wanted.from, wanted.to) })).map(adjustmentOf),
    ];
    // Asked once the locks are held: who drafted in the meantime has committed, and this statement sees it.
    const invoiced = await onLiveInvoices(
      tx,
      locked.map((item) => item.entryId),
    );
    return locked.filter((item) => !invoiced.has(item.entryId)).sort(byDateThenRecorded);
  }

  /** The work of an invoice that is being issued. It must be approved: on a live invoice nothing else can become of it. */
  async markBilled(tx: Tx, itemIds: readonly string[]): Promise<void> {
    const ids = [...new Set(itemIds)];
    let billed = 0;
    for (const entity of [TimeEntry, Expense, Adjustment]) {
      const update = tx.createQueryBuilder().update<CapturedWork>(entity).set({ status: 'billed' });
      update.where(`tenant_id = :tenantId and id = any(:ids) and status = 'approved'`, { tenantId: tx.tenantId, ids });
      billed += (await update.execute()).affected ?? 0;
    }
    if (billed !== ids.length) throw new Error(`of ${ids.length} entries to bill ${billed} were approved`);
  }
}

function lock<T extends CapturedWork>(
  tx: Tx,
  entity: new () => T,
  { clientId, matterIds, entryIds }: WorkInProgress,
  own: FindOptionsWhere<T>,
): Promise<T[]> {
  const where: Record<string, unknown> = { tenantId: tx.tenantId, clientId, status: 'approved', ...own };
  if (matterIds.length > 0) where.matterId = In([...matterIds]);
  if (entryIds.length > 0) where.id = In([...entryIds]);
  return tx.find(entity, {
    where: where as FindOptionsWhere<T>,
    order: { id: 'ASC' } as never,
    lock: { mode: 'pessimistic_write' },
  });
}

/** Which of the entries are on invoices that are not discarded. */
export async function onLiveInvoices(tx: Tx, entryIds: readonly string[]): Promise<ReadonlySet<string>> {
  const lines: { entry_id: string }[] = await tx.query(
    'select entry_id from invoice_lines where tenant_id = $1 and live and entry_id = any($2::uuid[])',
    [tx.tenantId, entryIds],
  );
  return new Set(lines.map((line) => line.entry_id));
}

function byDateThenRecorded(one: BillableItem, other: BillableItem): number {
  return Temporal.PlainDate.compare(one.date, other.date) || (one.entryId < other.entryId ? -1 : 1);
}

function feeOf(entry: TimeEntry): BillableItem {
  const { taskCode, activityCode, personId, hoursE4, hourlyRateE4, adjustmentMinor } = entry;
  const codes = { taskCode, activityCode, expenseCode: '' };
  const factors = { unitsE4: hoursE4, unitCostE4: hourlyRateE4, adjustmentMinor };
  return { ...itemOf(entry), kind: 'fee', date: entry.workedOn, personId, ...codes, ...factors };
}

function expenseOf(expense: Expense): BillableItem {
  const { expenseCode, unitsE4, unitCostE4, adjustmentMinor } = expense;
  const codes = { taskCode: '', activityCode: '', expenseCode };
  return {
    ...itemOf(expense),
    kind: 'expense',
    date: expense.incurredOn,
    ...codes,
    unitsE4,
    unitCostE4,
    adjustmentMinor,
  };
}

function adjustmentOf(adjustment: Adjustment): BillableItem {
  const codes = { taskCode: '', activityCode: '', expenseCode: '' };
  const kind = adjustment.kind === 'fee' ? 'fee_adjustment' : 'expense_adjustment';
  return { ...itemOf(adjustment), kind, date: adjustment.appliesOn, ...codes, adjustmentMinor: 0n };
}

function itemOf({ id, matterId, narrative, amountMinor, currency }: CapturedWork) {
  return { entryId: id, matterId, narrative, amountMinor, currency };
}
