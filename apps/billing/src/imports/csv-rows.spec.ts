import { describe, expect, it } from '@jest/globals';
import { DomainError } from '@paradesk/kernel';
import { CSV_COLUMNS, readCsvRows } from './csv-rows.js';
import { ImportProblems } from './import-problems.js';

const header = CSV_COLUMNS.join();
const row = 'time,ACME,M-1,PL1,2026-03-01,30,L120,A102,,,,Draft';

describe('the rows of a CSV file', () => {
  it('carry the line on which they start, over quoted line breaks, CRLF and a byte order mark', () => {
    const text = `\ufeff${header}\r\n${row}\r\n"time",ACME,M-1,PL1,2026-03-01,30,,,,,,"first\nsecond"\r\n${row}\r\n`;
    const problems = new ImportProblems();
    const rows = readCsvRows(Buffer.from(text), problems);
    expect(rows.map(({ line }) => line)).toEqual([2, 3, 5]);
    expect(rows[1]?.values.narrative).toBe('first\nsecond');
    expect(refusalOf(() => problems.refuseIfAny('CSV_REFUSED'))).toBeUndefined();
  });

  it.each([
    ['nothing', '', 'line 1'],
    ['another header', `kind,client\n${row}`, 'line 1'],
    ['the columns in another order', `${[...CSV_COLUMNS].reverse().join()}\n${row}`, 'line 1'],
    ['no row', `${header}\n`, 'line 2'],
    ['a row of too few columns', `${header}\n${row}\ntime,ACME\n`, 'line 3'],
    ['an empty line', `${header}\n\n${row}\n`, 'line 2'],
    ['an open quote', `${header}\n${row}\ntime,"ACME\n`, 'line '],
    ['a control character', `${header}\n${row}\u0007\n`, 'line 2 narrative'],
  ])('of a file with %s are refused, naming the line', (_name, text, field) => {
    const problems = new ImportProblems();
    const refusal = refusalOf(() => {
      readCsvRows(Buffer.from(text), problems);
      problems.refuseIfAny('CSV_REFUSED');
    });
    expect(refusal?.reason).toBe('CSV_REFUSED');
    expect(refusal?.violations[0]?.field.startsWith(field)).toBe(true);
  });

  it.each([
    [
      'a Latin-1 letter',
      Buffer.concat([Buffer.from(`${header}\nä\ufffd`), Buffer.from([0xe9, 0x2c])]),
      header.length + 6,
    ],
    ['a character cut off at the end', Buffer.concat([Buffer.from(header), Buffer.from([0xe2, 0x82])]), header.length],
  ])('with %s name the first byte that is no UTF-8', (_name, bytes, offset) => {
    const refusal = refusalOf(() => readCsvRows(bytes, new ImportProblems()));
    expect(refusal?.reason).toBe('NOT_UTF8');
    expect(refusal?.message).toContain(`byte ${offset} `);
  });
});

describe('the problems of a file', () => {
  it('are named in the order of the lines, a hundred at most', () => {
    const problems = new ImportProblems();
    for (let line = 130; line > 0; line--) problems.add(line, 'date', 'NO_SUCH_DATE', 'is no date');
    const refusal = refusalOf(() => problems.refuseIfAny('CSV_REFUSED'));
    expect(refusal?.violations.length).toBe(100);
    expect(refusal?.violations[0]).toEqual({ field: 'line 1 date', description: 'NO_SUCH_DATE: is no date' });
    expect(refusal?.message).toContain('130 problems, 30 more');
  });
});

function refusalOf(work: () => unknown): DomainError | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
}
