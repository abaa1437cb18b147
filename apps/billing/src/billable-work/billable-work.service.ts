import { Injectable } from '@nestjs/common';
import type { Tx } from '@paradesk/platform';
import { Temporal } from 'temporal-polyfill';
import { parseE4 } from './line-amount.js';

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

/** A piece of captured work, or a fee that has become due, as a line of an invoice shows it. */
export interface BillableItem {
  readonly kind: 'fee' | 'expense' | 'fee_adjustment' | 'expense_adjustment' | 'fixed_fee' | 'subscription_fee';
  readonly entryId: string;
  readonly clientId: string;
  readonly matterId: string;
  readonly date: Temporal.PlainDate;
  /** The timekeeper of a fee. */
  readonly personId?: string;
  readonly narrative: string;
  readonly taskCode: string;
  readonly activityCode: string;
  readonly expenseCode: string;
  /** Hours or pieces in ten-thousandths; absent where it is an amount only. */
  readonly unitsE4?: bigint;
  /** Price of one in ten-thousandths; absent where it is an amount only. */
  readonly unitCostE4?: bigint;
  readonly adjustmentMinor: bigint;
  readonly amountMinor: bigint;
  readonly currency: string;
}

/** Which work in progress of how many clients. */
export interface WorkOfClients extends Omit<WorkInProgress, 'clientId'> {
  readonly clientIds: readonly string[];
}

@Injectable()
export class BillableWorkService {
  /**
   * Approved, billable work that is on no live invoice, locked until the transaction ends; by date, of a day in the order it was
   * recorded (lines of a file in the file's order).
   */
  async approved(tx: Tx, { clientId, ...wanted }: WorkInProgress): Promise<BillableItem[]> {
    return this.approvedOf(tx, { ...wanted, clientIds: [clientId] });
  }

  /** As `approved`, of many clients by one query for each kind of work. */
  async approvedOf(tx: Tx, wanted: WorkOfClients): Promise<BillableItem[]> {
    const locked: BillableItem[] = [];
    for (const source of SOURCES) locked.push(...(await lockApproved(tx, source, wanted)));
    // Asked once the locks are held: who drafted in the meantime has committed, and this statement sees it.
    const invoiced = await onLiveInvoices(
      tx,
      locked.map((item) => item.entryId),
    );
    return locked.filter((item) => !invoiced.has(item.entryId)).sort(byDateThenRecorded);
  }

  /**
   * The work of invoices that are being issued. It must be approved: on a live invoice nothing else can become of it, but that another
   * payer's invoice of the same work was issued before.
   */
  async markBilled(tx: Tx, invoiceIds: readonly string[]): Promise<void> {
    const counted: { lines: number }[] = await tx.query(
      `select count(distinct entry_id)::int as lines from invoice_lines
       where tenant_id = $1 and invoice_id = any($2::uuid[]) and live`,
      [tx.tenantId, invoiceIds],
    );
    let billed = 0;
    for (const { table } of SOURCES) {
      const [, updated]: [unknown, number] = await tx.query(
        `update ${table} w set status = 'billed' from invoice_lines l
         join invoices i on i.tenant_id = l.tenant_id and i.id = l.invoice_id
         where l.tenant_id = $1 and l.invoice_id = any($2::uuid[]) and l.live and w.tenant_id = $1 and w.id = l.entry_id
           and (w.status = 'approved' or w.status = 'billed' and i.split_id is not null)`,
        [tx.tenantId, invoiceIds],
      );
      billed += updated;
    }
    const lines = counted[0]?.lines ?? 0;
    if (billed !== lines) throw new Error(`of ${lines} entries to bill ${billed} were approved`);
  }
}

/** Where captured work lies, and how its columns make the line of an invoice. */
interface Source {
  readonly table: string;
  readonly day: string;
  readonly columns: string;
  readonly where: string;
}

const SOURCES: readonly Source[] = [
  {
    table: 'time_entries',
    day: 'worked_on',
    columns: `'fee' as kind, person_id, task_code, activity_code, '' as expense_code, hours as units, hourly_rate as unit_cost, adjustment_minor`,
    where: 'and billable',
  },
  {
    table: 'expenses',
    day: 'incurred_on',
    columns: `'expense' as kind, null as person_id, '' as task_code, '' as activity_code, expense_code, units, unit_cost, adjustment_minor`,
    where: '',
  },
  {
    table: 'adjustments',
    day: 'applies_on',
    columns: `kind || '_adjustment' as kind, null as person_id, '' as task_code, '' as activity_code, '' as expense_code,
       null as units, null as unit_cost, 0 as adjustment_minor`,
    where: '',
  },
  {
    table: 'fixed_fees',
    day: 'due_on',
    columns: `case kind when 'project' then 'fixed_fee' else 'subscription_fee' end as kind, null as person_id, '' as task_code,
       '' as activity_code, '' as expense_code, null as units, null as unit_cost, 0 as adjustment_minor`,
    where: '',
  },
];

interface WorkRow {
  readonly kind: BillableItem['kind'];
  readonly id: string;
  readonly client_id: string;
  readonly matter_id: string;
  readonly day: string;
  readonly person_id: string | null;
  readonly narrative: string;
  readonly task_code: string;
  readonly activity_code: string;
  readonly expense_code: string;
  readonly units: string | null;
  readonly unit_cost: string | null;
  readonly adjustment_minor: string;
  readonly amount_minor: string;
  readonly currency: string;
}

async function lockApproved(tx: Tx, source: Source, wanted: WorkOfClients): Promise<BillableItem[]> {
  const rows: WorkRow[] = await tx.query(
    `select id, client_id, matter_id, ${source.day}::text as day, narrative, amount_minor, currency, ${source.columns}
     from ${source.table}
     where tenant_id = $1 and client_id = any($2::uuid[]) and status = 'approved' and ${source.day} between $3 and $4 ${source.where}
       and ($5::uuid[] = '{}' or matter_id = any($5::uuid[])) and ($6::uuid[] = '{}' or id = any($6::uuid[]))
     order by id for update`,
    [tx.tenantId, wanted.clientIds, wanted.from.toString(), wanted.to.toString(), wanted.matterIds, wanted.entryIds],
  );
  // Work of a period has few days: each is read once.
  const days = new Map<string, Temporal.PlainDate>();
  return rows.map((row) => itemOf(row, days));
}

function itemOf(row: WorkRow, days: Map<string, Temporal.PlainDate>): BillableItem {
  const date = days.get(row.day) ?? Temporal.PlainDate.from(row.day);
  days.set(row.day, date);
  return {
    kind: row.kind,
    entryId: row.id,
    clientId: row.client_id,
    matterId: row.matter_id,
    date,
    ...(row.person_id !== null && { personId: row.person_id }),
    narrative: row.narrative,
    taskCode: row.task_code,
    activityCode: row.activity_code,
    expenseCode: row.expense_code,
    ...(row.units !== null && { unitsE4: parseE4(row.units, 'units') }),
    ...(row.unit_cost !== null && { unitCostE4: parseE4(row.unit_cost, 'unitCost') }),
    adjustmentMinor: BigInt(row.adjustment_minor),
    amountMinor: BigInt(row.amount_minor),
    currency: row.currency,
  };
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
