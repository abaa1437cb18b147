import { isCurrency, minorDigits, roundHalfUp } from '@paradesk/kernel';
import { LEDES_SCALE, LINE_DESCRIPTION_MAX, type LedesColumn, type LedesLineType } from './ledes-1998b-columns.js';
import { isNull, type LedesFields } from './ledes-fields.js';
import { quoted, type LedesFindings, type LedesRule } from './ledes-findings.js';
import { isActivityCode, isExpenseCode, isTaskCode, TIMEKEEPER_CLASSIFICATIONS } from './utbms.js';

/** What the file cannot say about itself. A part that is absent is not checked. */
export interface LedesKnown {
  /** Numbers of invoices that this firm posted before (V09). */
  readonly postedInvoiceNumbers?: ReadonlySet<string>;
  /** LAW_FIRM_MATTER_IDs that the client knows (V19). */
  readonly lawFirmMatterIds?: ReadonlySet<string>;
  /** CLIENT_MATTER_IDs that the client knows (V19). */
  readonly clientMatterIds?: ReadonlySet<string>;
  /** TIMEKEEPER_IDs that the client approved (V19). */
  readonly timekeeperIds?: ReadonlySet<string>;
  /** Hourly rates in ten-thousandths that the client approved, by TIMEKEEPER_ID (V19). */
  readonly approvedRatesE4?: ReadonlyMap<string, ReadonlySet<bigint>>;
  /** Task, activity and expense codes that the client agreed to beyond the UTBMS litigation set (V18). */
  readonly agreedCodes?: ReadonlySet<string>;
}

const TYPES: ReadonlySet<string> = new Set<LedesLineType>(['F', 'E', 'IF', 'IE']);

/** The type of a line, in any case; undefined where it is none of the four. */
export function lineTypeOf(fields: LedesFields): LedesLineType | undefined {
  const type = fields.text['EXP/FEE/INV_ADJ_TYPE'].toUpperCase();
  return TYPES.has(type) ? (type as LedesLineType) : undefined;
}

/** The rules about one line by itself: V05 and V12 by type, V06, V10, V11, V13 to V15, V17 to V19. */
export class LedesLineRules {
  constructor(
    private readonly findings: LedesFindings,
    /** Decimals of the currency, to which a line total is rounded. */
    private readonly minorDigits: number,
    private readonly known: LedesKnown,
  ) {}

  check(fields: LedesFields): void {
    const type = lineTypeOf(fields);
    this.checkPeriod(fields);
    this.checkTexts(fields);
    this.checkTimekeeper(fields);
    this.checkKnown(fields, type);
    if (type) {
      this.checkPresence(fields, type);
      this.checkCodes(fields, type);
      this.checkArithmetic(fields, type);
    } else if (fields.text['EXP/FEE/INV_ADJ_TYPE'] !== '') {
      this.reject(fields, 'EXP/FEE/INV_ADJ_TYPE', 'V17', 'is none of F, E, IF and IE');
    }
  }

  private checkPeriod(fields: LedesFields): void {
    const { LINE_ITEM_DATE: date, BILLING_START_DATE: start, BILLING_END_DATE: end } = fields.dates;
    if (!start || !end) return;
    const [first, last] = [dayNumber(start), dayNumber(end)];
    if (first > last) {
      this.reject(fields, 'BILLING_START_DATE', 'V11', 'is after BILLING_END_DATE');
    } else if (date && (dayNumber(date) < first || dayNumber(date) > last)) {
      this.reject(fields, 'LINE_ITEM_DATE', 'V10', 'is outside the billing period');
    }
  }

  private checkTexts({ line, text }: LedesFields): void {
    const length = text.LINE_ITEM_DESCRIPTION.length;
    if (length > LINE_DESCRIPTION_MAX) {
      const message = `LINE_ITEM_DESCRIPTION has ${length} characters; at most ${LINE_DESCRIPTION_MAX} are taken.`;
      this.findings.reject(line, 'LINE_ITEM_DESCRIPTION', 'V14', message);
    }
    if (text.CLIENT_MATTER_ID === '') {
      this.findings.reject(line, 'CLIENT_MATTER_ID', 'V15', 'CLIENT_MATTER_ID is blank.');
    }
    if (!/^[a-z0-9]*$/i.test(text.INVOICE_NUMBER)) {
      // The format says alphanumeric; vendors take hyphens, and refusing what they take would cost the firm a real invoice.
      this.findings.note(
        line,
        'INVOICE_NUMBER',
        'V17',
        `INVOICE_NUMBER ${quoted(text.INVOICE_NUMBER)} is not alphanumeric.`,
      );
    }
  }

  private checkTimekeeper(fields: LedesFields): void {
    const { TIMEKEEPER_NAME: name, TIMEKEEPER_CLASSIFICATION: classification } = fields.text;
    const [lastName = '', ...firstNames] = name.split(',').map((part) => part.trim());
    if (name !== '' && !isNull(name) && (lastName === '' || firstNames.join('') === '')) {
      this.reject(fields, 'TIMEKEEPER_NAME', 'V14', 'is not written as "Last, First"');
    }
    if (classification === '' || isNull(classification) || TIMEKEEPER_CLASSIFICATIONS.has(classification)) return;
    // Of the 51 codes of the closed list we hold 14: what looks like one of the others may well be one.
    if (/^[A-Z]{1,10}$/.test(classification)) {
      const message = `TIMEKEEPER_CLASSIFICATION ${quoted(classification)} is not one of the classifications we know.`;
      this.findings.note(fields.line, 'TIMEKEEPER_CLASSIFICATION', 'V17', message);
    } else if (classification.length <= 10) {
      this.reject(fields, 'TIMEKEEPER_CLASSIFICATION', 'V17', 'is no classification: these are upper-case letters');
    }
  }

  private checkPresence(fields: LedesFields, type: LedesLineType): void {
    const { text, amounts } = fields;
    const units = amounts.LINE_ITEM_NUMBER_OF_UNITS;
    if (units !== undefined && units < 0n) this.reject(fields, 'LINE_ITEM_NUMBER_OF_UNITS', 'V13', 'is negative');
    if (type === 'IF' || type === 'IE') return;
    // Two vendors count the same gap under rules of their own, so it is named under both: Legal Tracker 005, Corridor 2 and 4.
    if (text.LINE_ITEM_NUMBER_OF_UNITS === '') {
      this.missing(fields, 'LINE_ITEM_NUMBER_OF_UNITS', 'V05', type);
      this.missing(fields, 'LINE_ITEM_NUMBER_OF_UNITS', 'V12', type);
    } else if (units === 0n) {
      this.reject(fields, 'LINE_ITEM_NUMBER_OF_UNITS', 'V12', 'is zero, which only IF and IE lines may have');
    }
    if (text.LINE_ITEM_UNIT_COST === '') this.missing(fields, 'LINE_ITEM_UNIT_COST', 'V12', type);
    if (type === 'E' && text.LINE_ITEM_EXPENSE_CODE === '') this.missing(fields, 'LINE_ITEM_EXPENSE_CODE', 'V05', type);
    if (type === 'F' && text.TIMEKEEPER_ID === '') {
      this.missing(fields, 'TIMEKEEPER_ID', 'V05', type);
      this.missing(fields, 'TIMEKEEPER_ID', 'V12', type);
    }
    if ((amounts.LINE_ITEM_TOTAL ?? 0n) < 0n) {
      const message = `A discount of the invoice belongs on a line of type I${type}, not on one of type ${type}.`;
      this.findings.note(fields.line, 'LINE_ITEM_TOTAL', 'V13', message);
    }
  }

  private checkCodes(fields: LedesFields, type: LedesLineType): void {
    this.checkCode(fields, 'LINE_ITEM_TASK_CODE', isTaskCode, type !== 'E');
    this.checkCode(fields, 'LINE_ITEM_ACTIVITY_CODE', isActivityCode, type !== 'E');
    this.checkCode(fields, 'LINE_ITEM_EXPENSE_CODE', isExpenseCode, type !== 'F');
    if (type !== 'F') return;
    for (const field of ['LINE_ITEM_TASK_CODE', 'LINE_ITEM_ACTIVITY_CODE'] as const) {
      // Not every client agreed to task-based billing, so that a fee without codes is worth a look and no refusal.
      if (fields.text[field] === '') this.findings.note(fields.line, field, 'V18', `${field} is blank on a fee.`);
    }
  }

  private checkCode(
    fields: LedesFields,
    field: LedesColumn,
    exists: (code: string) => boolean,
    allowed: boolean,
  ): void {
    const code = fields.text[field];
    if (code === '' || isNull(code)) return;
    if (!allowed) {
      this.reject(fields, field, 'V18', 'does not belong on a line of this type');
    } else if (!exists(code) && !this.known.agreedCodes?.has(code)) {
      this.reject(fields, field, 'V18', 'is not in the agreed UTBMS code set');
    }
  }

  /**
   * V06. In LEDES 98BI the line's tax is part of its total. A blank unit cost counts as zero: on IF lines the whole amount may stand in the adjustment. The product is right if it is
   * exact, rounded to the currency's minor unit (as invoices print it) or to the four decimals of the format.
   */
  private checkArithmetic(fields: LedesFields, type: LedesLineType): void {
    const { LINE_ITEM_TOTAL: gross, ...parts } = fields.amounts;
    const units = this.operand(fields, 'LINE_ITEM_NUMBER_OF_UNITS', parts.LINE_ITEM_NUMBER_OF_UNITS, type);
    const unitCost = this.operand(fields, 'LINE_ITEM_UNIT_COST', parts.LINE_ITEM_UNIT_COST, type);
    const adjustment = this.operand(fields, 'LINE_ITEM_ADJUSTMENT_AMOUNT', parts.LINE_ITEM_ADJUSTMENT_AMOUNT, 'IF');
    const tax = fields.text.LINE_ITEM_TAX_TOTAL === undefined ? 0n : parts.LINE_ITEM_TAX_TOTAL;
    if (gross === undefined || units === undefined || unitCost === undefined || adjustment === undefined) return;
    if (tax === undefined) return;
    if (isRounded(units * unitCost, 2 * LEDES_SCALE, gross - tax - adjustment, this.minorDigitsOf(fields))) return;
    const sum = fields.text.LINE_ITEM_TAX_TOTAL === undefined ? 'adjustment' : 'adjustment + tax';
    this.reject(fields, 'LINE_ITEM_TOTAL', 'V06', `is not units x unit cost + ${sum}`);
  }

  /** Decimals of the invoice's currency: of the one that the line names, if it does. */
  minorDigitsOf(fields: LedesFields): number {
    const currency = fields.text.INVOICE_CURRENCY ?? '';
    return isCurrency(currency) ? minorDigits(currency) : this.minorDigits;
  }

  /** Zero for a blank that the type allows; undefined where the value is missing or wrong, which has its finding already. */
  private operand(
    fields: LedesFields,
    field: LedesColumn,
    value: bigint | undefined,
    type: LedesLineType,
  ): bigint | undefined {
    const mayBeBlank = type === 'IF' || type === 'IE';
    return value ?? (mayBeBlank && fields.text[field] === '' ? 0n : undefined);
  }

  private checkKnown(fields: LedesFields, type: LedesLineType | undefined): void {
    const { known } = this;
    this.checkIsKnown(fields, 'LAW_FIRM_MATTER_ID', known.lawFirmMatterIds);
    this.checkIsKnown(fields, 'CLIENT_MATTER_ID', known.clientMatterIds);
    this.checkIsKnown(fields, 'TIMEKEEPER_ID', known.timekeeperIds);
    const rate = fields.amounts.LINE_ITEM_UNIT_COST;
    if (!known.approvedRatesE4 || type !== 'F' || rate === undefined || fields.text.TIMEKEEPER_ID === '') return;
    if (!known.approvedRatesE4.get(fields.text.TIMEKEEPER_ID)?.has(rate)) {
      this.reject(fields, 'LINE_ITEM_UNIT_COST', 'V19', 'is not a rate that the client approved for the timekeeper');
    }
  }

  private checkIsKnown(fields: LedesFields, field: LedesColumn, values: ReadonlySet<string> | undefined): void {
    const value = fields.text[field];
    if (!values || value === '' || isNull(value) || values.has(value)) return;
    this.reject(fields, field, 'V19', 'is not known to the client');
  }

  private missing(fields: LedesFields, field: LedesColumn, rule: 'V05' | 'V12', type: LedesLineType): void {
    this.findings.reject(fields.line, field, rule, `${field} is required on lines of type ${type} and blank.`);
  }

  private reject(fields: LedesFields, field: LedesColumn, rule: LedesRule, why: string): void {
    this.findings.reject(fields.line, field, rule, `${field} ${quoted(fields.text[field])} ${why}.`);
  }
}

/**
 * Whether the amount, in ten-thousandths, is the product of `scale` decimals: exactly, rounded to the currency's minor unit, or
 * rounded to the four decimals of the format.
 */
export function isRounded(product: bigint, scale: number, amountE4: bigint, digits: number): boolean {
  return [digits, LEDES_SCALE].some((decimals) => {
    const step = 10n ** BigInt(scale - decimals);
    return roundHalfUp(product, step) * step === amountE4 * 10n ** BigInt(scale - LEDES_SCALE);
  });
}

/** Compares days without the cost of `PlainDate.compare` on every line of a large file. */
function dayNumber(date: { year: number; month: number; day: number }): number {
  return date.year * 10_000 + date.month * 100 + date.day;
}
