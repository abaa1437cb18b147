import { DomainError } from '@paradesk/kernel';
import { CsvError, parse } from 'csv-parse/sync';
import type { ImportProblems } from './import-problems.js';

/** The columns of a CSV file, in the order of its header line. */
export const CSV_COLUMNS = [
  'kind',
  'client',
  'matter',
  'timekeeper',
  'date',
  'minutes',
  'task',
  'activity',
  'expense',
  'units',
  'unit_cost',
  'narrative',
] as const;

/** The name of a column. */
export type CsvColumn = (typeof CSV_COLUMNS)[number];

/** A row of a CSV file; values are trimmed, and empty where there is none. */
export interface CsvRow {
  /** Line of the file on which it starts, from 1. */
  readonly line: number;
  readonly values: Readonly<Record<CsvColumn, string>>;
}

// What no narrative has and no PDF/A takes; a tab or a line break inside quotes is fine.
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/;

/**
 * The rows of a CSV file behind its header line.
 *
 * @param problems gets every row that has not exactly the columns of the header, or a control character
 * @throws DomainError invalid NOT_UTF8, naming the first wrong byte
 */
export function readCsvRows(bytes: Uint8Array, problems: ImportProblems): CsvRow[] {
  const [header, ...rows] = recordsOf(decodeUtf8(bytes), problems);
  if (header?.values.join() !== CSV_COLUMNS.join()) {
    problems.add(1, '', 'HEADER', `the first line must be ${CSV_COLUMNS.join()}`);
    return [];
  }
  if (rows.length === 0) problems.add(2, '', 'NO_ROWS', 'the file has no line of work');
  return rows.flatMap(({ line, values }) => {
    if (values.length !== CSV_COLUMNS.length) {
      problems.add(line, '', 'COLUMNS', `the line has ${values.length} columns, not ${CSV_COLUMNS.length}`);
      return [];
    }
    const named = Object.fromEntries(CSV_COLUMNS.map((column, at) => [column, values[at] ?? '']));
    const wrong = CSV_COLUMNS.filter((column) => CONTROL.test(named[column] ?? ''));
    for (const column of wrong) problems.add(line, column, 'CONTROL_CHARACTER', 'contains a control character');
    return wrong.length === 0 ? [{ line, values: named as CsvRow['values'] }] : [];
  });
}

function recordsOf(text: string, problems: ImportProblems): { line: number; values: string[] }[] {
  try {
    const options = { info: true, relax_column_count: true, trim: true, record_delimiter: ['\r\n', '\n'] };
    const records = parse(text, options) as unknown as { info: { lines: number }; record: string[] }[];
    return records.map(({ info, record }) => ({ line: info.lines - lineBreaksIn(record), values: record }));
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    problems.add(typeof error.lines === 'number' ? error.lines : 0, '', 'NOT_CSV', 'the quotes do not match');
    problems.refuseIfAny('CSV_REFUSED');
    throw error;
  }
}

// A record counts as many lines as it spans, and is known by its first.
function lineBreaksIn(values: readonly string[]): number {
  return values.join('').split('\n').length - 1;
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    const message = `the file is not UTF-8: byte ${firstWrongByte(bytes)} is no part of a character`;
    throw DomainError.invalid('file.data', 'NOT_UTF8', message);
  }
}

/** Offset from 0 of the first byte that no character has. */
function firstWrongByte(bytes: Uint8Array): number {
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  let offset = 0;
  for (const character of text) {
    const isReplacement = character === '\ufffd';
    const isWritten = bytes[offset] === 0xef && bytes[offset + 1] === 0xbf && bytes[offset + 2] === 0xbd;
    if (isReplacement && !isWritten) break;
    offset += Buffer.byteLength(character);
  }
  return offset;
}
