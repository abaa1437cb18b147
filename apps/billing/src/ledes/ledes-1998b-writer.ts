import { DomainError, formatDecimal, minorDigits, Money, parseDecimal } from '@paradesk/kernel';
import type { Temporal } from 'temporal-polyfill';
import {
  LEDES_1998B_FIRST_LINE,
  LEDES_1998B_SECOND_LINE,
  LEDES_COLUMNS,
  LEDES_SCALE,
  LINE_DESCRIPTION_MAX,
  type LedesColumn,
  type LedesLineType,
} from './ledes-1998b-columns.js';
import { readLedes1998b } from './ledes-reader.js';

/** Longest INVOICE_DESCRIPTION in characters: Collaborati's 2,000, the smallest that a vendor takes. */
const INVOICE_DESCRIPTION_MAX = 2000;

const TIMEKEEPER_NAME_MAX = 30;

/** An invoice as it goes to the client's e-billing vendor. */
export interface LedesInvoiceToWrite {
  /** 1 to 20 letters and digits: the invoice's number without its hyphens. */
  readonly number: string;
  readonly date: Temporal.PlainDate;
  /** The firm's code of the client. */
  readonly clientId: string;
  /** Federal tax ID of the firm. */
  readonly lawFirmId: string;
  readonly billingStart: Temporal.PlainDate;
  readonly billingEnd: Temporal.PlainDate;
  readonly description: string;
  /** At least one; they get the numbers 1, 2, 3 and so on. */
  readonly lines: readonly LedesLineToWrite[];
}

/** A line of it. The codes are optional here as they are in the format; what a type needs, the validator asks for. */
export interface LedesLineToWrite {
  readonly type: LedesLineType;
  readonly date: Temporal.PlainDate;
  readonly lawFirmMatterId: string;
  readonly clientMatterId: string;
  /** Hours or pieces, at most four decimals. For F and E; an IF or IE line carries its amount as an adjustment. */
  readonly units?: string;
  /** Price of one, at most four decimals. For F and E. */
  readonly unitCost?: string;
  /** Discount (negative) or premium on an F or E line. */
  readonly adjustment?: Money;
  /** Units times unit cost, plus the adjustment. */
  readonly amount: Money;
  readonly taskCode?: string;
  readonly activityCode?: string;
  readonly expenseCode?: string;
  /** Who did it; `name` is `Last, First`. */
  readonly timekeeper?: { readonly id: string; readonly name: string; readonly classification: string };
  readonly description: string;
}

/**
 * Writes a LEDES 1998B file of ASCII characters with CRLF line ends. What it returns is accepted by `readLedes1998b`: it is
 * read back before it is given away, and `refused` LEDES_REFUSED names line, column and rule of what a vendor would not take.
 *
 * Descriptions and timekeeper names are fitted: line breaks, `|` and `[]` become a blank, accents are dropped, other characters
 * outside ASCII become `?` (dashes, quotes and the like their ASCII equal), and what is too long is cut, descriptions with `...`.
 * Codes are never changed, since another code is another matter: `invalid` LEDES_CODE_UNWRITABLE. Other errors: `invalid`
 * LEDES_INVOICE_NUMBER, LEDES_NO_LINES, NOT_A_DECIMAL, and CURRENCY_MISMATCH unless all amounts have one currency (the format
 * names none).
 */
export function writeLedes1998b(invoices: readonly LedesInvoiceToWrite[]): string {
  const currency = invoices[0]?.lines[0]?.amount.currency;
  if (!currency) throw DomainError.invalid('lines', 'LEDES_NO_LINES', 'A LEDES file needs an invoice with a line.');
  const lines = invoices.flatMap((invoice) => invoiceLines(invoice, currency));
  const text = [LEDES_1998B_FIRST_LINE, LEDES_1998B_SECOND_LINE, ...lines, ''].join('\r\n');
  refuseWhatVendorsRefuse(text, currency);
  return text;
}

function refuseWhatVendorsRefuse(text: string, currency: string): void {
  const { findings } = readLedes1998b(Buffer.from(text, 'latin1'), { minorDigits: minorDigits(currency) });
  const rejected = findings.filter((finding) => finding.severity === 'reject');
  const [first] = rejected;
  if (!first) return;
  const violations = rejected.slice(0, 100).map(({ line, field, rule, message }) => ({
    field: `line ${line} ${field}`.trimEnd(),
    description: `${rule}: ${message}`,
  }));
  const message = `An e-billing vendor would refuse the file: line ${first.line}, ${first.rule}: ${first.message}`;
  throw new DomainError('refused', 'LEDES_REFUSED', message, violations);
}

function invoiceLines(invoice: LedesInvoiceToWrite, currency: string): string[] {
  if (!/^[A-Za-z0-9]{1,20}$/.test(invoice.number)) {
    const message = `"${invoice.number}" is not a LEDES invoice number: 1 to 20 letters and digits, no hyphen.`;
    throw DomainError.invalid('number', 'LEDES_INVOICE_NUMBER', message);
  }
  if (invoice.lines.length === 0) {
    throw DomainError.invalid('lines', 'LEDES_NO_LINES', `Invoice ${invoice.number} has no lines.`);
  }
  const total = Money.sum(
    currency,
    invoice.lines.map((line) => line.amount),
  );
  const head = {
    INVOICE_DATE: compactDate(invoice.date),
    INVOICE_NUMBER: invoice.number,
    CLIENT_ID: code('clientId', invoice.clientId),
    INVOICE_TOTAL: total.toDecimal(),
    BILLING_START_DATE: compactDate(invoice.billingStart),
    BILLING_END_DATE: compactDate(invoice.billingEnd),
    INVOICE_DESCRIPTION: fitted(invoice.description, INVOICE_DESCRIPTION_MAX),
    LAW_FIRM_ID: code('lawFirmId', invoice.lawFirmId),
  };
  return invoice.lines.map((line, at) => {
    const values: Record<LedesColumn, string> = { ...head, ...lineValues(line, at + 1), ...quantities(line, currency) };
    return `${LEDES_COLUMNS.map((column) => values[column.name]).join('|')}[]`;
  });
}

function lineValues(line: LedesLineToWrite, number: number) {
  return {
    LAW_FIRM_MATTER_ID: code('lawFirmMatterId', line.lawFirmMatterId),
    LINE_ITEM_NUMBER: `${number}`,
    'EXP/FEE/INV_ADJ_TYPE': line.type,
    LINE_ITEM_DATE: compactDate(line.date),
    LINE_ITEM_TASK_CODE: code('taskCode', line.taskCode),
    LINE_ITEM_EXPENSE_CODE: code('expenseCode', line.expenseCode),
    LINE_ITEM_ACTIVITY_CODE: code('activityCode', line.activityCode),
    TIMEKEEPER_ID: code('timekeeper.id', line.timekeeper?.id),
    LINE_ITEM_DESCRIPTION: fitted(line.description, LINE_DESCRIPTION_MAX),
    TIMEKEEPER_NAME: asAscii(line.timekeeper?.name ?? '').slice(0, TIMEKEEPER_NAME_MAX),
    TIMEKEEPER_CLASSIFICATION: code('timekeeper.classification', line.timekeeper?.classification),
    CLIENT_MATTER_ID: code('clientMatterId', line.clientMatterId),
  };
}

/** As in the committee's own sample, an IF or IE line is one unit without a price, and its amount is the adjustment. */
function quantities(line: LedesLineToWrite, currency: string) {
  const isAdjustment = line.type === 'IF' || line.type === 'IE';
  // Plus zero of the file's currency: refuses an amount in another one.
  const adjustment = Money.zero(currency).plus((isAdjustment ? line.amount : line.adjustment) ?? Money.zero(currency));
  return {
    LINE_ITEM_NUMBER_OF_UNITS: isAdjustment ? '1' : decimal('units', line.units),
    LINE_ITEM_ADJUSTMENT_AMOUNT: adjustment.toDecimal(),
    LINE_ITEM_TOTAL: line.amount.toDecimal(),
    LINE_ITEM_UNIT_COST: isAdjustment ? '' : decimal('unitCost', line.unitCost),
  };
}

function decimal(field: string, value: string | undefined): string {
  if (value === undefined) return '';
  const parsed = parseDecimal(value, LEDES_SCALE);
  if (!parsed) {
    throw DomainError.invalid(
      field,
      'NOT_A_DECIMAL',
      `"${value}" is not a decimal number of at most ${LEDES_SCALE} decimals.`,
    );
  }
  return formatDecimal(parsed.unscaled, parsed.scale, { trim: true });
}

function compactDate(date: Temporal.PlainDate): string {
  return date.toString().replaceAll('-', '');
}

function code(field: string, value = ''): string {
  const written = asAscii(value);
  if (written !== value.trim()) {
    throw DomainError.invalid(field, 'LEDES_CODE_UNWRITABLE', `"${value}" cannot be written into a LEDES file.`);
  }
  return written;
}

function fitted(description: string, maxLength: number): string {
  const text = asAscii(description);
  return text.length > maxLength ? `${text.slice(0, maxLength - 3)}...` : text;
}

/** What legal narratives are full of and Unicode does not decompose. */
const ASCII_EQUALS: Readonly<Record<string, string>> = {
  '\u2018': "'",
  '\u2019': "'",
  '\u201c': '"',
  '\u201d': '"',
  '\u2010': '-',
  '\u2012': '-',
  '\u2013': '-',
  '\u2014': '-',
  '\u2022': '-',
  '\u2044': '/',
  '\u00a7': 'Sec.',
  '\u00b6': 'Para.',
  '\u00df': 'ss',
  '\u00e6': 'ae',
  '\u00c6': 'AE',
  '\u00f8': 'o',
  '\u00d8': 'O',
  '\u0142': 'l',
  '\u0141': 'L',
};

function asAscii(value: string): string {
  return value
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .replace(/[^\x20-\x7e]/gu, (character) => ASCII_EQUALS[character] ?? '?')
    .replace(/\||\[\]/g, ' ')
    .trim();
}
