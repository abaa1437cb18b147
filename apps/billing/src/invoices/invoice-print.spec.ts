import { describe, expect, it } from '@jest/globals';
import { newId } from '@paradesk/kernel';
import { Temporal } from 'temporal-polyfill';
import { Client } from '../clients/client.entity.js';
import { readLedes1998b } from '../ledes/ledes-reader.js';
import { writeLedes1998b } from '../ledes/ledes-1998b-writer.js';
import { Matter } from '../matters/matter.entity.js';
import { Person } from '../people/person.entity.js';
import { Tenant } from '../tenants/tenant.entity.js';
import type { InvoiceContent } from './invoice-content.js';
import { toLedes } from './invoice-ledes.js';
import { toPrint } from './invoice-print.js';
import { InvoiceLine } from './invoice-line.entity.js';
import { Invoice } from './invoice.entity.js';

const day = (text: string) => Temporal.PlainDate.from(text);
const tenantId = newId(1);
const [clientId, matterId, personId] = [newId(2), newId(3), newId(4)];

function aLine(fields: Partial<InvoiceLine>): InvoiceLine {
  const codes = { taskCode: '', activityCode: '', expenseCode: '' };
  const own = { tenantId, id: newId(6), matterId, date: day('2026-03-05'), narrative: 'Review production', ...codes };
  return Object.assign(new InvoiceLine(), { ...own, personId: null, adjustmentMinor: 0n, live: true, ...fields });
}

const aFee = { kind: 'fee', personId, taskCode: 'L320', activityCode: 'A104' } as const;
const lines = [
  aLine({ ...aFee, units: 15_000n, unitCost: 1_333_700n, amountMinor: 20_006n }),
  aLine({ ...aFee, units: 3_000n, unitCost: 1_333_700n, adjustmentMinor: -1n, amountMinor: 4_000n }),
  aLine({
    kind: 'expense',
    expenseCode: 'E101',
    units: 250_000n,
    unitCost: 1_275n,
    adjustmentMinor: 50n,
    amountMinor: 369n,
  }),
  aLine({ kind: 'fee_adjustment', narrative: 'Courtesy discount', units: null, unitCost: null, amountMinor: -1_000n }),
];

function someContent(currency = 'USD'): InvoiceContent {
  const period = { billingStart: day('2026-03-01'), billingEnd: day('2026-03-31') };
  const draftedAt = Temporal.Instant.from('2026-04-01T00:00:00Z');
  const invoice = Invoice.draft({ tenantId, id: newId(7), clientId, currency, ...period, draftedAt }, lines);
  invoice.approve();
  const issue = { number: 'INV-2026-00007', issuedOn: day('2026-04-02'), dueOn: day('2026-05-02') };
  invoice.issue(issue);
  const letterhead = { name: 'Paralegals Inc', taxId: '24-6437381', email: 'office@paralegals.test', addressLines: [] };
  const names = { firstName: 'Mira', lastName: 'Kovac', timekeeperCode: 'MK', timekeeperClassification: 'PARALG' };
  return {
    invoice,
    issue,
    tenant: Object.assign(new Tenant(), { tenantId, timeZone: 'America/New_York', ...letterhead }),
    client: Object.assign(new Client(), { tenantId, id: clientId, code: 'HALE', name: 'Hale LLP', addressLines: [] }),
    matters: [
      Object.assign(new Matter(), { id: matterId, code: '0042', clientMatterCode: 'H-9001', name: 'Roe v. Doe' }),
    ],
    people: [Object.assign(new Person(), { id: personId, ...names })],
  };
}

describe('an invoice in print', () => {
  it('shows hours, rates and amounts as they are stored, and says what was adjusted', () => {
    const [matter] = toPrint(someContent()).matters;
    expect(
      matter?.fees.map(({ hours, rate, amount, adjustment }) => [hours, rate, amount, adjustment?.amount]),
    ).toEqual([
      ['1.50', '133.37', '200.06', undefined],
      ['0.30', '133.37', '40.00', '-0.01'],
    ]);
    expect(matter?.expenses).toMatchObject([
      { quantity: '25', unitCost: '0.1275', amount: '3.69', description: 'Review production (Premium 0.50)' },
    ]);
    expect(matter?.adjustments).toEqual([{ description: 'Courtesy discount', amount: '-10.00' }]);
    expect(matter?.totals).toEqual({
      hours: '1.80',
      fees: '240.06',
      expenses: '3.69',
      adjustments: '-10.00',
      total: '233.75',
    });
  });

  it('sums up by timekeeper and rate, and states terms and totals', () => {
    const print = toPrint(someContent());
    expect(print.timekeepers).toEqual([
      { name: 'Mira Kovac', classification: 'PARALG', hours: '1.80', rate: '133.37', amount: '240.06' },
    ]);
    expect(print.totals).toMatchObject({ total: '233.75', paid: '0.00', balance: '233.75' });
    expect([print.terms, print.createdAt.toString()]).toEqual(['Net 30', '2026-04-02T04:00:00Z']);
  });

  it('is the same when somebody has paid in the meantime', () => {
    const content = someContent();
    const before = toPrint(content);
    content.invoice.receive(content.invoice.money(100n));
    expect(toPrint(content)).toEqual(before);
  });

  it('has no decimals in a currency without any, but those of the unit cost', () => {
    const [matter] = toPrint(someContent('JPY')).matters;
    expect(matter?.fees[0]).toMatchObject({ rate: '133.37', amount: '20006' });
    expect(matter?.totals.total).toBe('23375');
  });
});

describe('an invoice as LEDES', () => {
  it('is a file that a vendor takes, with the total of the print', () => {
    const { file } = readLedes1998b(Buffer.from(writeLedes1998b([toLedes(someContent())]), 'latin1'));
    expect(file?.invoices).toMatchObject([{ number: 'INV202600007', lawFirmId: '24-6437381', totalE4: 2_337_500n }]);
    expect(
      file?.invoices[0]?.lines.map(({ type, timekeeperName, totalE4 }) => [type, timekeeperName, totalE4]),
    ).toEqual([
      ['F', 'Kovac, Mira', 2_000_600n],
      ['F', 'Kovac, Mira', 400_000n],
      ['E', '', 36_900n],
      ['IF', '', -100_000n],
    ]);
  });
});
