import { Money } from '@paradesk/kernel';
import { insertEntities, type Tx } from '@paradesk/platform';
import type { Temporal } from 'temporal-polyfill';
import { Adjustment } from '../adjustments/adjustment.entity.js';
import { Expense } from '../expenses/expense.entity.js';
import { TimeEntry } from '../time-entries/time-entry.entity.js';
import { ImportProblems } from './import-problems.js';
import { dayOf, type ImportedGroup, type ImportedWork } from './imported-work.js';

/** What an import did, or would do. */
export interface ImportOutcome {
  readonly recordedLines: number;
  /** Lines that an earlier import had recorded. */
  readonly knownLines: number;
  readonly groups: readonly GroupOutcome[];
}

/** What a group became. Ids in the order of the lines; none in a dry run. */
export interface GroupOutcome {
  readonly sourceInvoiceNumber: string;
  readonly clientId: string;
  readonly matterIds: readonly string[];
  readonly timeEntryIds: readonly string[];
  readonly expenseIds: readonly string[];
  readonly adjustmentIds: readonly string[];
  readonly total: Money;
}

/** Days whose books are closed, and how a refusal of the file names them. */
export interface LockedDays {
  readonly isLocked: (day: Temporal.PlainDate) => boolean;
  readonly column: string;
  readonly reason: string;
}

/** How the lines of a file are recorded. */
export interface Recordable {
  readonly dryRun: boolean;
  /** Reason of the refusal where a known line now has another amount or kind; without it such a line is known as it was recorded. */
  readonly refuseChanged?: string;
  readonly locked: LockedDays;
  /** Leaves on time what the guidelines find in it. */
  readonly check: (time: readonly TimeEntry[]) => Promise<void>;
}

interface RecordedLine {
  readonly kind: ImportedWork['kind'];
  readonly id: string;
  readonly amountMinor: bigint;
}

/** Records the lines that are not recorded yet. */
export async function recordGroups(
  tx: Tx,
  groups: readonly ImportedGroup[],
  { dryRun, refuseChanged, locked, check }: Recordable,
): Promise<ImportOutcome> {
  const lines = groups.flatMap((group) => group.work);
  const known = await recordedLines(tx, lines);
  if (refuseChanged) refuseChangedLines(lines, known, refuseChanged);
  const fresh = lines.filter(({ work }) => !known.has(work.importRef ?? ''));
  refuseLockedLines(fresh, locked);
  if (!dryRun) await insertLines(tx, fresh, check);
  return {
    recordedLines: fresh.length,
    knownLines: lines.length - fresh.length,
    groups: groups.map((group) => outcomeOf(group, known, dryRun)),
  };
}

function outcomeOf(group: ImportedGroup, known: ReadonlyMap<string, RecordedLine>, dryRun: boolean): GroupOutcome {
  const lines = group.work.map(({ kind, work }) => known.get(work.importRef ?? '') ?? { ...work, kind });
  const ids = (kind: ImportedWork['kind']) =>
    dryRun ? [] : lines.filter((line) => line.kind === kind).map((line) => line.id);
  return {
    sourceInvoiceNumber: group.sourceInvoiceNumber,
    clientId: group.clientId,
    matterIds: [...new Set(group.work.map(({ work }) => work.matterId))],
    timeEntryIds: ids('time'),
    expenseIds: ids('expense'),
    adjustmentIds: ids('adjustment'),
    total: Money.sum(
      group.currency,
      lines.map((line) => Money.of(line.amountMinor, group.currency)),
    ),
  };
}

async function insertLines(tx: Tx, lines: readonly ImportedWork[], check: Recordable['check']): Promise<void> {
  const time = lines.flatMap((line) => (line.kind === 'time' ? [line.work] : []));
  const expenses = lines.flatMap((line) => (line.kind === 'expense' ? [line.work] : []));
  const adjustments = lines.flatMap((line) => (line.kind === 'adjustment' ? [line.work] : []));
  await check(time);
  await insertEntities(tx, TimeEntry, time);
  await insertEntities(tx, Expense, expenses);
  await insertEntities(tx, Adjustment, adjustments);
}

async function recordedLines(tx: Tx, lines: readonly ImportedWork[]): Promise<ReadonlyMap<string, RecordedLine>> {
  const refs = lines.map(({ work }) => work.importRef);
  const rows: { kind: ImportedWork['kind']; id: string; import_ref: string; amount_minor: string }[] = await tx.query(
    `select 'time' as kind, id, import_ref, amount_minor from time_entries where tenant_id = $1 and import_ref = any($2::text[])
     union all
     select 'expense', id, import_ref, amount_minor from expenses where tenant_id = $1 and import_ref = any($2::text[])
     union all
     select 'adjustment', id, import_ref, amount_minor from adjustments where tenant_id = $1 and import_ref = any($2::text[])`,
    [tx.tenantId, refs],
  );
  return new Map(
    rows.map(({ kind, id, import_ref, amount_minor }) => [import_ref, { kind, id, amountMinor: BigInt(amount_minor) }]),
  );
}

function refuseLockedLines(lines: readonly ImportedWork[], { isLocked, column, reason }: LockedDays): void {
  const problems = new ImportProblems();
  for (const imported of lines) {
    const day = dayOf(imported);
    if (isLocked(day))
      problems.add(imported.line, column, 'PERIOD_LOCKED', `the books are closed for ${day.toString()}`);
  }
  problems.refuseIfAny(reason);
}

// A line that comes again with other figures is a correction, and a correction is never swallowed.
function refuseChangedLines(
  lines: readonly ImportedWork[],
  known: ReadonlyMap<string, RecordedLine>,
  reason: string,
): void {
  const problems = new ImportProblems();
  for (const { kind, line, work } of lines) {
    const recorded = known.get(work.importRef ?? '');
    if (!recorded || (recorded.kind === kind && recorded.amountMinor === work.amountMinor)) continue;
    const before = Money.of(recorded.amountMinor, work.currency).toString();
    problems.add(line, 'LINE_ITEM_TOTAL', 'V09', `the line was imported before as ${recorded.kind} of ${before}`);
  }
  problems.refuseIfAny(reason);
}
