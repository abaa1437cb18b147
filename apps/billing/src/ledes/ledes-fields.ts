import { parseDecimal } from '@paradesk/kernel';
import { Temporal } from 'temporal-polyfill';
import { LEDES_SCALE, type LedesColumn } from './ledes-1998b-columns.js';
import type { Ledes98biColumn, LEDES_98BI_COLUMNS } from './ledes-98bi-columns.js';
import { quoted, type LedesFindings } from './ledes-findings.js';
import type { LedesFormat } from './ledes-formats.js';

type AnyColumn = (typeof LEDES_98BI_COLUMNS)[number];
type DateColumn = Extract<AnyColumn, { kind: 'date' }>['name'];
type AmountColumn = Extract<AnyColumn, { kind: 'amount' }>['name'];

/** The values of one line as far as they could be read; what could not is a finding already and is missing here. */
export interface LedesFields {
  /** Line of the file, from 1. */
  readonly line: number;
  /** Every column of the format as text, trimmed. */
  readonly text: Readonly<Record<LedesColumn, string>> & Readonly<Partial<Record<Ledes98biColumn, string>>>;
  readonly dates: Readonly<Partial<Record<DateColumn, Temporal.PlainDate>>>;
  /** In ten-thousandths. */
  readonly amounts: Readonly<Partial<Record<AmountColumn, bigint>>>;
}

/**
 * Reads the values of a line, each by itself: rules V03 (dates), V04 (numbers), V05 (required), V16 (NULL, encoding) and
 * V17 (lengths).
 */
export class LedesFieldReader {
  /** A file has few different days: each is read once and its value shared by all lines. */
  private readonly dates = new Map<string, Temporal.PlainDate | undefined>();

  constructor(
    private readonly format: LedesFormat,
    private readonly findings: LedesFindings,
  ) {}

  /** `values` holds one character per byte of the file; where these are not ASCII they are decoded here. */
  read(line: number, values: readonly string[]): LedesFields {
    const text = {} as Record<AnyColumn['name'], string>;
    const dates: Partial<Record<DateColumn, Temporal.PlainDate>> = {};
    const amounts: Partial<Record<AmountColumn, bigint>> = {};
    this.format.columns.forEach((column: AnyColumn, at) => {
      const value = this.decoded(line, column.name, values[at] ?? '');
      const trimmed = value.trim();
      text[column.name] = trimmed;
      if (!this.isPresent(line, column, trimmed)) return;
      if (column.kind === 'date') dates[column.name] = this.date(line, column.name, value);
      else if (column.kind === 'amount') amounts[column.name] = this.amount(line, column, value);
      else this.checkLength(line, column, trimmed);
    });
    return { line, text, dates, amounts };
  }

  private isPresent(line: number, column: AnyColumn, value: string): boolean {
    if (value === '') {
      if (column.required) this.findings.reject(line, column.name, 'V05', `${column.name} is required and blank.`);
      return false;
    }
    // Mitratech: exports of databases leave the word where a value is missing.
    if (isNull(value)) {
      this.findings.reject(line, column.name, 'V16', `${column.name} holds the word NULL instead of a value.`);
      return false;
    }
    return true;
  }

  private date(line: number, field: DateColumn, value: string): Temporal.PlainDate | undefined {
    if (!this.dates.has(value)) this.dates.set(value, parseCalendarDay(value));
    const date = this.dates.get(value);
    if (!date)
      this.findings.reject(line, field, 'V03', `${field} ${quoted(value)} is not an existing day as YYYYMMDD.`);
    return date;
  }

  private amount(line: number, column: { name: AmountColumn; wholeDigits: number }, value: string): bigint | undefined {
    // Any digits, an optional dot (`1053.` is written by real systems) and a sign; `+` too, though our own writer has none.
    const parts = /^([+-]?)(\d*)(?:\.(\d*))?$/.exec(value);
    const [, sign = '', whole = '', fraction = ''] = parts ?? [];
    if (!parts || whole + fraction === '') {
      const message = `${column.name} ${quoted(value)} is not a number of digits, "." and a leading sign.`;
      this.findings.reject(line, column.name, 'V04', message);
      return undefined;
    }
    if (whole.length > column.wholeDigits || fraction.length > LEDES_SCALE) {
      const message = `${column.name} ${quoted(value)} has more than ${column.wholeDigits} digits or ${LEDES_SCALE} decimals.`;
      this.findings.reject(line, column.name, 'V17', message);
      return undefined;
    }
    const decimal = parseDecimal(
      `${sign === '-' ? '-' : ''}${whole || '0'}.${fraction.padEnd(LEDES_SCALE, '0')}`,
      LEDES_SCALE,
    );
    return decimal && decimal.unscaled * 10n ** BigInt(LEDES_SCALE - decimal.scale);
  }

  private checkLength(line: number, column: { name: string; maxLength: number }, value: string): void {
    if (value.length <= column.maxLength) return;
    const message = `${column.name} has ${value.length} characters; at most ${column.maxLength} fit.`;
    this.findings.reject(line, column.name, 'V17', message);
  }

  /**
   * The formats are ASCII, which e-billing systems widen to "ANSI" (Windows-1252): such a byte is read, but noted, since not
   * every vendor does. UTF-8 is refused: a vendor would read each of its characters as two or three others.
   */
  private decoded(line: number, field: string, value: string): string {
    if (/^[\x20-\x7e\t]*$/.test(value)) return value;
    const bytes = Buffer.from(value, 'latin1');
    // 0x80 to 0x9F are characters of Windows-1252, and a tab is a blank.
    const control = /[^\P{Cc}\x80-\x9f\t]/u.exec(value);
    if (control) {
      const code = control[0].charCodeAt(0).toString(16).padStart(2, '0').toUpperCase();
      this.findings.reject(line, field, 'V16', `${field} holds the control character 0x${code}.`);
    } else if (/[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}/.test(value)) {
      const utf8 = new TextDecoder('utf-8').decode(bytes);
      this.findings.reject(line, field, 'V16', `${field} ${quoted(utf8)} is encoded as UTF-8; the format is ASCII.`);
      return utf8;
    } else if (/[\x81\x8d\x8f\x90\x9d]/.test(value)) {
      this.findings.reject(line, field, 'V16', `${field} holds bytes that no character of ANSI (Windows-1252) has.`);
    } else {
      this.findings.note(line, field, 'V16', `${field} is not ASCII and was read as ANSI (Windows-1252).`);
    }
    return new TextDecoder('windows-1252').decode(bytes);
  }
}

/** Whether it is the word NULL, which has its own finding (V16) and no other. */
export function isNull(value: string): boolean {
  return value.length === 4 && value.toUpperCase() === 'NULL';
}

function parseCalendarDay(value: string): Temporal.PlainDate | undefined {
  const [, year, month, day] = /^(\d{4})(\d{2})(\d{2})$/.exec(value) ?? [];
  if (!year || !month || !day || month === '00' || day === '00') return undefined;
  // Constrained instead of refused, so that a file of impossible days costs no exception for each of them.
  const date = Temporal.PlainDate.from({ year: Number(year), month: Number(month), day: Number(day) });
  return date.month === Number(month) && date.day === Number(day) ? date : undefined;
}
