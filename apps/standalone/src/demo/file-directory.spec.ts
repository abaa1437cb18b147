import { describe, expect, it } from '@jest/globals';
import { Temporal } from 'temporal-polyfill';
import { directoryOf, periodOf, type LedesFile, type LedesInvoice, type LedesLine } from './file-directory.js';

const day = (date: string) => Temporal.PlainDate.from(date);

function aLine(line: Partial<LedesLine> = {}): LedesLine {
  return {
    fileLine: 3,
    number: '1',
    type: 'F',
    clientId: 'C1',
    lawFirmMatterId: 'M1',
    clientMatterId: 'CM1',
    date: day('2026-09-10'),
    unitsE4: 10_000n,
    unitCostE4: 1_450_000n,
    adjustmentE4: 0n,
    totalE4: 1_450_000n,
    taxE4: 0n,
    taskCode: 'L110',
    activityCode: 'A103',
    expenseCode: '',
    timekeeperId: 'T1',
    timekeeperName: 'Nair, Priya',
    timekeeperClassification: 'PARALG',
    description: 'work',
    ...line,
  };
}

function anInvoice(lines: readonly LedesLine[]): LedesInvoice {
  return {
    number: '1',
    date: day('2026-09-30'),
    billingStart: day('2026-09-01'),
    billingEnd: day('2026-09-30'),
    lawFirmId: '94-3100001',
    description: '',
    totalE4: lines.reduce((sum, line) => sum + line.totalE4, 0n),
    lines,
  };
}

function aFile(...lines: LedesLine[]): LedesFile {
  return { invoices: [anInvoice(lines)] };
}

describe('the directory of a file', () => {
  it('has each client, matter and timekeeper once, in the order of their first lines', () => {
    const file = aFile(
      aLine({ clientId: 'B' }),
      aLine({ clientId: 'A', timekeeperId: 'T2' }),
      aLine({ clientId: 'B', lawFirmMatterId: 'M2' }),
    );
    const { clientCodes, matters, timekeepers } = directoryOf(file);
    expect(clientCodes).toEqual(['B', 'A']);
    expect(matters.map(({ clientCode, code }) => `${clientCode} ${code}`)).toEqual(['B M1', 'A M1', 'B M2']);
    expect(timekeepers.map(({ code }) => code)).toEqual(['T1', 'T2']);
  });

  it('begins a matter on the day of its earliest line, whatever the order of the lines is', () => {
    const file = aFile(aLine(), aLine({ date: day('2026-09-02') }), aLine({ date: day('2026-09-20') }));
    expect(directoryOf(file).matters[0]?.firstDay.toString()).toBe('2026-09-02');
  });

  it.each([
    { name: 'the only rate', rates: [135n], agreed: 135n },
    { name: 'the most frequent rate, not the first', rates: [150n, 135n, 135n], agreed: 135n },
    { name: 'the first of two that are as frequent', rates: [150n, 135n], agreed: 150n },
  ])('agrees on $name', ({ rates, agreed }) => {
    const file = aFile(...rates.map((rate) => aLine({ unitCostE4: rate * 10_000n })));
    expect(directoryOf(file).matters[0]?.ratesE4.get('T1')).toBe(agreed * 10_000n);
  });

  it('takes no timekeeper and no rate from expenses and adjustments', () => {
    const file = aFile(aLine({ type: 'E', timekeeperId: 'X' }), aLine({ type: 'IF', timekeeperId: 'FLAT' }));
    expect(directoryOf(file).timekeepers).toEqual([]);
    expect(directoryOf(file).matters[0]?.ratesE4.size).toBe(0);
  });

  it.each([
    { name: 'Last, First', written: 'Nair, Priya', lastName: 'Nair', firstName: 'Priya' },
    { name: 'a suffix', written: 'Beaster, John, Sr.', lastName: 'Beaster', firstName: 'John, Sr.' },
    { name: 'no name at all', written: '', lastName: 'T1', firstName: 'Timekeeper' },
  ])('reads the name of a timekeeper: $name', ({ written, lastName, firstName }) => {
    const [timekeeper] = directoryOf(aFile(aLine({ timekeeperName: written }))).timekeepers;
    expect([timekeeper?.lastName, timekeeper?.firstName]).toEqual([lastName, firstName]);
  });
});

describe('the period of an invoice', () => {
  it.each([
    { name: 'is its billing period', date: '2026-09-10', period: ['2026-09-01', '2026-09-30'] },
    { name: 'reaches back to a line of an earlier period', date: '2026-08-30', period: ['2026-08-30', '2026-09-30'] },
    { name: 'reaches on to a line of a later period', date: '2026-10-02', period: ['2026-09-01', '2026-10-02'] },
  ])('$name', ({ date, period }) => {
    const { first, last } = periodOf(anInvoice([aLine({ date: day(date) })]));
    expect([first.toString(), last.toString()]).toEqual(period);
  });
});
