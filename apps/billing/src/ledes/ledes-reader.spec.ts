import { afterEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LEDES_1998B_SECOND_LINE, LEDES_COLUMNS, type LedesColumn } from './ledes-1998b-columns.js';
import { readLedes1998b, type LedesReading, type LedesReadOptions } from './ledes-reader.js';

// Two invoices; lines 3 to 6 belong to the first, 7 and 8 to the second.
const GOLDEN = [
  'LEDES1998B[]',
  LEDES_1998B_SECOND_LINE,
  '20260205|2026017|HALE|0042|537.32|20260101|20260131|Discovery support|1|F|1.5|-7.50|217.50|20260106|L320||A104|MK|Review production; index to J. Poe, Sr.|99-1234567|150|Kovac, Mira|PARALG|H-9001[]',
  '20260205|2026017|HALE|0042|537.32|20260101|20260131|Discovery support|2|F|2.3333||349.98|20260109|L330||A101|TB|Prepare deposition binders|99-1234567|149.9950|Bell, Thomas Sr.|LGLAST|H-9001[]',
  '20260205|2026017|HALE|0042|537.32|20260101|20260131|Discovery support|3|E|126|0|18.90|20260131||E101|||Copies|99-1234567|.15|||H-9001[]',
  '20260205|2026017|HALE|0042|537.32|20260101|20260131|Discovery support|4|If|1.000|-49.0600|-49.06|20260131|||||Volume discount|99-1234567||||H-9001[]',
  '20260205|2026018|HALE|0050|1053.|20260101|20260131||1|f|+7.02|0|1053.0000|20260101|L110||A103|MK|Chronology|99-1234567|150.|Kovac, Mira|PARALG|H-9002[]',
  '20260205|2026018|HALE|0050|1053|20260101|20260131||2|IE|||0|20260131|||||No charge|99-1234567||||H-9002[]',
];

let last: LedesReading | undefined;
let lastLineCount = 0;

function read(lines: readonly string[], options?: LedesReadOptions, end = '\r\n'): LedesReading {
  return readBytes(Buffer.from(lines.map((line) => line + end).join(''), 'latin1'), options);
}

function readBytes(bytes: Uint8Array, options?: LedesReadOptions): LedesReading {
  lastLineCount = Buffer.from(bytes).toString('latin1').split('\n').length;
  return (last = readLedes1998b(bytes, options));
}

/** The golden file with values put into columns of one line. */
function golden(line: number, values: Partial<Record<LedesColumn, string>>): string[] {
  return GOLDEN.map((content, at) => {
    if (at !== line - 1) return content;
    const columns = content.slice(0, -2).split('|');
    return `${LEDES_COLUMNS.map(({ name }, column) => values[name] ?? columns[column]).join('|')}[]`;
  });
}

function replaced(line: number, by: (content: string) => string): string[] {
  return GOLDEN.map((content, at) => (at === line - 1 ? by(content) : content));
}

function rejects({ findings }: LedesReading): string[] {
  return findings
    .filter(({ severity }) => severity === 'reject')
    .map(({ line, field, rule }) => [line, field, rule].join(' '));
}

function notes({ findings }: LedesReading): string[] {
  return findings
    .filter(({ severity }) => severity === 'note')
    .map(({ line, field, rule }) => [line, field, rule].join(' '));
}

afterEach(() => {
  // The invariant: a file is given away only if nothing was rejected, and each finding names a place that exists, in order.
  if (!last) return;
  const { file, findings } = last;
  expect(file === undefined).toBe(findings.some(({ severity }) => severity === 'reject'));
  const columns: string[] = ['', ...LEDES_COLUMNS.map(({ name }) => name)];
  expect(findings.filter(({ field }) => !columns.includes(field))).toEqual([]);
  expect(findings.filter(({ line }) => line < 0 || line > lastLineCount + 1)).toEqual([]);
  expect(findings.map(({ line }) => line)).toEqual(findings.map(({ line }) => line).sort((a, b) => a - b));
  expect(findings.filter(({ message }) => message.length > 300)).toEqual([]);
  for (const invoice of file?.invoices ?? []) {
    expect(invoice.lines.reduce((sum, line) => sum + line.totalE4, 0n)).toBe(invoice.totalE4);
  }
  last = undefined;
});

describe('an accepted LEDES 1998B file', () => {
  it('becomes invoices with typed lines', () => {
    const { file, findings } = read(GOLDEN);
    expect(findings).toEqual([]);
    expect(file?.invoices.map(({ number, totalE4, lines }) => [number, totalE4, lines.length])).toEqual([
      ['2026017', 5373200n, 4],
      ['2026018', 10530000n, 2],
    ]);
    const line = file?.invoices[0]?.lines[1];
    expect(line?.date.toString()).toBe('2026-01-09');
    expect([line?.unitsE4, line?.unitCostE4, line?.adjustmentE4, line?.totalE4]).toEqual([
      23333n,
      1499950n,
      0n,
      3499800n,
    ]);
    expect([line?.type, line?.timekeeperName, line?.taskCode]).toEqual(['F', 'Bell, Thomas Sr.', 'L330']);
    expect(file?.invoices[1]?.lines.map(({ type, unitsE4 }) => [type, unitsE4])).toEqual([
      ['F', 70200n],
      ['IE', undefined],
    ]);
  });

  it.each([
    { name: 'LF instead of CRLF', bytes: GOLDEN.join('\n') + '\n' },
    { name: 'no line end after the last line', bytes: GOLDEN.join('\r\n') },
    { name: 'blank lines after the last line', bytes: GOLDEN.join('\r\n') + '\r\n\r\n\n' },
    { name: 'a single bracket in a value', bytes: golden(3, { LINE_ITEM_DESCRIPTION: 'Review [sealed' }).join('\n') },
    { name: 'a tab in a value', bytes: golden(3, { LINE_ITEM_DESCRIPTION: 'Review\tindex' }).join('\n') },
    {
      name: 'one invoice date after the first that differs',
      bytes: golden(4, { INVOICE_DATE: '20260206' }).join('\n'),
    },
    {
      name: 'a billing period of one day',
      bytes: golden(3, { BILLING_START_DATE: '20260106', BILLING_END_DATE: '20260106' }).join('\n'),
    },
    {
      name: 'values of full length',
      bytes: golden(3, { LINE_ITEM_DESCRIPTION: 'x'.repeat(1023), TIMEKEEPER_ID: 'K'.repeat(20) }).join('\n'),
    },
    { name: 'a leap day', bytes: golden(3, { INVOICE_DATE: '20240229' }).join('\n') },
  ])('may have $name', ({ bytes }) => {
    expect(readBytes(Buffer.from(bytes), { fileName: 'HALE.TXT' }).findings).toEqual([]);
  });

  it.each(['1053', '1053.', '1053.0', '1053.00', '1053.000', '1053.0000', '+1053.00', '01053'])(
    'may write its total as %s',
    (total) => {
      const { file, findings } = read(golden(7, { INVOICE_TOTAL: total, LINE_ITEM_TOTAL: total }));
      expect(findings).toEqual([]);
      expect(file?.invoices[1]?.totalE4).toBe(10530000n);
    },
  );

  it('takes the client of the first line of a matter, and of another invoice as it stands there', () => {
    const { file } = read(
      golden(4, { CLIENT_ID: 'OTHER' }).map((line, at) => (at > 5 ? line.replace('HALE', 'NEXT') : line)),
    );
    expect(file?.invoices.map(({ lines }) => lines.map(({ clientId }) => clientId))).toEqual([
      ['HALE', 'HALE', 'HALE', 'HALE'],
      ['NEXT', 'NEXT'],
    ]);
  });

  it.each([
    {
      name: 'an unknown but well-formed classification',
      line: 3,
      values: { TIMEKEEPER_CLASSIFICATION: 'SRPARA' },
      note: '3 TIMEKEEPER_CLASSIFICATION V17',
    },
    {
      name: 'a fee without a task code',
      line: 3,
      values: { LINE_ITEM_TASK_CODE: '' },
      note: '3 LINE_ITEM_TASK_CODE V18',
    },
    {
      name: 'a fee without an activity code',
      line: 3,
      values: { LINE_ITEM_ACTIVITY_CODE: '' },
      note: '3 LINE_ITEM_ACTIVITY_CODE V18',
    },
    {
      name: 'an ANSI character',
      line: 3,
      values: { LINE_ITEM_DESCRIPTION: 'Pr\xe9cis' },
      note: '3 LINE_ITEM_DESCRIPTION V16',
    },
  ])('may have $name, which is noted', ({ line, values, note }) => {
    expect(notes(read(golden(line, values)))).toEqual([note]);
  });

  it('may have a hyphen in its invoice number, which is noted', () => {
    expect(notes(read(GOLDEN.map((line) => line.replace('|2026018|', '|2026-018|'))))).toEqual([
      '7 INVOICE_NUMBER V17',
      '8 INVOICE_NUMBER V17',
    ]);
  });

  it('may have a discount on an expense line, which is noted', () => {
    const values = { LINE_ITEM_ADJUSTMENT_AMOUNT: '-37.80', LINE_ITEM_TOTAL: '-18.90' };
    const lines = golden(5, values).map((line) => line.replace('|537.32|', '|499.52|'));
    expect(notes(read(lines))).toEqual(['5 LINE_ITEM_TOTAL V13']);
  });

  it('reads ANSI characters as Windows-1252', () => {
    const { file } = read(golden(3, { LINE_ITEM_DESCRIPTION: 'Pr\xe9cis \x96 \x80 5' }));
    expect(file?.invoices[0]?.lines[0]?.description).toBe('Pr\u00e9cis \u2013 \u20ac 5');
  });

  it('rounds line totals to the minor unit of its currency', () => {
    const values = { LINE_ITEM_NUMBER_OF_UNITS: '0.33', LINE_ITEM_TOTAL: '50', INVOICE_TOTAL: '50' };
    const lines = golden(7, values).filter((_, at) => at < 2 || at === 6);
    expect(rejects(read(lines, { minorDigits: 0 }))).toEqual([]);
    expect(rejects(read(lines))).toEqual(['3 LINE_ITEM_TOTAL V06']);
  });
});

const MUTATIONS: { name: string; lines: string[]; options?: LedesReadOptions; expected: string[] }[] = [
  { name: 'line 1 without brackets', lines: replaced(1, () => 'LEDES1998B'), expected: ['1  V01'] },
  { name: 'line 1 of another format', lines: replaced(1, () => 'LEDES98BI V2[]'), expected: ['1  V01'] },
  {
    name: 'line 2 with a renamed column',
    lines: replaced(2, (line) => line.replace('CLIENT_ID', 'CLIENTID')),
    expected: ['2 CLIENT_ID V01'],
  },
  {
    name: 'line 2 with a blank at its end',
    lines: replaced(2, (line) => `${line} `),
    expected: ['2 CLIENT_MATTER_ID V01'],
  },
  { name: 'two lines only', lines: GOLDEN.slice(0, 2), expected: ['3  V01'] },
  { name: 'nothing at all', lines: [], expected: ['1  V01'] },
  { name: 'a column too few', lines: replaced(4, (line) => line.replace('|HALE', '')), expected: ['4  V02'] },
  { name: 'a column too many', lines: replaced(3, (line) => line.replace('Review', 'Re|view')), expected: ['3  V02'] },
  { name: 'no brackets at the end', lines: replaced(4, (line) => line.slice(0, -2)), expected: ['4  V02'] },
  { name: 'a blank after the brackets', lines: replaced(4, (line) => `${line} `), expected: ['4  V02'] },
  {
    name: 'brackets inside a value',
    lines: golden(5, { LINE_ITEM_DESCRIPTION: 'Copies []' }),
    expected: ['5 LINE_ITEM_DESCRIPTION V02'],
  },
  {
    name: 'a line break inside a value',
    lines: replaced(4, (line) => line.replace('binders', '\n binders')),
    expected: ['4  V02', '5  V02'],
  },
  { name: 'a blank line between', lines: replaced(4, (line) => `${line}\n`), expected: ['5  V02'] },
  {
    name: 'a date of seven digits',
    lines: golden(3, { LINE_ITEM_DATE: '2026106' }),
    expected: ['3 LINE_ITEM_DATE V03'],
  },
  { name: 'a thirteenth month', lines: golden(3, { INVOICE_DATE: '20261301' }), expected: ['3 INVOICE_DATE V03'] },
  {
    name: 'a day that does not exist',
    lines: golden(3, { BILLING_END_DATE: '20260229' }),
    expected: ['3 BILLING_END_DATE V03'],
  },
  {
    name: 'a month zero',
    lines: golden(3, { BILLING_START_DATE: '20260001' }),
    expected: ['3 BILLING_START_DATE V03'],
  },
  { name: 'a thousands comma', lines: golden(7, { LINE_ITEM_TOTAL: '1,053.00' }), expected: ['7 LINE_ITEM_TOTAL V04'] },
  { name: 'a dollar sign', lines: golden(3, { LINE_ITEM_UNIT_COST: '$150' }), expected: ['3 LINE_ITEM_UNIT_COST V04'] },
  {
    name: 'a blank before a number',
    lines: golden(3, { LINE_ITEM_NUMBER_OF_UNITS: ' 1.5' }),
    expected: ['3 LINE_ITEM_NUMBER_OF_UNITS V04'],
  },
  { name: 'a minus at the end', lines: golden(6, { LINE_ITEM_TOTAL: '49.06-' }), expected: ['6 LINE_ITEM_TOTAL V04'] },
  {
    name: 'a dot alone',
    lines: golden(3, { LINE_ITEM_ADJUSTMENT_AMOUNT: '.' }),
    expected: ['3 LINE_ITEM_ADJUSTMENT_AMOUNT V04'],
  },
  {
    name: 'an expense without its code',
    lines: golden(5, { LINE_ITEM_EXPENSE_CODE: '' }),
    expected: ['5 LINE_ITEM_EXPENSE_CODE V05'],
  },
  {
    name: 'a wrong product',
    lines: golden(3, { LINE_ITEM_NUMBER_OF_UNITS: '1.4' }),
    expected: ['3 LINE_ITEM_TOTAL V06'],
  },
  {
    name: 'a total off by less than a cent',
    lines: golden(3, { LINE_ITEM_ADJUSTMENT_AMOUNT: '-7.504' }),
    expected: ['3 LINE_ITEM_TOTAL V06'],
  },
  {
    name: 'another invoice total on one line',
    lines: golden(4, { INVOICE_TOTAL: '537.34' }),
    expected: ['4 INVOICE_TOTAL V07'],
  },
  {
    name: 'an invoice total that is no sum',
    lines: GOLDEN.map((line) => line.replace('|537.32|', '|537.34|')),
    expected: ['3 INVOICE_TOTAL V08'],
  },
  { name: 'a line left out', lines: GOLDEN.filter((_, at) => at !== 3), expected: ['3 INVOICE_TOTAL V08'] },
  {
    name: 'an invoice posted before',
    lines: GOLDEN,
    options: { known: { postedInvoiceNumbers: new Set(['2026018']) } },
    expected: ['7 INVOICE_NUMBER V09'],
  },
  {
    name: 'a day before the period',
    lines: golden(3, { LINE_ITEM_DATE: '20251231' }),
    expected: ['3 LINE_ITEM_DATE V10'],
  },
  {
    name: 'a day after the period',
    lines: golden(3, { LINE_ITEM_DATE: '20260201' }),
    expected: ['3 LINE_ITEM_DATE V10'],
  },
  {
    name: 'a period that ends before it starts',
    lines: golden(3, { BILLING_START_DATE: '20260201' }),
    expected: ['3 BILLING_START_DATE V11'],
  },
  {
    name: 'a fee without units',
    lines: golden(3, { LINE_ITEM_NUMBER_OF_UNITS: '' }),
    expected: ['3 LINE_ITEM_NUMBER_OF_UNITS V05', '3 LINE_ITEM_NUMBER_OF_UNITS V12'],
  },
  {
    name: 'a fee without a timekeeper',
    lines: golden(3, { TIMEKEEPER_ID: '' }),
    expected: ['3 TIMEKEEPER_ID V05', '3 TIMEKEEPER_ID V12'],
  },
  {
    name: 'an expense without a rate',
    lines: golden(5, { LINE_ITEM_UNIT_COST: '' }),
    expected: ['5 LINE_ITEM_UNIT_COST V12'],
  },
  {
    name: 'zero units on an expense',
    lines: golden(5, { LINE_ITEM_NUMBER_OF_UNITS: '0', LINE_ITEM_ADJUSTMENT_AMOUNT: '18.90' }),
    expected: ['5 LINE_ITEM_NUMBER_OF_UNITS V12'],
  },
  {
    name: 'negative units',
    lines: golden(6, { LINE_ITEM_NUMBER_OF_UNITS: '-1.000' }),
    expected: ['6 LINE_ITEM_NUMBER_OF_UNITS V13'],
  },
  {
    name: 'another invoice description on one line',
    lines: golden(5, { INVOICE_DESCRIPTION: 'Copies' }),
    expected: ['5 INVOICE_DESCRIPTION V14'],
  },
  {
    name: 'a line description of 1,024 characters',
    lines: golden(3, { LINE_ITEM_DESCRIPTION: 'x'.repeat(1024) }),
    expected: ['3 LINE_ITEM_DESCRIPTION V14'],
  },
  {
    name: 'a name as First Last',
    lines: golden(3, { TIMEKEEPER_NAME: 'Mira Kovac' }),
    expected: ['3 TIMEKEEPER_NAME V14'],
  },
  { name: 'a last name alone', lines: golden(3, { TIMEKEEPER_NAME: 'Kovac, ' }), expected: ['3 TIMEKEEPER_NAME V14'] },
  { name: 'no client matter', lines: golden(8, { CLIENT_MATTER_ID: '' }), expected: ['8 CLIENT_MATTER_ID V15'] },
  { name: 'a file name that is not .txt', lines: GOLDEN, options: { fileName: 'invoice.csv' }, expected: ['0  V15'] },
  { name: 'the word NULL', lines: golden(3, { TIMEKEEPER_NAME: 'NULL' }), expected: ['3 TIMEKEEPER_NAME V16'] },
  {
    name: 'the word null as a number',
    lines: golden(3, { LINE_ITEM_ADJUSTMENT_AMOUNT: 'null' }),
    expected: ['3 LINE_ITEM_ADJUSTMENT_AMOUNT V16'],
  },
  {
    name: 'UTF-8',
    lines: golden(3, { LINE_ITEM_DESCRIPTION: 'Pr\xc3\xa9cis' }),
    expected: ['3 LINE_ITEM_DESCRIPTION V16'],
  },
  { name: 'a NUL', lines: golden(3, { LINE_ITEM_DESCRIPTION: 'Copy\0' }), expected: ['3 LINE_ITEM_DESCRIPTION V16'] },
  {
    name: 'a byte that ANSI leaves free',
    lines: golden(3, { LINE_ITEM_DESCRIPTION: 'Copy \x81' }),
    expected: ['3 LINE_ITEM_DESCRIPTION V16'],
  },
  { name: 'a byte order mark', lines: replaced(1, (line) => `\xef\xbb\xbf${line}`), expected: ['1  V16'] },
  { name: 'UTF-16', lines: replaced(1, (line) => `\xff\xfe${line}`), expected: ['1  V16'] },
  {
    name: 'a code of 21 characters',
    lines: golden(3, { TIMEKEEPER_ID: 'K'.repeat(21) }),
    expected: ['3 TIMEKEEPER_ID V17'],
  },
  {
    name: 'five decimals',
    lines: golden(3, { LINE_ITEM_ADJUSTMENT_AMOUNT: '-7.50000' }),
    expected: ['3 LINE_ITEM_ADJUSTMENT_AMOUNT V17'],
  },
  {
    name: 'eleven digits',
    lines: golden(3, { LINE_ITEM_UNIT_COST: '12345678901' }),
    expected: ['3 LINE_ITEM_UNIT_COST V17'],
  },
  {
    name: 'a type of no list',
    lines: golden(3, { 'EXP/FEE/INV_ADJ_TYPE': 'X' }),
    expected: ['3 EXP/FEE/INV_ADJ_TYPE V17'],
  },
  {
    name: 'a classification in lower case',
    lines: golden(3, { TIMEKEEPER_CLASSIFICATION: 'paralg' }),
    expected: ['3 TIMEKEEPER_CLASSIFICATION V17'],
  },
  {
    name: 'a classification of 11 letters',
    lines: golden(3, { TIMEKEEPER_CLASSIFICATION: 'PARALEGALLY' }),
    expected: ['3 TIMEKEEPER_CLASSIFICATION V17'],
  },
  {
    name: 'an unknown task code',
    lines: golden(3, { LINE_ITEM_TASK_CODE: 'L999' }),
    expected: ['3 LINE_ITEM_TASK_CODE V18'],
  },
  {
    name: 'an unknown activity code',
    lines: golden(3, { LINE_ITEM_ACTIVITY_CODE: 'A199' }),
    expected: ['3 LINE_ITEM_ACTIVITY_CODE V18'],
  },
  {
    name: 'an unknown expense code',
    lines: golden(5, { LINE_ITEM_EXPENSE_CODE: 'E199' }),
    expected: ['5 LINE_ITEM_EXPENSE_CODE V18'],
  },
  {
    name: 'a task code on an expense',
    lines: golden(5, { LINE_ITEM_TASK_CODE: 'L110' }),
    expected: ['5 LINE_ITEM_TASK_CODE V18'],
  },
  {
    name: 'an expense code on a fee',
    lines: golden(3, { LINE_ITEM_EXPENSE_CODE: 'E101' }),
    expected: ['3 LINE_ITEM_EXPENSE_CODE V18'],
  },
  {
    name: 'a matter the firm does not have',
    lines: GOLDEN,
    options: { known: { lawFirmMatterIds: new Set(['0042']) } },
    expected: ['7 LAW_FIRM_MATTER_ID V19', '8 LAW_FIRM_MATTER_ID V19'],
  },
  {
    name: 'a matter the client does not know',
    lines: golden(8, { CLIENT_MATTER_ID: 'H-1' }),
    options: { known: { clientMatterIds: new Set(['H-9001', 'H-9002']) } },
    expected: ['8 CLIENT_MATTER_ID V19'],
  },
  {
    name: 'a timekeeper not approved',
    lines: GOLDEN,
    options: { known: { timekeeperIds: new Set(['MK']) } },
    expected: ['4 TIMEKEEPER_ID V19'],
  },
  {
    name: 'a rate not approved',
    lines: GOLDEN,
    options: {
      known: {
        approvedRatesE4: new Map([
          ['MK', new Set([1500000n])],
          ['TB', new Set([1490000n])],
        ]),
      },
    },
    expected: ['4 LINE_ITEM_UNIT_COST V19'],
  },
  {
    name: 'a line number used twice',
    lines: golden(4, { LINE_ITEM_NUMBER: '1' }),
    expected: ['4 LINE_ITEM_NUMBER V20'],
  },
];

describe('a mutation of the golden file', () => {
  it.each(MUTATIONS)('is rejected: $name', ({ lines, options, expected }) => {
    expect(rejects(read(lines, options))).toEqual(expected);
  });

  it('exists for every rule', () => {
    const rules = new Set(MUTATIONS.flatMap(({ expected }) => expected.map((finding) => finding.slice(-3))));
    expect([...rules].sort()).toEqual(Array.from({ length: 20 }, (_, at) => `V${`${at + 1}`.padStart(2, '0')}`));
  });

  it.each(LEDES_COLUMNS.filter(({ required }) => required))('is rejected: blank $name', ({ name }) => {
    expect(rejects(read(golden(7, { [name]: ' ' })))).toContain(`7 ${name} V05`);
  });

  it('is accepted with codes that the client agreed to', () => {
    const lines = golden(3, { LINE_ITEM_TASK_CODE: 'B110', LINE_ITEM_ACTIVITY_CODE: 'A112' });
    expect(rejects(read(lines, { known: { agreedCodes: new Set(['B110', 'A112']) } }))).toEqual([]);
  });

  it('has all its findings named at once', () => {
    const lines = golden(3, { INVOICE_DATE: '', LINE_ITEM_TOTAL: '$1', CLIENT_MATTER_ID: '' });
    expect(rejects(read(lines))).toEqual(['3 INVOICE_DATE V05', '3 LINE_ITEM_TOTAL V04', '3 CLIENT_MATTER_ID V15']);
  });
});

describe('any bytes', () => {
  it('are read without an exception', () => {
    const anyBytes = fc.uint8Array({ maxLength: 500 });
    const anyLines = fc.array(
      fc.array(fc.constantFrom('|', '[]', '1', 'F', 'NULL', '20260101', '-', '\xe9', '\n', '\0')),
    );
    fc.assert(
      fc.property(anyBytes, anyLines, (bytes, lines) => {
        const text = Buffer.from([...GOLDEN.slice(0, 2), ...lines.map((parts) => parts.join(''))].join('\n'), 'latin1');
        for (const input of [bytes, text, Buffer.concat([text, bytes])]) {
          const { file, findings } = readLedes1998b(input);
          expect(file === undefined).toBe(findings.some(({ severity }) => severity === 'reject'));
        }
      }),
    );
  });

  it('of a 100,000-line file are read', () => {
    const line = GOLDEN[6]!.split('|');
    const lines = Array.from({ length: 100_000 }, (_, at) => {
      const values = [...line];
      values[4] = '105300000';
      values[8] = `${at}`;
      return values.join('|');
    });
    expect(rejects(read([...GOLDEN.slice(0, 2), ...lines]))).toEqual([]);
    expect(last?.file?.invoices[0]?.lines).toHaveLength(100_000);
    last = undefined;
  });

  it.each([
    { name: 'digits', value: '1'.repeat(2_000_000) },
    { name: 'commas', value: ','.repeat(2_000_000) },
    { name: 'columns', value: '|'.repeat(2_000_000) },
    { name: 'line breaks', value: '\n'.repeat(200_000) },
    { name: 'brackets', value: '[]'.repeat(1_000_000) },
  ])('of 2 million $name in one value take no more than their share of time', ({ value }) => {
    const lines = [...golden(3, { LINE_ITEM_TOTAL: value }), ...golden(3, { TIMEKEEPER_NAME: value })];
    const started = performance.now();
    expect(readLedes1998b(Buffer.from(lines.join('\n'))).file).toBeUndefined();
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});
