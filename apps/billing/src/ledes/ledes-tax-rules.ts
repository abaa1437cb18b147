import { isCurrency, parseDecimal } from '@paradesk/kernel';
import type { LedesFields } from './ledes-fields.js';
import { quoted, type LedesFindings, type LedesRule } from './ledes-findings.js';
import { isRounded, type LedesLineRules } from './ledes-line-rules.js';
import type { Ledes98biColumn } from './ledes-98bi-columns.js';

/** Decimals of a tax rate: that of New York City, 8.875 %, needs five. */
const RATE_SCALE = 8;
const E4 = 10_000n;

/** What LEDES 98BI asks of a line beyond LEDES 1998B: V06 of its tax, V17 of its closed lists. */
export class LedesTaxRules {
  constructor(
    private readonly findings: LedesFindings,
    private readonly lineRules: LedesLineRules,
  ) {}

  check(fields: LedesFields): void {
    this.checkForm(fields, 'INVOICE_CURRENCY', isCurrency, 'is no ISO 4217 currency');
    this.checkForm(fields, 'INVOICE_TAX_CURRENCY', isCurrency, 'is no ISO 4217 currency');
    this.checkForm(fields, 'LAW_FIRM_COUNTRY', isCountry, 'is no country of three letters, such as USA');
    this.checkForm(fields, 'CLIENT_COUNTRY', isCountry, 'is no country of three letters, such as USA');
    this.checkForm(fields, 'ACCOUNT_TYPE', (type) => /^[OT]$/i.test(type), 'is neither O (own) nor T (third party)');
    this.checkTax(fields);
  }

  /**
   * The tax is that of the line's own amount, its discount or premium included: of the amount as printed, or before it was rounded.
   * A line without a rate has none.
   */
  private checkTax(fields: LedesFields): void {
    const { LINE_ITEM_TOTAL: total, LINE_ITEM_TAX_TOTAL: tax, ...parts } = fields.amounts;
    const rate = this.rateOf(fields);
    if (rate === undefined || total === undefined || tax === undefined) return;
    const { LINE_ITEM_NUMBER_OF_UNITS: units = 0n, LINE_ITEM_UNIT_COST: unitCost = 0n } = parts;
    const exactE8 = units * unitCost + (parts.LINE_ITEM_ADJUSTMENT_AMOUNT ?? 0n) * E4;
    const digits = this.lineRules.minorDigitsOf(fields);
    if ([(total - tax) * E4, exactE8].some((baseE8) => isRounded(baseE8 * rate, 8 + RATE_SCALE, tax, digits))) return;
    this.reject(fields, 'LINE_ITEM_TAX_TOTAL', 'V06', 'is not the tax rate x (units x unit cost + adjustment)');
  }

  private rateOf(fields: LedesFields): bigint | undefined {
    const value = fields.text.LINE_ITEM_TAX_RATE ?? '';
    if (value === '') return 0n;
    const parsed = /^[0-9.]+$/.test(value)
      ? parseDecimal(value.replace(/^\./, '0.').replace(/\.$/, ''), RATE_SCALE)
      : undefined;
    if (!parsed) {
      this.reject(fields, 'LINE_ITEM_TAX_RATE', 'V04', 'is not a number of digits and "."');
      return undefined;
    }
    const rateE8 = parsed.unscaled * 10n ** BigInt(RATE_SCALE - parsed.scale);
    if (rateE8 < 10n ** BigInt(RATE_SCALE)) return rateE8;
    this.reject(fields, 'LINE_ITEM_TAX_RATE', 'V17', 'is not below 1: 8 % is written 0.08');
    return undefined;
  }

  private checkForm(
    fields: LedesFields,
    field: Ledes98biColumn,
    isRight: (value: string) => boolean,
    why: string,
  ): void {
    const value = fields.text[field] ?? '';
    // A value that is too long or the word NULL has its finding already.
    if (value === '' || value.length > 3 || isRight(value)) return;
    this.reject(fields, field, 'V17', why);
  }

  private reject(fields: LedesFields, field: Ledes98biColumn, rule: LedesRule, why: string): void {
    this.findings.reject(fields.line, field, rule, `${field} ${quoted(fields.text[field] ?? '')} ${why}.`);
  }
}

function isCountry(value: string): boolean {
  return /^[A-Z]{3}$/.test(value);
}
