import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ExpensesServiceService } from '@paradesk/contracts/paradesk/billing/v1/expenses';
import {
  TimeEntriesServiceService,
  WorkStatus,
  type TimeEntry,
} from '@paradesk/contracts/paradesk/billing/v1/time_entries';
import { Role } from '@paradesk/contracts/paradesk/common/v1/rule';
import { newId } from '@paradesk/kernel';
import { aCaller, ServiceUnderTest } from '@paradesk/testing';
import { billing } from '../src/billing.module.js';
import { aDraft, anExpense, workday } from './billed-work.js';
import { aFirm, aMatter, anAgreement, refusalOf, type Firm } from './builders.js';

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

const as = (caller: Firm['billingManager']) => system.client(TimeEntriesServiceService, caller);
const anEntry = (minutes = 60): Promise<TimeEntry> =>
  as(firm.asParalegal).recordTime({
    matterId: firm.matter.id,
    workedOn: workday,
    minutes,
    narrative: 'Draft interrogatories to defendant.',
    taskCode: 'L310',
    activityCode: 'A103',
  });

/** Brings a new entry of the paralegal this far. */
async function anEntryThatIs(status: WorkStatus): Promise<TimeEntry> {
  const { id } = await anEntry();
  const timeEntryIds = [id];
  if (status === WorkStatus.SUBMITTED) await as(firm.asParalegal).submitTimeEntries({ timeEntryIds });
  if (status === WorkStatus.APPROVED) await as(firm.billingManager).approveTimeEntries({ timeEntryIds });
  if (status === WorkStatus.REJECTED)
    await as(firm.billingManager).rejectTimeEntries({ timeEntryIds, reason: 'Which exhibits?' });
  if (status === WorkStatus.DISCARDED)
    await as(firm.asParalegal).discardTimeEntry({ timeEntryId: id, reason: 'Twice' });
  return as(firm.billingManager).getTimeEntry({ timeEntryId: id });
}

const mended = {
  workedOn: workday,
  minutes: 90,
  narrative: 'Draft second set.',
  taskCode: 'L310',
  activityCode: 'A103',
};

describe('a time entry', () => {
  it('is submitted, given back with a reason, mended, submitted and approved', async () => {
    const { id } = await anEntry();
    const timeEntryIds = [id];
    const [submitted] = (await as(firm.asParalegal).submitTimeEntries({ timeEntryIds })).timeEntries;
    const reason = 'Say which set of interrogatories';
    const [rejected] = (await as(firm.billingManager).rejectTimeEntries({ timeEntryIds, reason })).timeEntries;
    const updated = await as(firm.asParalegal).updateTimeEntry({ timeEntryId: id, ...mended });
    await as(firm.asParalegal).submitTimeEntries({ timeEntryIds });
    const [approved] = (await as(firm.billingManager).approveTimeEntries({ timeEntryIds })).timeEntries;

    const path = [submitted, rejected, updated, approved].map((entry) => [entry?.status, entry?.statusReason]);
    expect(path).toEqual([
      [WorkStatus.SUBMITTED, ''],
      [WorkStatus.REJECTED, reason],
      [WorkStatus.RECORDED, ''],
      [WorkStatus.APPROVED, ''],
    ]);
    expect(approved).toMatchObject({ id, hours: '1.5', narrative: 'Draft second set.' });
    expect(approved?.amount?.amountMinor).toBe(15_000n);
  });

  it.each([
    ['recorded', WorkStatus.RECORDED, undefined],
    ['submitted', WorkStatus.SUBMITTED, undefined],
    ['rejected', WorkStatus.REJECTED, undefined],
    ['approved', WorkStatus.APPROVED, 'WORK_IS_APPROVED'],
    ['discarded', WorkStatus.DISCARDED, 'WORK_IS_DISCARDED'],
  ])('that is %s may be changed, or the refusal says why not', async (_name, status, reason) => {
    const { id } = await anEntryThatIs(status);
    const update = as(firm.asParalegal).updateTimeEntry({ timeEntryId: id, ...mended });
    if (reason) expect((await refusalOf(update)).reason).toBe(reason);
    else expect((await update).status).toBe(WorkStatus.RECORDED);
    const { amount } = await as(firm.billingManager).getTimeEntry({ timeEntryId: id });
    expect(amount?.amountMinor).toBe(reason ? 10_000n : 15_000n);
  });

  it.each([
    ['submit', WorkStatus.APPROVED, 'WORK_IS_APPROVED'],
    ['submit', WorkStatus.DISCARDED, 'WORK_IS_DISCARDED'],
    ['reject', WorkStatus.APPROVED, 'WORK_IS_APPROVED'],
    ['approve', WorkStatus.DISCARDED, 'WORK_IS_DISCARDED'],
    ['approve', WorkStatus.REJECTED, 'WORK_IS_REJECTED'],
  ] as const)('cannot be %sed once it is %s', async (verb, status, reason) => {
    const [good, bad] = [await anEntry(), await anEntryThatIs(status)];
    const timeEntryIds = [good.id, bad.id];
    const manager = as(firm.billingManager);
    const calls = {
      submit: () => manager.submitTimeEntries({ timeEntryIds }),
      reject: () => manager.rejectTimeEntries({ timeEntryIds, reason: 'No' }),
      approve: () => manager.approveTimeEntries({ timeEntryIds }),
    };
    expect((await refusalOf(calls[verb]())).reason).toBe(reason);
    // All or none: the good one stayed as it was.
    expect((await manager.getTimeEntry({ timeEntryId: good.id })).status).toBe(WorkStatus.RECORDED);
  });

  it('is not approved by who worked it', async () => {
    const { id } = await anEntry();
    const self = aCaller({ tenantId: firm.tenantId, role: Role.BILLING_MANAGER, personId: firm.paralegal.id });
    const refusal = await refusalOf(as(self).approveTimeEntries({ timeEntryIds: [id] }));
    expect([refusal.kind, refusal.reason]).toEqual(['forbidden', 'SELF_APPROVAL']);
    expect((await as(self).getTimeEntry({ timeEntryId: id })).status).toBe(WorkStatus.RECORDED);
  });

  it("of somebody else is not there for a paralegal's changes", async () => {
    const { id } = await anEntry();
    const stranger = aCaller({ tenantId: firm.tenantId, role: Role.PARALEGAL, personId: newId(1) });
    for (const call of [
      () => as(stranger).updateTimeEntry({ timeEntryId: id, ...mended }),
      () => as(stranger).submitTimeEntries({ timeEntryIds: [id] }),
      () => as(stranger).discardTimeEntry({ timeEntryId: id, reason: 'Mine' }),
    ]) {
      expect((await refusalOf(call())).reason).toBe('TIME_ENTRY_NOT_FOUND');
    }
  });

  it('that is discarded stays readable and is never billed', async () => {
    const { id, status, statusReason } = await anEntryThatIs(WorkStatus.DISCARDED);
    expect([status, statusReason]).toEqual([WorkStatus.DISCARDED, 'Twice']);
    const again = await as(firm.asParalegal).discardTimeEntry({ timeEntryId: id, reason: 'Again' });
    expect(again.statusReason).toBe('Twice');
    expect((await refusalOf(aDraft(system, firm))).reason).toBe('NOTHING_TO_BILL');
  });

  it('moved to another matter has the price of its agreement and is approved again', async () => {
    const other = await aMatter(system, firm.client, firm.tenantId, { code: 'M-2' });
    const rate = { personId: firm.paralegal.id, hourlyRate: { amountMinor: 20_000n, currencyCode: 'USD' } };
    await anAgreement(system, firm, { matterId: other.id, rates: [rate] });
    const { id } = await anEntryThatIs(WorkStatus.APPROVED);
    const move = { timeEntryId: id, matterId: other.id, reason: 'Recorded on the wrong matter' };
    const moved = await as(firm.billingManager).transferTimeEntry(move);
    expect(moved).toMatchObject({ id, matterId: other.id, status: WorkStatus.RECORDED, statusReason: move.reason });
    expect(moved.amount?.amountMinor).toBe(20_000n);
  });

  it('that a draft has is not moved away under it', async () => {
    const { id } = await anEntryThatIs(WorkStatus.APPROVED);
    await aDraft(system, firm, [id]);
    const move = { timeEntryId: id, matterId: firm.matter.id, reason: 'Wrong matter' };
    expect((await refusalOf(as(firm.billingManager).transferTimeEntry(move))).reason).toBe('ON_INVOICE');
  });
});

describe('expenses', () => {
  it('are given back or discarded until they are approved', async () => {
    const expenses = system.client(ExpensesServiceService, firm.billingManager);
    const stated = { matterId: firm.matter.id, incurredOn: workday, expenseCode: 'E101', units: '2', unitCost: '1' };
    const { id } = await expenses.recordExpense({ ...stated, narrative: 'Copies' });
    const approved = await anExpense(system, firm);
    const [rejected] = (await expenses.rejectExpenses({ expenseIds: [id], reason: 'No receipt' })).expenses;
    expect(rejected).toMatchObject({ status: WorkStatus.REJECTED, statusReason: 'No receipt' });
    const both = expenses.discardExpenses({ expenseIds: [id, approved], reason: 'Private' });
    expect((await refusalOf(both)).reason).toBe('WORK_IS_APPROVED');
    const [discarded] = (await expenses.discardExpenses({ expenseIds: [id], reason: 'Private' })).expenses;
    expect(discarded?.status).toBe(WorkStatus.DISCARDED);
  });
});
