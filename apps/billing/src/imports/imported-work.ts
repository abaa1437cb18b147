import type { Temporal } from 'temporal-polyfill';
import type { Adjustment } from '../adjustments/adjustment.entity.js';
import { inForceOn, type Agreement } from '../agreements/agreement.entity.js';
import type { Recording } from '../billable-work/captured-work.js';
import type { Expense } from '../expenses/expense.entity.js';
import type { TimeEntry } from '../time-entries/time-entry.entity.js';

/** What a line of a file became. Its import reference says which line that was. */
export type ImportedWork =
  | { readonly kind: 'time'; readonly line: number; readonly work: TimeEntry }
  | { readonly kind: 'expense'; readonly line: number; readonly work: Expense }
  | { readonly kind: 'adjustment'; readonly line: number; readonly work: Adjustment };

/** The day of the work. */
export function dayOf(imported: ImportedWork): Temporal.PlainDate {
  if (imported.kind === 'time') return imported.work.workedOn;
  return imported.kind === 'expense' ? imported.work.incurredOn : imported.work.appliesOn;
}

/** The work of one invoice of a LEDES file, or of a whole CSV file, in the order of the lines. */
export interface ImportedGroup {
  /** Empty for CSV. */
  readonly sourceInvoiceNumber: string;
  /** Empty where a CSV file holds work for several clients. */
  readonly clientId: string;
  readonly currency: string;
  readonly work: readonly ImportedWork[];
}

/** Gives each line what it is recorded with. */
export type Recorder = (importRef: string) => Recording;

/** Agreements of the matters of a file, for looking up line by line. */
export class AgreementsOfFile {
  private readonly byMatter: ReadonlyMap<string, readonly Agreement[]>;

  constructor(agreements: readonly Agreement[]) {
    this.byMatter = Map.groupBy(agreements, (agreement) => agreement.matterId);
  }

  on(matterId: string, day: Temporal.PlainDate): Agreement | undefined {
    return inForceOn(this.byMatter.get(matterId) ?? [], matterId, day);
  }
}
