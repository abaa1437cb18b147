import { describe, expect, it } from '@jest/globals';
import { DomainError, Money, roundHalfUp } from '@paradesk/kernel';
import fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';
import { writeLedes1998b, type LedesInvoiceToWrite, type LedesLineToWrite } from './ledes-1998b-writer.js';
import { readLedes1998b } from './ledes-reader.js';

const day = (text: string) => Temporal.PlainDate.from(text);

function aLine(line: Partial<LedesLineToWrite> = {}): LedesLineToWrite {
  return {
    type: 'F',
    date: day('2026-01-06'),
    lawFirmMatterId: '0042',
    clientMatterId: 'H-9001',
    units: '1.5',
    unitCost: '150',
    amount: Money.of(22500n, 'USD'),
    taskCode: 'L320',
    activityCode: 'A104',
    timekeeper: { id: 'MK', name: 'Kovac, Mira', classification: 'PARALG' },
    description: 'Review production',
    ...line,
  };
}

function anInvoice(invoice: Partial<LedesInvoiceToWrite> = {}): LedesInvoiceToWrite {
  return {
    number: '2026017',
    date: day('2026-02-05'),
    clientId: 'HALE',
    lawFirmId: '99-1234567',
    billingStart: day('2026-01-01'),
    billingEnd: day('2026-01-31'),
    description: 'Discovery support',
    lines: [aLine()],
    ...invoice,
  };
}

function written(line: Partial<LedesLineToWrite>, invoice: Partial<LedesInvoiceToWrite> = {}): string[] {
  const [, , content = ''] = writeLedes1998b([anInvoice({ ...invoice, lines: [aLine(line)] })]).split('\r\n');
  return content.split('|');
}

function refusal(write: () => unknown): DomainError {
  try {
    write();
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('a written LEDES 1998B file', () => {
  it('has the exact two first lines, 24 columns and CRLF after every line', () => {
    const lines = writeLedes1998b([anInvoice()]).split('\r\n');
    expect(lines[0]).toBe('LEDES1998B[]');
    expect(lines[2]).toBe(
      '20260205|2026017|HALE|0042|225.00|20260101|20260131|Discovery support|1|F|1.5|0.00|225.00|20260106|L320||A104|MK|Review production|99-1234567|150|Kovac, Mira|PARALG|H-9001[]',
    );
    expect(lines.slice(3)).toEqual(['']);
  });

  it('carries an adjustment of the invoice as one unit without a price', () => {
    const values = written({ type: 'IF', amount: Money.of(-4906n, 'USD'), units: '3', timekeeper: undefined });
    expect([values[9], values[10], values[11], values[12], values[20]]).toEqual(['IF', '1', '-49.06', '-49.06', '']);
  });

  it.each([
    { name: 'accents', description: 'Pr\u00e9cis for Ms. Dvo\u0159\u00e1k', becomes: 'Precis for Ms. Dvorak' },
    {
      name: 'quotes and dashes',
      description: '\u201cClient\u2019s\u201d memo \u2013 draft',
      becomes: '"Client\'s" memo - draft',
    },
    { name: 'legal signs', description: '28 U.S.C. \u00a7 1782', becomes: '28 U.S.C. Sec. 1782' },
    { name: 'other scripts', description: 'Call with \u674e', becomes: 'Call with ?' },
    { name: 'a pair of code units', description: 'Done \ud83d\ude00', becomes: 'Done ?' },
    { name: 'line breaks', description: 'First\r\nsecond\u2028third', becomes: 'First second third' },
    { name: 'delimiters', description: 'a|b [] c [[]] \uff5cd', becomes: 'a b   c [ ]  d' },
    { name: 'a bracket pair behind an accent', description: '[\u0301]', becomes: '' },
    { name: '1,023 characters', description: 'x'.repeat(1023), becomes: 'x'.repeat(1023) },
    { name: '1,024 characters', description: 'x'.repeat(1024), becomes: `${'x'.repeat(1020)}...` },
  ])('fits a description with $name', ({ description, becomes }) => {
    expect(written({ description })[18]).toBe(becomes);
  });

  it('cuts the description of the invoice to what every vendor takes, and a name to 30 characters', () => {
    const timekeeper = { id: 'MK', name: `Kovac, ${'Mira '.repeat(9)}`, classification: 'PARALG' };
    const values = written({ timekeeper }, { description: 'y'.repeat(3000) });
    expect(values[7]).toBe(`${'y'.repeat(1997)}...`);
    expect(values[21]).toHaveLength(30);
  });

  it('writes currencies without and with three decimals', () => {
    expect(written({ units: '0.3333', unitCost: '10000', amount: Money.of(3333n, 'JPY') })[12]).toBe('3333');
    expect(written({ units: '1', unitCost: '1.2345', amount: Money.of(1235n, 'KWD') })[12]).toBe('1.235');
  });

  it.each([
    { name: 'an invoice number with a hyphen', invoice: { number: '2026-017' }, reason: 'LEDES_INVOICE_NUMBER' },
    { name: 'an invoice number of 21 characters', invoice: { number: '1'.repeat(21) }, reason: 'LEDES_INVOICE_NUMBER' },
    { name: 'an invoice without lines', invoice: { lines: [] }, reason: 'LEDES_NO_LINES' },
    { name: 'a code outside ASCII', invoice: { clientId: 'H\u00c5LE' }, reason: 'LEDES_CODE_UNWRITABLE' },
    { name: 'a code with a delimiter', line: { lawFirmMatterId: '00|42' }, reason: 'LEDES_CODE_UNWRITABLE' },
    { name: 'units that are no number', line: { units: '1,5' }, reason: 'NOT_A_DECIMAL' },
    {
      name: 'an adjustment in another currency',
      line: { adjustment: Money.of(1n, 'EUR') },
      reason: 'CURRENCY_MISMATCH',
    },
    { name: 'an amount that is not units times cost', line: { units: '1.4' }, reason: 'LEDES_REFUSED', rule: 'V06' },
    { name: 'a fee without a timekeeper', line: { timekeeper: undefined }, reason: 'LEDES_REFUSED', rule: 'V05' },
    { name: 'an unknown task code', line: { taskCode: 'L999' }, reason: 'LEDES_REFUSED', rule: 'V18' },
    { name: 'no client matter', line: { clientMatterId: '' }, reason: 'LEDES_REFUSED', rule: 'V15' },
    { name: 'a day outside the period', line: { date: day('2026-02-01') }, reason: 'LEDES_REFUSED', rule: 'V10' },
    { name: 'the word NULL as a narrative', line: { description: 'null' }, reason: 'LEDES_REFUSED', rule: 'V16' },
  ])('is refused for $name', ({ invoice = {}, line = {}, reason, rule = '' }) => {
    const error = refusal(() => writeLedes1998b([anInvoice({ lines: [aLine(line)], ...invoice })]));
    expect(error.reason).toBe(reason);
    expect(error.violations[0]?.description ?? '').toContain(rule);
  });

  it('is refused for no invoices, for two currencies, and for one number twice', () => {
    const euros = anInvoice({ number: '2', lines: [aLine({ amount: Money.of(22500n, 'EUR') })] });
    expect(refusal(() => writeLedes1998b([])).reason).toBe('LEDES_NO_LINES');
    expect(refusal(() => writeLedes1998b([anInvoice(), euros])).reason).toBe('CURRENCY_MISMATCH');
    expect(refusal(() => writeLedes1998b([anInvoice(), anInvoice()])).reason).toBe('LEDES_REFUSED');
  });
});

const descriptions = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ unit: fc.constantFrom('|', '[', ']', '\n', '\u0301', 'x', '"'), maxLength: 60 }),
  fc.string({ minLength: 900, maxLength: 1300 }),
);

const names = fc.string({ unit: fc.constantFrom('a', 'Z', '-', ' ', '.', "'", '\u00e9', '|', '\n'), maxLength: 8 });

const charges = fc
  .record({
    type: fc.constantFrom('F' as const, 'E' as const),
    unitsE4: fc.bigInt({ min: 1n, max: 9_999_999n }),
    unitCostE4: fc.bigInt({ min: 0n, max: 9_999_999n }),
    adjustmentMinor: fc.bigInt({ min: -100_000n, max: 100_000n }),
    description: descriptions,
    lastName: names,
    firstName: names,
  })
  .map(({ type, unitsE4, unitCostE4, adjustmentMinor, description, lastName, firstName }) => {
    const isFee = type === 'F';
    const adjustment = Money.of(adjustmentMinor, 'USD');
    return aLine({
      type,
      units: e4(unitsE4),
      unitCost: e4(unitCostE4),
      adjustment,
      amount: Money.of(roundHalfUp(unitsE4 * unitCostE4, 1_000_000n), 'USD').plus(adjustment),
      taskCode: isFee ? 'L320' : undefined,
      activityCode: isFee ? 'A104' : undefined,
      expenseCode: isFee ? undefined : 'E101',
      timekeeper: isFee ? { id: 'MK', name: `K${lastName}, M${firstName}`, classification: 'PARALG' } : undefined,
      description,
    });
  });

const adjustments = fc
  .record({
    type: fc.constantFrom('IF' as const, 'IE' as const),
    amount: fc.bigInt({ min: -9_999_999n, max: 9_999_999n }),
  })
  .map(({ type, amount }) =>
    aLine({
      type,
      amount: Money.of(amount, 'USD'),
      taskCode: undefined,
      activityCode: undefined,
      timekeeper: undefined,
    }),
  );

function e4(value: bigint): string {
  return `${value / 10_000n}.${`${value % 10_000n}`.padStart(4, '0')}`;
}

describe('whatever invoices are written', () => {
  it('are accepted when read, with the same totals, line by line', () => {
    const lines = fc.array(fc.oneof(charges, adjustments), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(fc.array(fc.tuple(lines, descriptions), { minLength: 1, maxLength: 3 }), (invoices) => {
        const toWrite = invoices.map(([some, description], at) =>
          anInvoice({ number: `${at}`, lines: some, description }),
        );
        const text = writeLedes1998b(toWrite);
        expect(text).toMatch(/^[\x20-\x7e\r\n]*$/);
        const { file } = readLedes1998b(Buffer.from(text, 'latin1'), { fileName: '2026017.txt' });
        const totals = file?.invoices.map(({ totalE4, lines: read }) => [totalE4, ...read.map((line) => line.totalE4)]);
        const expected = toWrite.map((invoice) => {
          const amounts = invoice.lines.map(({ amount }) => amount.amountMinor * 100n);
          return [amounts.reduce((sum, amount) => sum + amount, 0n), ...amounts];
        });
        expect(totals).toEqual(expected);
      }),
      // Shrinking such long descriptions takes minutes; the failing case is named as it was drawn.
      { endOnFailure: true },
    );
  });
});
