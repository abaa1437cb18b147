import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ImportsServiceService, type ImportResult } from '@paradesk/contracts/paradesk/billing/v1/imports';
import { TimeEntriesServiceService } from '@paradesk/contracts/paradesk/billing/v1/time_entries';
import { Role } from '@paradesk/contracts/paradesk/common/v1/rule';
import { aCaller, ServiceUnderTest } from '@paradesk/testing';
import { billing } from '../src/billing.module.js';
import { LEDES_1998B_FIRST_LINE, LEDES_1998B_SECOND_LINE } from '../src/ledes/ledes-1998b-columns.js';
import { CSV_COLUMNS } from '../src/imports/csv-rows.js';
import { aClient, aFirm, aMatter, anAgreement, refusalOf, type Firm } from './builders.js';

let system: ServiceUnderTest;
let firm: Firm;

beforeAll(async () => {
  system = await ServiceUnderTest.start(billing);
});
beforeEach(async () => {
  firm = await aFirm(system);
  await anAgreement(system, firm);
});
afterAll(() => system.stop());

const as = (caller = firm.billingManager) => system.client(ImportsServiceService, caller);
const fileOf = (text: string) => ({ contentType: 'text/plain', data: Buffer.from(text), extensions: [] });

/** Rows of captured work of the firm. */
async function recordedRows(): Promise<{ kind: string; import_ref: string; amount_minor: string }[]> {
  const tables = ['time_entries', 'expenses', 'adjustments'].map(
    (table) => `select '${table}' as kind, import_ref, amount_minor from ${table} where tenant_id = $1`,
  );
  return (await system.db.query(tables.join(' union all '), [firm.tenantId])).rows as never;
}

function idsOf({ groups }: ImportResult): string[] {
  return groups.flatMap((group) => [...group.timeEntryIds, ...group.expenseIds, ...group.adjustmentIds]);
}

interface Line {
  invoice?: string;
  client?: string;
  matter?: string;
  total?: string;
  number: string;
  type?: string;
  units?: string;
  adjustment?: string;
  lineTotal: string;
  codes?: string;
  timekeeper?: string;
  unitCost?: string;
  description?: string;
}

function ledes(...lines: Line[]): string {
  const rows = lines.map((line) => {
    const { invoice = '1001', client = 'ACME', matter = 'M-1', total = '455.5', type = 'F', units = '2' } = line;
    const {
      adjustment = '0',
      codes = type === 'F' ? 'L120||A102' : '||',
      timekeeper = type === 'F' ? 'PL1' : '',
    } = line;
    const head = ['20260228', invoice, client, matter, total, '20260201', '20260228', 'Services', line.number, type];
    const figures = [units, adjustment, line.lineTotal, '20260210', codes, timekeeper, line.description ?? 'Research'];
    const tail = [
      '24-6437381',
      line.unitCost ?? '100',
      timekeeper === '' ? '' : 'Doe, Pat',
      timekeeper === '' ? '' : 'PARALG',
      'CM-1',
    ];
    return `${[...head, ...figures, ...tail].join('|')}[]`;
  });
  return [LEDES_1998B_FIRST_LINE, LEDES_1998B_SECOND_LINE, ...rows, ''].join('\r\n');
}

const golden: readonly Line[] = [
  { number: '1', adjustment: '-20', lineTotal: '180' },
  { number: '2', units: '0.5', unitCost: '150.5', lineTotal: '75.25' },
  { number: '3', type: 'E', units: '25', unitCost: '10.01', lineTotal: '250.25', codes: '|E101|' },
  { number: '4', type: 'IF', units: '', unitCost: '', adjustment: '-50', lineTotal: '-50' },
  { number: '1', invoice: '1002', total: '10', units: '0.1', lineTotal: '10', timekeeper: 'VA1' },
];

describe('a LEDES file', () => {
  it('becomes time, expenses and adjustments with the figures of the file, grouped by invoice', async () => {
    const result = await as().importLedes({ file: fileOf(ledes(...golden)) });
    expect([result.recordedLines, result.knownLines]).toEqual([5, 0]);
    const [first, second] = result.groups;
    expect(first).toMatchObject({ sourceInvoiceNumber: '1001', clientId: firm.client.id, matterIds: [firm.matter.id] });
    expect([first?.timeEntryIds.length, first?.expenseIds.length, first?.adjustmentIds.length]).toEqual([2, 1, 1]);
    expect(first?.total).toEqual({ amountMinor: 45_550n, currencyCode: 'USD' });
    expect(second?.total?.amountMinor).toBe(1_000n);
    const amounts = (await recordedRows()).map((row) => BigInt(row.amount_minor));
    expect(amounts.reduce((sum, amount) => sum + amount, 0n)).toBe(46_550n);
  });

  it('keeps the rate of the file and why it is not the agreed one; imported time is billable whoever worked', async () => {
    const result = await as().importLedes({ file: fileOf(ledes(...golden)) });
    const entries = system.client(TimeEntriesServiceService, firm.billingManager);
    const [agreed, other, assistants] = await Promise.all(
      result.groups.flatMap((group) => group.timeEntryIds).map((timeEntryId) => entries.getTimeEntry({ timeEntryId })),
    );
    expect(agreed).toMatchObject({ hourlyRate: '100', hours: '2', workedMinutes: 120, billable: true });
    expect(agreed?.adjustment?.amountMinor).toBe(-2_000n);
    expect(other).toMatchObject({ hourlyRate: '150.5', hours: '0.5', billable: true });
    expect(assistants).toMatchObject({ personId: firm.assistant.id, billable: true });
    const reasons = await system.db.query('select rate_reason from time_entries where tenant_id = $1 order by id', [
      firm.tenantId,
    ]);
    expect(reasons.rows.map((row: { rate_reason: string }) => row.rate_reason)).toEqual([
      '',
      'LEDES import',
      'LEDES import',
    ]);
  });

  it('records nothing the second time and answers with the same ids', async () => {
    const first = await as().importLedes({ file: fileOf(ledes(...golden)) });
    const second = await as().importLedes({ file: fileOf(ledes(...golden)) });
    expect([second.recordedLines, second.knownLines]).toEqual([0, 5]);
    expect(second.groups).toEqual(first.groups);
    expect((await recordedRows()).length).toBe(5);
  });

  it('imported three times at once is recorded once', async () => {
    const file = fileOf(ledes(...golden));
    const results = await Promise.all([1, 2, 3].map(() => as().importLedes({ file })));
    expect(results.reduce((sum, result) => sum + result.recordedLines, 0)).toBe(5);
    expect(new Set(results.map((result) => idsOf(result).join())).size).toBe(1);
    expect((await recordedRows()).length).toBe(5);
  });

  it('is only checked in a dry run', async () => {
    const result = await as().importLedes({ file: fileOf(ledes(...golden)), dryRun: true });
    expect(result.recordedLines).toBe(5);
    expect(idsOf(result)).toEqual([]);
    expect(result.groups[0]?.total?.amountMinor).toBe(45_550n);
    expect(await recordedRows()).toEqual([]);
  });

  it.each<[string, Line[], string]>([
    ['an unknown client', [{ number: '1', client: 'NOBODY', total: '200', lineTotal: '200' }], 'line 3 CLIENT_ID'],
    [
      'an unknown matter',
      [{ number: '1', matter: 'M-0', total: '200', lineTotal: '200' }],
      'line 3 LAW_FIRM_MATTER_ID',
    ],
    [
      'an unknown timekeeper',
      [{ number: '1', timekeeper: 'X', total: '200', lineTotal: '200' }],
      'line 3 TIMEKEEPER_ID',
    ],
    ['a wrong line total', [{ number: '1', total: '201', lineTotal: '201' }], 'line 3 LINE_ITEM_TOTAL'],
    [
      'a total of half a cent',
      [{ number: '1', units: '0.1', unitCost: '0.05', total: '0.005', lineTotal: '0.005' }],
      'line 3 LINE_ITEM_TOTAL',
    ],
    [
      'a discount of half a cent',
      [{ number: '1', units: '0.1', unitCost: '0.05', adjustment: '0.005', total: '0.01', lineTotal: '0.01' }],
      'line 3 LINE_ITEM_ADJUSTMENT_AMOUNT',
    ],
    [
      'more hours than there are',
      [{ number: '1', units: '9999999999', unitCost: '0', total: '0', lineTotal: '0' }],
      'line 3 LINE_ITEM_NUMBER_OF_UNITS',
    ],
    [
      'a good line before a bad one',
      [...golden.slice(0, 1), { number: '2', type: 'Q', lineTotal: '1' }],
      'line 4 EXP/FEE/INV_ADJ_TYPE',
    ],
    ['a wrong invoice total', [{ number: '1', total: '300', lineTotal: '200' }], 'line 3 INVOICE_TOTAL'],
  ])('with %s is refused as a whole, naming line and column', async (_name, lines, field) => {
    const refusal = await refusalOf(as().importLedes({ file: fileOf(ledes(...lines)) }));
    expect(refusal).toMatchObject({ kind: 'invalid', reason: 'LEDES_REFUSED' });
    expect(refusal.fields).toContain(field);
    expect(await recordedRows()).toEqual([]);
  });

  it('in another currency than the agreement is refused, once for each matter', async () => {
    const refusal = await refusalOf(as().importLedes({ file: fileOf(ledes(...golden)), currencyCode: 'EUR' }));
    expect(refusal.fields).toEqual(['line 3 LAW_FIRM_MATTER_ID']);
    expect(await recordedRows()).toEqual([]);
  });

  it('for a matter without an agreement is refused', async () => {
    await aMatter(system, firm.client, firm.tenantId, { code: 'M-2' });
    const refusal = await refusalOf(
      as().importLedes({ file: fileOf(ledes({ number: '1', matter: 'M-2', total: '200', lineTotal: '200' })) }),
    );
    expect(refusal.fields).toEqual(['line 3 LAW_FIRM_MATTER_ID']);
  });

  it('with one invoice for two clients is refused', async () => {
    const client = await aClient(system, firm.tenantId, { code: 'OTHER' });
    await aMatter(system, client, firm.tenantId, { code: 'M-2' });
    const lines = [
      { number: '1', total: '400', lineTotal: '200' },
      { number: '2', total: '400', lineTotal: '200', client: 'OTHER', matter: 'M-2' },
    ];
    expect((await refusalOf(as().importLedes({ file: fileOf(ledes(...lines)) }))).fields).toContain('line 4 CLIENT_ID');
  });

  it('that brings a known line with another amount is refused: a correction is never swallowed', async () => {
    const line = { number: '1', total: '200', lineTotal: '200' };
    await as().importLedes({ file: fileOf(ledes(line)) });
    const corrected = { number: '1', total: '300', units: '3', lineTotal: '300' };
    expect((await refusalOf(as().importLedes({ file: fileOf(ledes(corrected)) }))).fields).toEqual([
      'line 3 LINE_ITEM_TOTAL',
    ]);
    expect((await recordedRows()).map((row) => row.amount_minor)).toEqual(['20000']);
  });

  it('of one tenant names nothing that another tenant knows', async () => {
    const stranger = aCaller({ role: Role.BILLING_MANAGER, tenantId: (await aFirm(system)).tenantId });
    const refusal = await refusalOf(as(stranger).importLedes({ file: fileOf(ledes(...golden)) }));
    expect(refusal.reason).toBe('LEDES_REFUSED');
    const paralegal = await refusalOf(as(firm.asParalegal).importLedes({ file: fileOf(ledes(...golden)) }));
    expect(paralegal.reason).toBe('ROLE_NOT_ALLOWED');
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['noise', Buffer.from([0, 255, 254, 10, 13, 10, 0])],
    ['other text', Buffer.from('Dear all,\nplease find enclosed\n')],
  ])('of %s is refused, not a fault', async (_name, data) => {
    const refusal = await refusalOf(as().importLedes({ file: { contentType: '', data, extensions: [] } }));
    expect(refusal.reason).toBe('LEDES_REFUSED');
  });

  it('of thousands of bad lines is refused with a hundred of them', async () => {
    const lines = Array.from({ length: 3000 }, (_, at) => ({
      number: `${at}`,
      matter: 'M-0',
      total: '600000',
      lineTotal: '200',
    }));
    const refusal = await refusalOf(as().importLedes({ file: fileOf(ledes(...lines)) }));
    expect(refusal.fields.length).toBe(100);
    expect(refusal.message).toContain('2900 more');
  });
});

describe('a CSV file', () => {
  const csv = (...rows: string[]) => `${[CSV_COLUMNS.join(), ...rows].join('\n')}\n`;
  const time = 'time,ACME,M-1,PL1,2026-03-01,7,L120,A102,,,,"Draft motion, compel"';
  const overhead = 'time,ACME,M-1,VA1,2026-03-01,30,,,,,,File exhibits';
  const expense = 'expense,ACME,M-1,,2026-03-01,,,,E101,25,0.10,Copies of exhibits';

  it('becomes time and expenses by the rules of recording them', async () => {
    const result = await as().importCsv({ file: fileOf(csv(time, overhead, expense)) });
    expect([result.recordedLines, result.knownLines, result.groups.length]).toEqual([3, 0, 1]);
    const [group] = result.groups;
    expect(group).toMatchObject({ sourceInvoiceNumber: '', clientId: firm.client.id, matterIds: [firm.matter.id] });
    expect([group?.timeEntryIds.length, group?.expenseIds.length]).toEqual([2, 1]);
    expect(group?.total).toEqual({ amountMinor: 2_250n, currencyCode: 'USD' });
    const entries = system.client(TimeEntriesServiceService, firm.billingManager);
    const overheadEntry = await entries.getTimeEntry({ timeEntryId: group?.timeEntryIds[1] ?? '' });
    expect(overheadEntry).toMatchObject({ billable: false, hours: '0.5' });
  });

  it('records nothing the second time, nor three times at once, nor in a dry run', async () => {
    const file = fileOf(csv(time, expense));
    expect((await as().importCsv({ file, dryRun: true })).recordedLines).toBe(2);
    expect(await recordedRows()).toEqual([]);
    const results = await Promise.all([1, 2, 3].map(() => as().importCsv({ file })));
    expect(results.reduce((sum, result) => sum + result.recordedLines, 0)).toBe(2);
    const again = await as().importCsv({ file });
    expect([again.recordedLines, again.knownLines]).toEqual([0, 2]);
    expect(again.groups).toEqual(results[0]?.groups);
    expect((await recordedRows()).length).toBe(2);
  });

  it.each([
    ['an unknown kind', 'work,ACME,M-1,PL1,2026-03-01,7,,,,,,x', 'kind'],
    ['an unknown client', 'time,NOBODY,M-1,PL1,2026-03-01,7,,,,,,x', 'client'],
    ['an unknown matter', 'time,ACME,M-0,PL1,2026-03-01,7,,,,,,x', 'matter'],
    ['an unknown timekeeper', 'time,ACME,M-1,PL0,2026-03-01,7,,,,,,x', 'timekeeper'],
    ['no existing day', 'time,ACME,M-1,PL1,2026-02-29,7,,,,,,x', 'date'],
    ['a day in the future', 'time,ACME,M-1,PL1,2026-03-09,7,,,,,,x', 'date'],
    ['a day without an agreement', 'time,ACME,M-1,PL1,2025-03-09,7,,,,,,x', 'matter'],
    ['no minutes', 'time,ACME,M-1,PL1,2026-03-01,0,,,,,,x', 'minutes'],
    ['half a minute', 'time,ACME,M-1,PL1,2026-03-01,1.5,,,,,,x', 'minutes'],
    ['more minutes than a day has', 'time,ACME,M-1,PL1,2026-03-01,1441,,,,,,x', 'minutes'],
    ['an unknown task', 'time,ACME,M-1,PL1,2026-03-01,7,L999,,,,,x', 'task'],
    ['an unknown activity', 'time,ACME,M-1,PL1,2026-03-01,7,,A999,,,,x', 'activity'],
    ['no narrative', 'time,ACME,M-1,PL1,2026-03-01,7,,,,,,', 'narrative'],
    ['units on time', 'time,ACME,M-1,PL1,2026-03-01,7,,,,3,,x', 'units'],
    ['minutes on an expense', 'expense,ACME,M-1,,2026-03-01,5,,,E101,1,1,x', 'minutes'],
    ['an unknown expense code', 'expense,ACME,M-1,,2026-03-01,,,,E999,1,1,x', 'expense'],
    ['no units', 'expense,ACME,M-1,,2026-03-01,,,,E101,0,1,x', 'units'],
    ['a negative unit cost', 'expense,ACME,M-1,,2026-03-01,,,,E101,1,-1,x', 'unit_cost'],
    ['a unit cost that is no number', 'expense,ACME,M-1,,2026-03-01,,,,E101,1,$1,x', 'unit_cost'],
  ])('with %s in one row records none of them, naming line and column', async (_name, bad, column) => {
    const refusal = await refusalOf(as().importCsv({ file: fileOf(csv(time, bad, expense)) }));
    expect(refusal).toMatchObject({ kind: 'invalid', reason: 'CSV_REFUSED', fields: [`line 3 ${column}`] });
    expect(await recordedRows()).toEqual([]);
  });

  it('in two currencies is refused, since it has no one total', async () => {
    const matter = await aMatter(system, firm.client, firm.tenantId, { code: 'M-2' });
    await anAgreement(system, { ...firm, matter }, { currencyCode: 'EUR' });
    const refusal = await refusalOf(as().importCsv({ file: fileOf(csv(time, time.replace('M-1', 'M-2'))) }));
    expect(refusal.fields).toEqual(['line 3 matter']);
  });

  it('that is not UTF-8 is refused, naming the byte', async () => {
    const data = Buffer.concat([Buffer.from(csv(time)), Buffer.from([0xff])]);
    const refusal = await refusalOf(as().importCsv({ file: { contentType: '', data, extensions: [] } }));
    expect(refusal).toMatchObject({ reason: 'NOT_UTF8', fields: ['file.data'] });
    expect(refusal.message).toContain(`byte ${data.length - 1} `);
  });
});
