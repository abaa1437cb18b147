import { formatDecimal } from '@paradesk/kernel';
import { LEDES_SCALE, type LedesInvoice, type LedesLine } from './ledes-1998b-columns.js';
import type { LedesFields } from './ledes-1998b-fields.js';
import { lineTypeOf } from './ledes-1998b-rules.js';
import type { LedesFindings } from './ledes-findings.js';

/** One invoice while its lines go by, and the rules that tie them together: V07, V08, V09, V14 (constant description), V20. */
export class LedesInvoiceReading {
  private readonly lines: LedesLine[] = [];
  private readonly lineNumbers = new Set<string>();
  /** Of the lines on one matter the first one's client counts. */
  private readonly clientIds = new Map<string, string>();
  /** INVOICE_TOTAL as first stated. */
  private statedE4: { readonly total: bigint; readonly line: number } | undefined;
  private sumE4 = 0n;
  private isSumKnown = true;

  constructor(
    private readonly first: LedesFields,
    private readonly findings: LedesFindings,
  ) {}

  add(fields: LedesFields): void {
    this.checkSameTotal(fields);
    this.checkSameDescription(fields);
    this.checkLineNumber(fields);
    const total = fields.amounts.LINE_ITEM_TOTAL;
    if (total === undefined) this.missLine();
    else this.sumE4 += total;
    const line = this.lineOf(fields);
    if (line) this.lines.push(line);
  }

  /** A line that could not be read belongs to it: its sum cannot be judged any more. */
  missLine(): void {
    this.isSumKnown = false;
  }

  /** After the last line of the file. */
  close(postedInvoiceNumbers: ReadonlySet<string> | undefined): void {
    const { line, text } = this.first;
    if (postedInvoiceNumbers?.has(text.INVOICE_NUMBER)) {
      const message = `Invoice ${text.INVOICE_NUMBER} was posted before.`;
      this.findings.reject(line, 'INVOICE_NUMBER', 'V09', message);
    }
    if (this.statedE4 && this.isSumKnown && this.statedE4.total !== this.sumE4) {
      const message = `INVOICE_TOTAL ${decimal(this.statedE4.total)} is not the sum of the lines, ${decimal(this.sumE4)}.`;
      this.findings.reject(this.statedE4.line, 'INVOICE_TOTAL', 'V08', message);
    }
  }

  /** The invoice; undefined where a finding says that a value of it could not be read. */
  toInvoice(): LedesInvoice | undefined {
    const { text, dates } = this.first;
    const { INVOICE_DATE: date, BILLING_START_DATE: billingStart, BILLING_END_DATE: billingEnd } = dates;
    if (!date || !billingStart || !billingEnd) return undefined;
    return {
      number: text.INVOICE_NUMBER,
      date,
      billingStart,
      billingEnd,
      lawFirmId: text.LAW_FIRM_ID,
      description: text.INVOICE_DESCRIPTION,
      totalE4: this.sumE4,
      lines: this.lines,
    };
  }

  private checkSameTotal({ line, amounts }: LedesFields): void {
    const total = amounts.INVOICE_TOTAL;
    if (total === undefined) return;
    this.statedE4 ??= { total, line };
    if (total === this.statedE4.total) return;
    const message = `INVOICE_TOTAL ${decimal(total)} differs from ${decimal(this.statedE4.total)} on line ${this.statedE4.line}.`;
    this.findings.reject(line, 'INVOICE_TOTAL', 'V07', message);
  }

  private checkSameDescription({ line, text }: LedesFields): void {
    if (text.INVOICE_DESCRIPTION === this.first.text.INVOICE_DESCRIPTION) return;
    const message = `INVOICE_DESCRIPTION differs from the one on line ${this.first.line} of the same invoice.`;
    this.findings.reject(line, 'INVOICE_DESCRIPTION', 'V14', message);
  }

  private checkLineNumber({ line, text }: LedesFields): void {
    const number = text.LINE_ITEM_NUMBER;
    if (number === '') return;
    if (this.lineNumbers.has(number)) {
      const message = `LINE_ITEM_NUMBER ${number} stands on an earlier line of invoice ${text.INVOICE_NUMBER}.`;
      this.findings.reject(line, 'LINE_ITEM_NUMBER', 'V20', message);
    }
    this.lineNumbers.add(number);
  }

  private lineOf(fields: LedesFields): LedesLine | undefined {
    const { text, amounts } = fields;
    const [type, date, totalE4] = [lineTypeOf(fields), fields.dates.LINE_ITEM_DATE, amounts.LINE_ITEM_TOTAL];
    if (!type || !date || totalE4 === undefined) return undefined;
    const clientId = this.clientIds.get(text.LAW_FIRM_MATTER_ID) ?? text.CLIENT_ID;
    this.clientIds.set(text.LAW_FIRM_MATTER_ID, clientId);
    return {
      fileLine: fields.line,
      number: text.LINE_ITEM_NUMBER,
      type,
      clientId,
      lawFirmMatterId: text.LAW_FIRM_MATTER_ID,
      clientMatterId: text.CLIENT_MATTER_ID,
      date,
      unitsE4: amounts.LINE_ITEM_NUMBER_OF_UNITS,
      unitCostE4: amounts.LINE_ITEM_UNIT_COST,
      adjustmentE4: amounts.LINE_ITEM_ADJUSTMENT_AMOUNT ?? 0n,
      totalE4,
      taskCode: text.LINE_ITEM_TASK_CODE,
      activityCode: text.LINE_ITEM_ACTIVITY_CODE,
      expenseCode: text.LINE_ITEM_EXPENSE_CODE,
      timekeeperId: text.TIMEKEEPER_ID,
      timekeeperName: text.TIMEKEEPER_NAME,
      timekeeperClassification: text.TIMEKEEPER_CLASSIFICATION,
      description: text.LINE_ITEM_DESCRIPTION,
    };
  }
}

function decimal(amountE4: bigint): string {
  return formatDecimal(amountE4, LEDES_SCALE, { trim: true });
}
