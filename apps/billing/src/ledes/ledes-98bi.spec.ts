import { afterEach, describe, expect, it } from '@jest/globals';
import {
  LEDES_98BI_COLUMNS,
  LEDES_98BI_FIRST_LINE,
  LEDES_98BI_SECOND_LINE,
  type Ledes98biColumn,
} from './ledes-98bi-columns.js';
import type { LedesColumn } from './ledes-1998b-columns.js';
import { readLedes, readLedes1998b, type LedesReading } from './ledes-reader.js';

type Values = Partial<Record<LedesColumn | Ledes98biColumn, string>>;

const OF_ALL: Values = {
  INVOICE_DATE: '20260205',
  INVOICE_NUMBER: '2026019',
  CLIENT_ID: 'HALE',
  LAW_FIRM_MATTER_ID: '0042',
  INVOICE_TOTAL: '283.56',
  BILLING_START_DATE: '20260101',
  BILLING_END_DATE: '20260131',
  INVOICE_DESCRIPTION: 'Discovery support',
  LAW_FIRM_ID: '99-1234567',
  CLIENT_MATTER_ID: 'H-9001',
  PO_NUMBER: 'PO 7',
  CLIENT_TAX_ID: 'GB123456789',
  MATTER_NAME: 'Hale v. Poe',
  INVOICE_TAX_TOTAL: '47.26',
  INVOICE_NET_TOTAL: '236.30',
  INVOICE_CURRENCY: 'GBP',
  ACCOUNT_TYPE: 'O',
  LAW_FIRM_NAME: 'Ledger Lane Paralegals',
  LAW_FIRM_COUNTRY: 'USA',
  CLIENT_NAME: 'Hale & Co',
  CLIENT_COUNTRY: 'GBR',
  INVOICE_REPORTED_TAX_TOTAL: '47.26',
  INVOICE_TAX_CURRENCY: 'GBP',
};

const FEE: Values = {
  LINE_ITEM_NUMBER: '1',
  'EXP/FEE/INV_ADJ_TYPE': 'F',
  LINE_ITEM_NUMBER_OF_UNITS: '1.5',
  LINE_ITEM_ADJUSTMENT_AMOUNT: '-7.60',
  LINE_ITEM_TOTAL: '260.88',
  LINE_ITEM_DATE: '20260106',
  LINE_ITEM_TASK_CODE: 'L320',
  LINE_ITEM_ACTIVITY_CODE: 'A104',
  TIMEKEEPER_ID: 'MK',
  LINE_ITEM_DESCRIPTION: 'Review production',
  LINE_ITEM_UNIT_COST: '150',
  TIMEKEEPER_NAME: 'Kovac, Mira',
  TIMEKEEPER_CLASSIFICATION: 'PARALG',
  TIMEKEEPER_LAST_NAME: 'Kovac',
  TIMEKEEPER_FIRST_NAME: 'Mira',
  LINE_ITEM_TAX_RATE: '0.20',
  LINE_ITEM_TAX_TOTAL: '43.48',
  LINE_ITEM_TAX_TYPE: 'VAT',
};

const COPIES: Values = {
  LINE_ITEM_NUMBER: '2',
  'EXP/FEE/INV_ADJ_TYPE': 'E',
  LINE_ITEM_NUMBER_OF_UNITS: '126',
  LINE_ITEM_TOTAL: '22.68',
  LINE_ITEM_DATE: '20260131',
  LINE_ITEM_EXPENSE_CODE: 'E101',
  LINE_ITEM_DESCRIPTION: 'Copies',
  LINE_ITEM_UNIT_COST: '.15',
  LINE_ITEM_TAX_RATE: '.2',
  LINE_ITEM_TAX_TOTAL: '3.78',
  LINE_ITEM_TAX_TYPE: 'VAT',
};

let last: LedesReading | undefined;

/** The golden file; `all` changes both of its lines, `fee` and `copies` one. */
function read({ all = {}, fee = {}, copies = {} }: { all?: Values; fee?: Values; copies?: Values } = {}): LedesReading {
  const lines = [
    { ...OF_ALL, ...FEE, ...all, ...fee },
    { ...OF_ALL, ...COPIES, ...all, ...copies },
  ].map((values: Values) => `${LEDES_98BI_COLUMNS.map(({ name }) => values[name] ?? '').join('|')}[]`);
  return readText([LEDES_98BI_FIRST_LINE, LEDES_98BI_SECOND_LINE, ...lines]);
}

function readText(lines: readonly string[]): LedesReading {
  return (last = readLedes(Buffer.from(lines.join('\r\n'), 'latin1')));
}

function rejects({ findings }: LedesReading): string[] {
  return findings
    .filter(({ severity }) => severity === 'reject')
    .map(({ line, field, rule }) => [line, field, rule].join(' '));
}

afterEach(() => {
  // The invariant: a file is given away only if nothing was rejected, and then gross is net and tax on every level.
  expect(last?.file === undefined).toBe(last?.findings.some(({ severity }) => severity === 'reject'));
  for (const { totalE4, lines } of last?.file?.invoices ?? []) {
    expect(lines.reduce((sum, line) => sum + line.totalE4, 0n)).toBe(totalE4);
  }
  last = undefined;
});

describe('an accepted LEDES 98BI V2 file', () => {
  it('has 52 columns and becomes an invoice whose lines carry their tax', () => {
    expect(LEDES_98BI_COLUMNS).toHaveLength(52);
    const reading = read();
    expect(reading.findings).toEqual([]);
    expect(reading.format).toBe('LEDES 98BI V2');
    const [invoice] = reading.file?.invoices ?? [];
    expect(invoice?.totalE4).toBe(2835600n);
    expect(invoice?.lines.map(({ totalE4, taxE4 }) => [totalE4, taxE4])).toEqual([
      [2608800n, 434800n],
      [226800n, 37800n],
    ]);
  });

  it.each<[string, Parameters<typeof read>[0]]>([
    [
      'no tax rate and no tax',
      {
        all: { INVOICE_TOTAL: '236.30', INVOICE_TAX_TOTAL: '0', LINE_ITEM_TAX_RATE: '', LINE_ITEM_TAX_TOTAL: '0' },
        fee: { LINE_ITEM_TOTAL: '217.40' },
        copies: { LINE_ITEM_TOTAL: '18.90' },
      },
    ],
    ['no tax total of the invoice', { all: { INVOICE_TAX_TOTAL: '' } }],
    ['neither addresses nor an account type', { all: { LAW_FIRM_COUNTRY: '', CLIENT_COUNTRY: '', ACCOUNT_TYPE: '' } }],
    [
      'a rate of five decimals',
      {
        all: { INVOICE_TOTAL: '259.37', INVOICE_TAX_TOTAL: '23.07' },
        fee: { LINE_ITEM_TAX_RATE: '0.08875', LINE_ITEM_TAX_TOTAL: '19.29', LINE_ITEM_TOTAL: '236.69' },
      },
    ],
    [
      'a currency without decimals',
      {
        all: { INVOICE_CURRENCY: 'JPY', INVOICE_TOTAL: '25', INVOICE_NET_TOTAL: '23', INVOICE_TAX_TOTAL: '2' },
        fee: {
          LINE_ITEM_NUMBER_OF_UNITS: '1',
          LINE_ITEM_UNIT_COST: '4',
          LINE_ITEM_ADJUSTMENT_AMOUNT: '0',
          LINE_ITEM_TAX_TOTAL: '0',
          LINE_ITEM_TAX_RATE: '0.1',
          LINE_ITEM_TOTAL: '4',
        },
        copies: { LINE_ITEM_TAX_TOTAL: '2', LINE_ITEM_TAX_RATE: '0.1', LINE_ITEM_TOTAL: '21' },
      },
    ],
  ])('may have %s', (_name, changes) => {
    expect(rejects(read(changes))).toEqual([]);
  });
});

describe('a refused LEDES 98BI V2 file', () => {
  it.each<[string, string, Parameters<typeof read>[0], string[]]>([
    ['V05', 'a client without a tax id', { fee: { CLIENT_TAX_ID: '' } }, ['3 CLIENT_TAX_ID V05']],
    ['V05', 'a matter without a name', { copies: { MATTER_NAME: ' ' } }, ['4 MATTER_NAME V05']],
    ['V05', 'a line without its tax', { copies: { LINE_ITEM_TAX_TOTAL: '' } }, ['4 LINE_ITEM_TAX_TOTAL V05']],
    [
      'V06',
      'a total that leaves the tax out',
      { all: { INVOICE_TOTAL: '240.08' }, fee: { LINE_ITEM_TOTAL: '217.40' } },
      ['3 LINE_ITEM_TOTAL V06', '3 INVOICE_NET_TOTAL V08'],
    ],
    [
      'V06',
      'a tax that is not the rate',
      {
        all: { INVOICE_TAX_TOTAL: '47.27', INVOICE_TOTAL: '283.57' },
        fee: { LINE_ITEM_TAX_TOTAL: '43.49', LINE_ITEM_TOTAL: '260.89' },
      },
      ['3 LINE_ITEM_TAX_TOTAL V06'],
    ],
    ['V07', 'net totals that differ', { copies: { INVOICE_NET_TOTAL: '236.31' } }, ['4 INVOICE_NET_TOTAL V07']],
    [
      'V08',
      'a tax total that is not the sum of the lines',
      { all: { INVOICE_TAX_TOTAL: '47.25' } },
      ['3 INVOICE_TAX_TOTAL V08'],
    ],
    ['V08', 'a net total with the tax in it', { all: { INVOICE_NET_TOTAL: '283.56' } }, ['3 INVOICE_NET_TOTAL V08']],
    ['V04', 'a rate in words', { fee: { LINE_ITEM_TAX_RATE: '20%' } }, ['3 LINE_ITEM_TAX_RATE V04']],
    ['V17', 'a rate in percent', { fee: { LINE_ITEM_TAX_RATE: '20' } }, ['3 LINE_ITEM_TAX_RATE V17']],
    ['V17', 'a currency that is none', { fee: { INVOICE_CURRENCY: 'XYZ' } }, ['3 INVOICE_CURRENCY V17']],
    ['V17', 'a country of two letters', { fee: { CLIENT_COUNTRY: 'GB' } }, ['3 CLIENT_COUNTRY V17']],
    [
      'V17',
      "an account that is neither own nor a third party's",
      { fee: { ACCOUNT_TYPE: 'X' } },
      ['3 ACCOUNT_TYPE V17'],
    ],
    ['V17', 'a name of a firm that is too long', { fee: { LAW_FIRM_NAME: 'x'.repeat(61) } }, ['3 LAW_FIRM_NAME V17']],
  ])('%s: %s', (_rule, _name, changes, expected) => {
    expect(rejects(read(changes))).toEqual(expected);
  });

  it('V02: has a line of the 24 columns of LEDES 1998B', () => {
    const values: Values = { ...OF_ALL, ...FEE };
    const line = `${LEDES_98BI_COLUMNS.slice(0, 24)
      .map(({ name }) => values[name] ?? '')
      .join('|')}[]`;
    expect(rejects(readText([LEDES_98BI_FIRST_LINE, LEDES_98BI_SECOND_LINE, line]))).toEqual(['3  V02']);
  });

  it('V01: has a first line of another version, and is not taken where LEDES 1998B is asked for', () => {
    expect(rejects(readText(['LEDES98BI[]', LEDES_98BI_SECOND_LINE]))).toContain('1  V01');
    const lines = [LEDES_98BI_FIRST_LINE, LEDES_98BI_SECOND_LINE, ''];
    const { findings } = (last = readLedes1998b(Buffer.from(lines.join('\r\n'))));
    expect(findings.map(({ line, rule }) => [line, rule])).toContainEqual([1, 'V01']);
  });
});
