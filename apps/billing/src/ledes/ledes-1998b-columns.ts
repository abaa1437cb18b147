import type { Temporal } from 'temporal-polyfill';

/** Decimals of every LEDES amount: amounts are bigints of ten-thousandths, which the suffix `E4` says. */
export const LEDES_SCALE = 4;

/** The first line of a LEDES 1998B file. */
export const LEDES_1998B_FIRST_LINE = 'LEDES1998B[]';

/** Longest value of LINE_ITEM_DESCRIPTION in characters: Brightflag takes fewer than 1,024, the format itself 15 KB. */
export const LINE_DESCRIPTION_MAX = 1023;

/** A column: what it holds and how long it may be; `required` columns are never blank (rule V05). */
export type Column =
  | { readonly kind: 'date'; readonly name: string; readonly required: true }
  | { readonly kind: 'amount'; readonly name: string; readonly required: boolean; readonly wholeDigits: number }
  | { readonly kind: 'text'; readonly name: string; readonly required: boolean; readonly maxLength: number };

/** The columns of LEDES 1998B in their order; source: the format's rev 8/2007 and 7/2014. */
export const LEDES_COLUMNS = [
  { name: 'INVOICE_DATE', kind: 'date', required: true },
  { name: 'INVOICE_NUMBER', kind: 'text', maxLength: 20, required: true },
  { name: 'CLIENT_ID', kind: 'text', maxLength: 20, required: true },
  { name: 'LAW_FIRM_MATTER_ID', kind: 'text', maxLength: 20, required: true },
  { name: 'INVOICE_TOTAL', kind: 'amount', wholeDigits: 12, required: true },
  { name: 'BILLING_START_DATE', kind: 'date', required: true },
  { name: 'BILLING_END_DATE', kind: 'date', required: true },
  { name: 'INVOICE_DESCRIPTION', kind: 'text', maxLength: 15 * 1024, required: false },
  { name: 'LINE_ITEM_NUMBER', kind: 'text', maxLength: 20, required: true },
  { name: 'EXP/FEE/INV_ADJ_TYPE', kind: 'text', maxLength: 2, required: true },
  { name: 'LINE_ITEM_NUMBER_OF_UNITS', kind: 'amount', wholeDigits: 10, required: false },
  { name: 'LINE_ITEM_ADJUSTMENT_AMOUNT', kind: 'amount', wholeDigits: 10, required: false },
  { name: 'LINE_ITEM_TOTAL', kind: 'amount', wholeDigits: 10, required: true },
  { name: 'LINE_ITEM_DATE', kind: 'date', required: true },
  { name: 'LINE_ITEM_TASK_CODE', kind: 'text', maxLength: 20, required: false },
  { name: 'LINE_ITEM_EXPENSE_CODE', kind: 'text', maxLength: 20, required: false },
  { name: 'LINE_ITEM_ACTIVITY_CODE', kind: 'text', maxLength: 20, required: false },
  { name: 'TIMEKEEPER_ID', kind: 'text', maxLength: 20, required: false },
  { name: 'LINE_ITEM_DESCRIPTION', kind: 'text', maxLength: 15 * 1024, required: false },
  { name: 'LAW_FIRM_ID', kind: 'text', maxLength: 20, required: true },
  { name: 'LINE_ITEM_UNIT_COST', kind: 'amount', wholeDigits: 10, required: false },
  { name: 'TIMEKEEPER_NAME', kind: 'text', maxLength: 30, required: false },
  { name: 'TIMEKEEPER_CLASSIFICATION', kind: 'text', maxLength: 10, required: false },
  { name: 'CLIENT_MATTER_ID', kind: 'text', maxLength: 20, required: false },
] as const satisfies readonly Column[];

/** The name of a column. */
export type LedesColumn = (typeof LEDES_COLUMNS)[number]['name'];

/** The second line of a LEDES 1998B file. */
export const LEDES_1998B_SECOND_LINE = `${LEDES_COLUMNS.map((column) => column.name).join('|')}[]`;

/** What a line charges for: a fee, an expense, or an adjustment of the invoice's fees or expenses. */
export type LedesLineType = 'F' | 'E' | 'IF' | 'IE';

/** A line of an accepted file. Texts are trimmed and empty where the file has none. */
export interface LedesLine {
  /** Line of the file, from 1. */
  readonly fileLine: number;
  /** LINE_ITEM_NUMBER, unique within the invoice. */
  readonly number: string;
  readonly type: LedesLineType;
  /** The firm's code of the client: of an invoice's lines on one matter the first one counts. */
  readonly clientId: string;
  readonly lawFirmMatterId: string;
  readonly clientMatterId: string;
  readonly date: Temporal.PlainDate;
  /** Hours or pieces; may be absent on IF and IE only. */
  readonly unitsE4?: bigint;
  /** Price of one; may be absent on IF and IE only. */
  readonly unitCostE4?: bigint;
  /** Negative for a discount, positive for a premium; zero where the file has none. */
  readonly adjustmentE4: bigint;
  readonly totalE4: bigint;
  /** Tax that is part of the total; zero in LEDES 1998B, which has none. */
  readonly taxE4: bigint;
  readonly taskCode: string;
  readonly activityCode: string;
  readonly expenseCode: string;
  readonly timekeeperId: string;
  /** `Last, First`. */
  readonly timekeeperName: string;
  readonly timekeeperClassification: string;
  readonly description: string;
}

/** An invoice of an accepted file: its lines are those that carry its number, wherever they stand in the file. */
export interface LedesInvoice {
  readonly number: string;
  /** The date on its first line, which counts. */
  readonly date: Temporal.PlainDate;
  readonly billingStart: Temporal.PlainDate;
  readonly billingEnd: Temporal.PlainDate;
  /** Federal tax ID of the firm. */
  readonly lawFirmId: string;
  readonly description: string;
  /** Sum of its lines. */
  readonly totalE4: bigint;
  readonly lines: readonly LedesLine[];
}

/** What an accepted file holds, the invoices in the order of their first lines. */
export interface LedesFile {
  readonly invoices: readonly LedesInvoice[];
}
