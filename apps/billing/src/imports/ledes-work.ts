import { DomainError, roundHalfUp } from '@paradesk/kernel';
import { Adjustment } from '../adjustments/adjustment.entity.js';
import type { Agreement } from '../agreements/agreement.entity.js';
import { lineAmount, minorOfE4 } from '../billable-work/line-amount.js';
import { Expense } from '../expenses/expense.entity.js';
import type { LedesLine } from '../ledes/ledes-1998b-columns.js';
import type { Person } from '../people/person.entity.js';
import { workClassOf } from '../time-entries/work-class.js';
import { TimeEntry } from '../time-entries/time-entry.entity.js';
import { ImportProblems } from './import-problems.js';
import type { AgreementsOfFile, ImportedGroup, ImportedWork, Recorder } from './imported-work.js';
import type { KnownLine } from './ledes-import.js';

// What an integer column holds: 4,000 years of work on one line.
const MAX_MINUTES = 2n ** 31n - 1n;

/**
 * Makes captured work of the lines of a LEDES file, as the file says: its hours, rates and amounts are the bill that the client has
 * seen, so they are taken over and not priced anew.
 *
 * @throws DomainError invalid LEDES_REFUSED where an amount is not what the line makes it (V06), or the agreement is missing or in
 *   another currency
 */
export function ledesWork(
  invoices: readonly (readonly KnownLine[])[],
  currency: string,
  agreements: AgreementsOfFile,
  record: Recorder,
): ImportedGroup[] {
  const making = new LedesWork(currency, agreements, record);
  const groups = invoices.map((lines) => ({
    sourceInvoiceNumber: lines[0]?.invoice.number ?? '',
    clientId: lines[0]?.client.id ?? '',
    currency,
    work: lines.flatMap((line) => making.workOf(line) ?? []),
  }));
  making.problems.refuseIfAny('LEDES_REFUSED');
  return groups;
}

class LedesWork {
  readonly problems = new ImportProblems();
  /** Matters whose agreement was found wanting: said once each, not on every line. */
  private readonly wanting = new Set<string>();

  constructor(
    private readonly currency: string,
    private readonly agreements: AgreementsOfFile,
    private readonly record: Recorder,
  ) {}

  workOf(known: KnownLine): ImportedWork | undefined {
    const { invoice, line, matter, client } = known;
    const agreement = this.agreementOf(known);
    const amounts = this.amountsOf(line);
    const minutes = this.minutesOf(line);
    if (!agreement || !amounts || minutes === undefined) return undefined;
    const captured = {
      ...this.record(`ledes:${invoice.lawFirmId}:${invoice.number}:${line.number}`),
      clientId: client.id,
      matterId: matter.id,
      currency: this.currency,
      amountMinor: amounts.totalMinor,
      narrative: line.description,
      status: 'recorded' as const,
    };
    const { adjustmentMinor } = amounts;
    const [unitsE4, unitCostE4] = [line.unitsE4 ?? 0n, line.unitCostE4 ?? 0n];
    if (line.type === 'F') {
      const time = this.timeOf(known, agreement, minutes);
      const work = Object.assign(new TimeEntry(), { ...captured, ...time, adjustmentMinor });
      return { kind: 'time', line: line.fileLine, work };
    }
    if (line.type === 'E') {
      const own = { incurredOn: line.date, expenseCode: line.expenseCode, unitsE4, unitCostE4, adjustmentMinor };
      return { kind: 'expense', line: line.fileLine, work: Object.assign(new Expense(), { ...captured, ...own }) };
    }
    const own = { kind: line.type === 'IF' ? ('fee' as const) : ('expense' as const), appliesOn: line.date };
    return { kind: 'adjustment', line: line.fileLine, work: Object.assign(new Adjustment(), { ...captured, ...own }) };
  }

  // A billing manager imports, and may charge another rate than the agreed one; the entry keeps why.
  private timeOf({ line, timekeeper }: KnownLine, agreement: Agreement, workedMinutes: number) {
    const personId = timekeeper?.id ?? '';
    const hourlyRateE4 = line.unitCostE4 ?? 0n;
    return {
      personId,
      workedOn: line.date,
      workedMinutes,
      hoursE4: line.unitsE4 ?? 0n,
      hourlyRateE4,
      rateReason: isAgreed(agreement, timekeeper, line) ? '' : 'LEDES import',
      taskCode: line.taskCode,
      activityCode: line.activityCode,
      taskKind: '',
      findings: [],
      taskClass: timekeeper ? workClassOf(timekeeper) : ('substantive' as const),
      // The client was billed for it, so somebody has decided that already.
      billable: true,
    };
  }

  private agreementOf({ line, matter }: KnownLine): Agreement | undefined {
    const agreement = this.agreements.on(matter.id, line.date);
    if (agreement?.currency === this.currency) return agreement;
    if (this.wanting.has(matter.id)) return undefined;
    this.wanting.add(matter.id);
    const [rule, message] = agreement
      ? [
          'CURRENCY_MISMATCH',
          `the agreement on matter ${matter.code} is in ${agreement.currency}, not ${this.currency}`,
        ]
      : ['NO_AGREEMENT', `no agreement is in force for matter ${matter.code} on ${line.date.toString()}`];
    this.problems.add(line.fileLine, 'LAW_FIRM_MATTER_ID', rule, message);
    return undefined;
  }

  /** Whole minor units, and on fees and expenses exactly what the line makes them: the figure will be printed again. */
  private amountsOf(line: LedesLine): { totalMinor: bigint; adjustmentMinor: bigint } | undefined {
    const totalMinor = minorOfE4(line.totalE4, this.currency);
    const adjustmentMinor = minorOfE4(line.adjustmentE4, this.currency);
    if (totalMinor === undefined) {
      return this.broken(line, 'LINE_ITEM_TOTAL', `is no whole number of minor units of ${this.currency}`);
    }
    if (line.type === 'IF' || line.type === 'IE') return { totalMinor, adjustmentMinor: 0n };
    if (adjustmentMinor === undefined) {
      return this.broken(line, 'LINE_ITEM_ADJUSTMENT_AMOUNT', `is no whole number of minor units of ${this.currency}`);
    }
    const [unitsE4, unitCostE4] = [line.unitsE4 ?? 0n, line.unitCostE4 ?? 0n];
    const { amountMinor } = lineAmount({ unitsE4, unitCostE4, adjustmentMinor, currency: this.currency });
    if (amountMinor === totalMinor) return { totalMinor, adjustmentMinor };
    return this.broken(line, 'LINE_ITEM_TOTAL', 'is not units x unit cost + adjustment, half up to the minor unit');
  }

  /** For information only: hours times sixty. */
  private minutesOf({ type, unitsE4, fileLine }: LedesLine): number | undefined {
    const minutes = roundHalfUp((type === 'F' ? (unitsE4 ?? 0n) : 0n) * 60n, 10_000n);
    if (minutes <= MAX_MINUTES) return Number(minutes);
    this.problems.add(fileLine, 'LINE_ITEM_NUMBER_OF_UNITS', 'V17', 'are more hours than can be recorded');
    return undefined;
  }

  private broken(line: LedesLine, column: string, message: string): undefined {
    this.problems.add(line.fileLine, column, 'V06', `${column} ${message}`);
  }
}

function isAgreed(agreement: Agreement, timekeeper: Person | undefined, line: LedesLine): boolean {
  if (!timekeeper) return false;
  try {
    const { rate } = agreement.rateOf(timekeeper, { taskCode: line.taskCode, day: line.date });
    return rate?.hourlyRateE4 === line.unitCostE4;
  } catch (error) {
    // Of two rates that apply neither is the agreed one.
    if (error instanceof DomainError) return false;
    throw error;
  }
}
