import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AdjustmentKind, AdjustmentsServiceService } from '@paradesk/contracts/paradesk/billing/v1/adjustments';
import { ExpensesServiceService } from '@paradesk/contracts/paradesk/billing/v1/expenses';
import { InvoicesServiceService } from '@paradesk/contracts/paradesk/billing/v1/invoices';
import { TimeEntriesServiceService } from '@paradesk/contracts/paradesk/billing/v1/time_entries';
import { Database, findIsolationFaults } from '@paradesk/platform';
import { newId } from '@paradesk/kernel';
import { ServiceUnderTest } from '@paradesk/testing';
import { Temporal } from 'temporal-polyfill';
import { billing } from '../src/billing.module.js';
import { BillableWorkService, type WorkInProgress } from '../src/billable-work/billable-work.service.js';
import { aFirm, anAgreement, type Firm } from './builders.js';

let system: ServiceUnderTest;

beforeAll(async () => {
  system = await ServiceUnderTest.start(billing);
});
afterAll(() => system.stop());

const february = (day: number) => ({ year: 2026, month: 2, day });

/** Work of every kind, approved but for one entry: their ids by what they are. */
async function someWork(firm: Firm) {
  const [entries, expenses, adjustments] = [
    system.client(TimeEntriesServiceService, firm.billingManager),
    system.client(ExpensesServiceService, firm.billingManager),
    system.client(AdjustmentsServiceService, firm.billingManager),
  ];
  const worked = { matterId: firm.matter.id, personId: firm.paralegal.id, minutes: 60, narrative: 'Draft motion' };
  const record = async (day: number, personId = firm.paralegal.id) => {
    system.clock.advance({ seconds: 1 });
    return (await entries.recordTime({ ...worked, personId, workedOn: february(day) })).id;
  };
  const [late, early, overhead, outside, unapproved] = [
    await record(20),
    await record(10),
    await record(10, firm.assistant.id),
    await record(27),
    await record(11),
  ];
  await entries.approveTimeEntries({ timeEntryIds: [late, early, overhead, outside] });
  const copies = { expenseCode: 'E101', units: '3', unitCost: '0.5', narrative: 'Copies' };
  const expense = (await expenses.recordExpense({ matterId: firm.matter.id, incurredOn: february(10), ...copies })).id;
  await expenses.approveExpenses({ expenseIds: [expense] });
  const discount = {
    kind: AdjustmentKind.FEE,
    amount: { amountMinor: -500n, currencyCode: 'USD' },
    narrative: 'Discount',
  };
  const matterId = firm.matter.id;
  const adjustment = (await adjustments.recordAdjustment({ matterId, appliesOn: february(20), ...discount })).id;
  await adjustments.approveAdjustments({ adjustmentIds: [adjustment] });
  return { late, early, overhead, outside, unapproved, expense, adjustment };
}

function wip(firm: Firm, overrides: Partial<WorkInProgress> = {}) {
  const period = { from: Temporal.PlainDate.from('2026-02-01'), to: Temporal.PlainDate.from('2026-02-26') };
  const wanted = { clientId: firm.client.id, ...period, matterIds: [], entryIds: [], ...overrides };
  const work = system.running.app.get(BillableWorkService, { strict: false });
  return system.running.app.get(Database).transaction({ tenantId: firm.tenantId }, (tx) => work.approved(tx, wanted));
}

describe('work in progress', () => {
  it('is what is approved, billable and of the period, by date and then as recorded', async () => {
    const firm = await aFirm(system);
    await anAgreement(system, firm);
    const ids = await someWork(firm);
    const items = await wip(firm);
    expect(items.map((item) => item.entryId)).toEqual([ids.early, ids.expense, ids.late, ids.adjustment]);
    expect(items.map((item) => [item.kind, item.amountMinor])).toEqual([
      ['fee', 10_000n],
      ['expense', 150n],
      ['fee', 10_000n],
      ['fee_adjustment', -500n],
    ]);
    expect((await wip(firm, { entryIds: [ids.late, ids.outside] })).map((item) => item.entryId)).toEqual([ids.late]);
    expect(await wip(firm, { matterIds: [newId(1)] })).toEqual([]);
    expect(await wip(firm, { clientId: newId(1) })).toEqual([]);
  });

  it('is what no live invoice holds: drafted work is gone, and back when the draft is discarded', async () => {
    const firm = await aFirm(system);
    await anAgreement(system, firm);
    await someWork(firm);
    const invoices = system.client(InvoicesServiceService, firm.billingManager);
    const period = { billingStart: february(1), billingEnd: february(26) };
    const invoice = await invoices.draftInvoice({ clientId: firm.client.id, ...period });
    expect(invoice.total?.amountMinor).toBe(19_650n);
    expect(await wip(firm)).toEqual([]);
    await invoices.discardInvoice({ invoiceId: invoice.id });
    expect((await wip(firm)).length).toBe(4);
  });

  it('is billed once: what is not approved any more cannot be marked again', async () => {
    const firm = await aFirm(system);
    await anAgreement(system, firm);
    const ids = await someWork(firm);
    const work = system.running.app.get(BillableWorkService, { strict: false });
    const bill = (invoiceId: string) =>
      system.running.app.get(Database).transaction(firm, (tx) => work.markBilled(tx, [invoiceId]));
    const draft = async (entryIds: string[]) => {
      const period = { billingStart: february(1), billingEnd: february(26) };
      const invoices = system.client(InvoicesServiceService, firm.billingManager);
      return (await invoices.draftInvoice({ clientId: firm.client.id, ...period, entryIds })).id;
    };
    const first = await draft([ids.early, ids.expense, ids.adjustment]);
    await bill(first);
    await expect(bill(first)).rejects.toThrow('0 were approved');
    const second = await draft([ids.late]);
    await system.db.query(`update time_entries set status = 'recorded' where id = $1`, [ids.late]);
    await expect(bill(second)).rejects.toThrow('of 1 entries to bill 0 were approved');
  });
});

describe('the database', () => {
  it('lets no tenant see another’s rows, in any table', async () => {
    const faults = await system.running.app
      .get(Database)
      .system((tx) => findIsolationFaults((sql, parameters) => tx.query(sql, parameters)));
    expect(faults).toEqual([]);
  });
});
