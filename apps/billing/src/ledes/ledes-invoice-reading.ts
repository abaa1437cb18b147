import { formatDecimal } from '@paradesk/kernel';
import { LEDES_SCALE, type LedesInvoice, type LedesLine } from './ledes-1998b-columns.js';
import type { LedesFields } from './ledes-fields.js';
import { lineTypeOf } from './ledes-line-rules.js';
import type { LedesFindings } from './ledes-findings.js';

const INVOICE_TOTALS = ['INVOICE_TOTAL', 'INVOICE_TAX_TOTAL', 'INVOICE_NET_TOTAL'] as const;
type InvoiceTotal = (typeof INVOICE_TOTALS)[number];

/** One invoice while its lines go by, and the rules that tie them together: V07, V08, V09, V14 (constant description), V20. */
export class LedesInvoiceReading {
  private readonly lines: LedesLine[] = [];
  private readonly lineNumbers = new Set<string>();
  /** Of the lines on one matter the first one's client counts. */
  private readonly clientIds = new Map<string, string>();
  /** The invoice's own totals as first stated. */
  private readonly statedE4 = new Map<InvoiceTotal, { readonly total: bigint; readonly line: number }>();
  private sumE4 = 0n;
  private taxSumE4 = 0n;
  private isSumKnown = true;

  constructor(
    private readonly first: LedesFields,
    private readonly findings: LedesFindings,
  ) {}

  add(fields: LedesFields): void {
    for (const field of INVOICE_TOTALS) this.checkSameTotal(fields, field);
    this.checkSameDescription(fields);
    this.checkLineNumber(fields);
    const { LINE_ITEM_TOTAL: total, LINE_ITEM_TAX_TOTAL: tax } = fields.amounts;
    if (total === undefined) this.missLine();
    else this.sumE4 += total;
    // A format without taxes has no such column; where it is blank or wrong, its finding says so.
    if (tax === undefined && fields.text.LINE_ITEM_TAX_TOTAL !== undefined) this.missLine();
    this.taxSumE4 += tax ?? 0n;
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
    this.checkTotal('INVOICE_TOTAL', 'the sum of the lines', this.sumE4);
    this.checkTotal('INVOICE_TAX_TOTAL', 'the sum of the taxes of the lines', this.taxSumE4);
    this.checkTotal('INVOICE_NET_TOTAL', 'the sum of the lines without their taxes', this.sumE4 - this.taxSumE4);
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

  private checkTotal(field: InvoiceTotal, of: string, sumE4: bigint): void {
    const stated = this.statedE4.get(field);
    if (!stated || !this.isSumKnown || stated.total === sumE4) return;
    const message = `${field} ${decimal(stated.total)} is not ${of}, ${decimal(sumE4)}.`;
    this.findings.reject(stated.line, field, 'V08', message);
  }

  private checkSameTotal({ line, amounts }: LedesFields, field: InvoiceTotal): void {
    const total = amounts[field];
    if (total === undefined) return;
    const stated = this.statedE4.get(field) ?? { total, line };
    this.statedE4.set(field, stated);
    if (total === stated.total) return;
    const message = `${field} ${decimal(total)} differs from ${decimal(stated.total)} on line ${stated.line}.`;
    this.findings.reject(line, field, 'V07', message);
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
      taxE4: amounts.LINE_ITEM_TAX_TOTAL ?? 0n,
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
