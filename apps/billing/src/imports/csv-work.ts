import { DomainError, parseDate } from '@paradesk/kernel';
import type { Temporal } from 'temporal-polyfill';
import type { Agreement } from '../agreements/agreement.entity.js';
import { parseE4 } from '../billable-work/line-amount.js';
import type { Client } from '../clients/client.entity.js';
import { checkExpense, Expense, type ExpenseToRecord } from '../expenses/expense.entity.js';
import type { Matter } from '../matters/matter.entity.js';
import type { Person } from '../people/person.entity.js';
import { checkTime, timeEntryOf, type TimeToRecord } from '../time-entries/time-capture.js';
import type { CsvColumn, CsvRow } from './csv-rows.js';
import type { Directory } from './directory.js';
import type { ImportProblems } from './import-problems.js';
import type { AgreementsOfFile, ImportedWork, Recorder } from './imported-work.js';

/** A row of a CSV file with whom it is about, ready to be priced. */
export type KnownRow = { readonly line: number; readonly client: Client; readonly matter: Matter } & (
  | { readonly kind: 'time'; readonly timekeeper: Person; readonly time: TimeToRecord }
  | { readonly kind: 'expense'; readonly expense: ExpenseToRecord }
);

// Columns that say nothing about the other kind of row: a value there is a row that was meant differently.
const NOT_OF: Record<KnownRow['kind'], readonly CsvColumn[]> = {
  time: ['expense', 'units', 'unit_cost'],
  expense: ['minutes', 'task', 'activity'],
};

// Where the refusals of the use cases point to in a file.
const COLUMN_OF: Readonly<Record<string, CsvColumn>> = {
  workedOn: 'date',
  incurredOn: 'date',
  taskCode: 'task',
  activityCode: 'activity',
  expenseCode: 'expense',
  unitCost: 'unit_cost',
  minutes: 'minutes',
  units: 'units',
  NO_TIMEKEEPER: 'timekeeper',
  NO_RATE: 'timekeeper',
  NO_AGREEMENT: 'matter',
};

const MAX_NARRATIVE = 4000;

/** Reads the rows by the rules of RecordTime and RecordExpense; each bad one is a problem. */
export function knownRows(
  rows: readonly CsvRow[],
  directory: Directory,
  today: Temporal.PlainDate,
  problems: ImportProblems,
): KnownRow[] {
  return rows.flatMap((row) => naming(row.line, problems, () => knownRow(row, directory, today)) ?? []);
}

/** Prices the rows by the agreements of their days. */
export function csvWork(
  rows: readonly KnownRow[],
  agreements: AgreementsOfFile,
  record: (line: number) => ReturnType<Recorder>,
  problems: ImportProblems,
): ImportedWork[] {
  return rows.flatMap((row) => naming(row.line, problems, () => workOf(row, agreements, record)) ?? []);
}

function workOf(
  row: KnownRow,
  agreements: AgreementsOfFile,
  record: (line: number) => ReturnType<Recorder>,
): ImportedWork {
  const { line, matter } = row;
  if (row.kind === 'time') {
    const agreement = inForce(agreements, matter, row.time.workedOn);
    return { kind: 'time', line, work: timeEntryOf(row.time, row.timekeeper, agreement, record(line)) };
  }
  const agreement = inForce(agreements, matter, row.expense.incurredOn);
  return { kind: 'expense', line, work: Expense.record(row.expense, agreement, record(line)) };
}

function inForce(agreements: AgreementsOfFile, matter: Matter, day: Temporal.PlainDate): Agreement {
  const agreement = agreements.on(matter.id, day);
  if (agreement) return agreement;
  throw DomainError.refused('NO_AGREEMENT', `no agreement is in force for the matter on ${day.toString()}`);
}

function knownRow({ line, values }: CsvRow, directory: Directory, today: Temporal.PlainDate): KnownRow {
  const kind = kindOf(values.kind);
  for (const column of NOT_OF[kind]) {
    if (values[column] !== '')
      throw DomainError.invalid(column, 'NOT_OF_KIND', `says nothing about a row of kind ${kind}`);
  }
  const client = directory.client(values.client);
  if (!client) throw DomainError.invalid('client', 'CLIENT_NOT_FOUND', 'there is no client with this code');
  const matter = directory.matter(client, values.matter);
  if (!matter) throw DomainError.invalid('matter', 'MATTER_NOT_FOUND', 'the client has no matter with this code');
  const timekeeper = directory.timekeeper(values.timekeeper);
  if (!timekeeper && (kind === 'time' || values.timekeeper !== '')) {
    throw DomainError.invalid('timekeeper', 'PERSON_NOT_FOUND', 'there is no timekeeper with this code');
  }
  checkNarrative(values.narrative);
  if (kind === 'expense' || !timekeeper) return { line, client, matter, kind: 'expense', expense: expenseOf(values) };
  const time = timeOf(values);
  checkTime(time, timekeeper, today);
  return { line, client, matter, kind, timekeeper, time };
}

function kindOf(text: string): KnownRow['kind'] {
  if (text === 'time' || text === 'expense') return text;
  throw DomainError.invalid('kind', 'UNKNOWN_KIND', 'is neither time nor expense');
}

function checkNarrative(narrative: string): void {
  if (narrative.length > 0 && narrative.length <= MAX_NARRATIVE) return;
  throw DomainError.invalid('narrative', 'NARRATIVE_LENGTH', `must have 1 to ${MAX_NARRATIVE} characters`);
}

function timeOf(values: CsvRow['values']): TimeToRecord {
  const minutes = /^\d{1,4}$/.test(values.minutes) ? Number(values.minutes) : 0;
  if (minutes < 1 || minutes > 1440) {
    throw DomainError.invalid('minutes', 'NOT_WHOLE_MINUTES', 'must be a whole number from 1 to 1440');
  }
  return {
    workedOn: parseDate(values.date, 'date'),
    minutes,
    narrative: values.narrative,
    taskCode: values.task,
    activityCode: values.activity,
    taskKind: '',
  };
}

function expenseOf(values: CsvRow['values']): ExpenseToRecord {
  const expense = {
    incurredOn: parseDate(values.date, 'date'),
    expenseCode: values.expense,
    unitsE4: parseE4(values.units, 'units'),
    unitCostE4: parseE4(values.unit_cost, 'unit_cost'),
    narrative: values.narrative,
  };
  checkExpense(expense);
  return expense;
}

/** Turns the refusal of one row into a problem of the file. */
function naming<T>(line: number, problems: ImportProblems, work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    const field = error.violations[0]?.field ?? error.reason;
    problems.add(line, COLUMN_OF[field] ?? field, error.reason, error.message);
    return undefined;
  }
}
