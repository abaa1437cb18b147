import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { JournalFormat, LedgerServiceService } from '@paradesk/contracts/paradesk/billing/v1/ledger';
import { PaymentsServiceService } from '@paradesk/contracts/paradesk/billing/v1/payments';
import { ServiceUnderTest } from '@paradesk/testing';
import { billing } from '../src/billing.module.js';
import { anAdjustment, anExpense, anIssuedInvoice, someTime, workday } from './billed-work.js';
import { aFirm, anAgreement, refusalOf, type Firm } from './builders.js';

let system: ServiceUnderTest;
let firm: Firm;
let number: string;

// The clock of the tests stands at 2026-03-02.
beforeAll(async () => {
  system = await ServiceUnderTest.start(billing);
  firm = await aFirm(system);
  await anAgreement(system, firm);
  await someTime(system, firm);
  await anExpense(system, firm, '100', '1');
  await anAdjustment(system, firm, -2_500n);
  ({ number } = await anIssuedInvoice(system, firm));
  const payments = system.client(PaymentsServiceService, firm.billingManager);
  const of = { clientId: firm.client.id, receivedOn: workday };
  const usd = (amountMinor: bigint) => ({ amountMinor, currencyCode: 'USD' });
  await payments.recordPayment({ ...of, amount: usd(20_000n), reference: 'WIRE; 1 | "x"\nfirst', oldestFirst: true });
  const yen = { amountMinor: 500n, currencyCode: 'JPY' };
  const { id } = await payments.recordPayment({ ...of, amount: yen, reference: '=1+1' });
  await payments.chargeBackPayment({ paymentId: id, chargedBackOn: workday, reason: 'No funds' });
});
afterAll(() => system.stop());

const march = { from: { year: 2026, month: 3, day: 1 }, to: { year: 2026, month: 3, day: 31 } };

async function journal(request: object = {}, caller = firm.billingManager): Promise<{ type: string; text: string }> {
  const parts: string[] = [];
  let type = '';
  const stream = system.client(LedgerServiceService, caller).downloadJournal({ ...march, ...request });
  for await (const { contentType, data } of stream) {
    type ||= contentType;
    parts.push(data.toString());
  }
  return { type, text: parts.join('') };
}

/** Reads what the writer may write and nothing else, so that a line of another form fails. */
function read(
  text: string,
): { day: string; told: string; lines: { account: string; amount: number; currency: string }[] }[] {
  const [head, ...entries] = text.split('\n\n');
  expect(head).toMatch(/^; [^\n]+\n?$/);
  return entries.map((entry) => {
    const [first, ...lines] = entry.trimEnd().split('\n');
    const [, day, told] = /^(\d{4}-\d\d-\d\d) ([^;|]+)  ; posting:[0-9a-f-]{36}$/.exec(first!)!;
    const read = lines.map((line) => {
      const [, account, amount, currency] = /^ {4}([a-z]+(?:[ :][\w.-]+)+)  (-?[\d.]+) ([A-Z]{3})$/.exec(line)!;
      return { account: account!, amount: Number(amount), currency: currency! };
    });
    return { day: day!, told: told!, lines: read };
  });
}

describe('the journal', () => {
  it('tells each posting by its day, balanced, and comes to what the trial balance says', async () => {
    const { type, text } = await journal();
    expect(type).toBe('text/plain; charset=utf-8');
    const entries = read(text);
    expect(new Set(entries.map(({ day }) => day))).toEqual(new Set(['2026-03-02']));
    // The clock stands still, so that one day's postings are in no order here.
    expect(entries.map(({ told }) => told).toSorted()).toEqual([
      `invoice issued, ${number}`,
      `payment allocated, ${number}, WIRE 1 "x" first`,
      'payment charged back, =1+1',
      'payment received, =1+1',
      'payment received, WIRE 1 "x" first',
    ]);
    const sums = new Map<string, number>();
    for (const { lines } of entries) {
      for (const currency of new Set(lines.map((line) => line.currency))) {
        const own = lines.filter((line) => line.currency === currency);
        expect(Math.round(own.reduce((sum, { amount }) => sum + amount * 100, 0))).toBe(0);
      }
      for (const { account, amount, currency } of lines) {
        const key = `${account.split(':')[1]} ${currency}`;
        sums.set(key, Math.round(((sums.get(key) ?? 0) + amount) * 100) / 100);
      }
    }
    expect(Object.fromEntries(sums)).toEqual({
      'receivables USD': 0,
      'fees USD': -75,
      'recovered expenses USD': -100,
      'bank USD': 200,
      'unapplied payments USD': -25,
      'bank JPY': 0,
      'unapplied payments JPY': 0,
    });
  });

  it('is CSV where that is asked for, with nothing that a spreadsheet would compute', async () => {
    const { type, text } = await journal({ format: JournalFormat.CSV });
    expect(type).toBe('text/csv; charset=utf-8');
    const [head, ...lines] = text.trimEnd().split('\r\n');
    expect(head).toBe('"Day","Posting","Kind","Invoice","Reference","Account","Client","Currency","Amount"');
    expect(lines.filter((line) => line.includes(`"'=1+1"`))).toHaveLength(4);
    expect(lines.filter((line) => line.endsWith('"JPY","-500"'))).toHaveLength(2);
  });

  it('has the days of its period only, and its first and last', async () => {
    const day = (on: number) => ({ year: 2026, month: 3, day: on });
    expect(read((await journal({ from: day(2), to: day(2) })).text)).toHaveLength(5);
    for (const on of [1, 3]) expect(read((await journal({ from: day(on), to: day(on) })).text)).toEqual([]);
    const refusal = await refusalOf(journal({ from: day(3), to: day(2) }));
    expect([refusal.kind, refusal.reason]).toEqual(['invalid', 'LAST_DAY_BEFORE_FIRST']);
  });

  it('of another tenant is empty', async () => {
    const stranger = await aFirm(system);
    expect(read((await journal({}, stranger.billingManager)).text)).toEqual([]);
  });
});
