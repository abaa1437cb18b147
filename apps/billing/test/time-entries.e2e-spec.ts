import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { topics } from '@paradesk/contracts';
import { TimeEntriesServiceService, WorkStatus } from '@paradesk/contracts/paradesk/billing/v1/time_entries';
import { Role, TaskClass } from '@paradesk/contracts/paradesk/common/v1/rule';
import { TaskKind } from '@paradesk/contracts/paradesk/identity/v1/task_kinds';
import { newId } from '@paradesk/kernel';
import { aCaller, ServiceUnderTest } from '@paradesk/testing';
import { billing } from '../src/billing.module.js';
import { aFirm, aMatter, anAgreement, aPerson, refusalOf, type Firm, teamOf } from './builders.js';

let system: ServiceUnderTest;
let firm: Firm;

beforeAll(async () => {
  system = await ServiceUnderTest.start(billing);
  firm = await aFirm(system);
  await anAgreement(system, firm);
});
afterAll(() => system.stop());

const today = { year: 2026, month: 3, day: 2 };
const time = (overrides = {}) => ({
  matterId: firm.matter.id,
  workedOn: today,
  minutes: 7,
  narrative: 'Draft motion to compel',
  taskCode: 'L350',
  activityCode: 'A103',
  ...overrides,
});
const as = (caller: Firm['billingManager']) => system.client(TimeEntriesServiceService, caller);

describe('recorded time', () => {
  it('of a paralegal is rounded and priced by the agreement, and read back the same', async () => {
    const entry = await as(firm.asParalegal).recordTime(time());
    expect(entry).toMatchObject({
      personId: firm.paralegal.id,
      clientId: firm.client.id,
      workedMinutes: 7,
      hours: '0.2',
      hourlyRate: '100',
      taskClass: TaskClass.SUBSTANTIVE,
      billable: true,
      status: WorkStatus.RECORDED,
    });
    expect(entry.amount).toEqual({ amountMinor: 2_000n, currencyCode: 'USD' });
    expect(await as(firm.asParalegal).getTimeEntry({ timeEntryId: entry.id })).toEqual(entry);
  });

  it('of a virtual assistant is overhead and needs no rate', async () => {
    const entry = await as(firm.asAssistant).recordTime(time({ taskCode: '', activityCode: '' }));
    expect(entry).toMatchObject({ taskClass: TaskClass.ADMINISTRATIVE, billable: false, hours: '0.2' });
    expect(entry.amount?.amountMinor).toBe(0n);
  });

  it("is of the tenant's own class for its kind of work, as soon as identity has told of it", async () => {
    const [taskKind, codes] = ['documents.scan', { taskCode: '', activityCode: '' }];
    const [tenant, other] = [await aFirm(system), firm];
    await anAgreement(system, tenant);
    const record = (of: Firm, caller: Firm['asAssistant']) =>
      as(caller).recordTime(time({ matterId: of.matter.id, taskKind, ...codes }));
    expect(await record(tenant, tenant.asAssistant)).toMatchObject({ taskClass: TaskClass.ADMINISTRATIVE });
    const value = {
      taskKind: TaskKind.fromPartial({ code: taskKind, taskClass: TaskClass.SUBSTANTIVE, version: 1 }),
      reclassificationId: newId(Date.now()),
    };
    await system.deliver(topics.task_kinds, {
      tenantId: tenant.tenantId,
      aggregateId: newId(Date.now()),
      aggregateVersion: 1,
      event: { event: { $case: 'reclassified', value } },
    });
    expect(await refusalOf(record(tenant, tenant.asAssistant))).toMatchObject({ kind: 'forbidden' });
    expect(await record(tenant, tenant.asParalegal)).toMatchObject({
      taskClass: TaskClass.SUBSTANTIVE,
      billable: true,
    });
    expect(await record(other, other.asAssistant)).toMatchObject({ taskClass: TaskClass.ADMINISTRATIVE });
  });

  it('keeps its terms when a later agreement changes the rate', async () => {
    const other = await aFirm(system);
    await anAgreement(system, other);
    const before = await as(other.asParalegal).recordTime({ ...time(), matterId: other.matter.id });
    const rate = { personId: other.paralegal.id, hourlyRate: { amountMinor: 20_000n, currencyCode: 'USD' } };
    await anAgreement(system, other, { validFrom: today, rates: [rate] });
    const after = await as(other.asParalegal).recordTime({ ...time(), matterId: other.matter.id });
    const again = await as(other.asParalegal).getTimeEntry({ timeEntryId: before.id });
    expect([again.amount?.amountMinor, after.amount?.amountMinor]).toEqual([2_000n, 4_000n]);
  });

  it.each([
    ['on a day without an agreement', { workedOn: { year: 2025, month: 12, day: 31 } }, 'refused', 'NO_AGREEMENT'],
    ['two days ahead', { workedOn: { ...today, day: 4 } }, 'invalid', 'WORK_IN_FUTURE'],
    ['on an unknown task', { taskCode: 'L999' }, 'invalid', 'UNKNOWN_TASK_CODE'],
    ['on an unknown activity', { activityCode: 'X1' }, 'invalid', 'UNKNOWN_ACTIVITY_CODE'],
    ['of somebody else', { personId: newId(1) }, 'forbidden', 'NOT_OWN_TIME'],
    ['on a day that does not exist', { workedOn: { year: 2026, month: 2, day: 30 } }, 'invalid', 'NO_SUCH_DATE'],
  ])('%s is refused', async (_name, overrides, kind, reason) => {
    const refusal = await refusalOf(as(firm.asParalegal).recordTime(time(overrides)));
    expect([refusal.kind, refusal.reason]).toEqual([kind, reason]);
  });

  it('of somebody without a rate, or without a timekeeper code, is refused', async () => {
    const unrated = await aPerson(system, firm.tenantId, { role: Role.PARALEGAL, timekeeperCode: 'PL2' });
    const noKeeper = await aPerson(system, firm.tenantId, { role: Role.PARALEGAL, timekeeperCode: '' });
    const assignments = teamOf(unrated, noKeeper);
    const { id: matterId } = await aMatter(system, firm.client, firm.tenantId, { code: 'M-3', assignments });
    await anAgreement(system, firm, { matterId });
    const reasons = [unrated, noKeeper].map(async ({ id }) => {
      const caller = aCaller({ tenantId: firm.tenantId, role: Role.PARALEGAL, personId: id });
      return (await refusalOf(as(caller).recordTime(time({ matterId })))).reason;
    });
    expect(await Promise.all(reasons)).toEqual(['NO_RATE', 'NO_TIMEKEEPER']);
  });

  it('under one idempotency key is recorded once', async () => {
    const key = { idempotencyKey: newId(Date.now()) };
    const [one, two] = [
      await as(firm.asParalegal).recordTime(time(), key),
      await as(firm.asParalegal).recordTime(time(), key),
    ];
    expect(two).toEqual(one);
  });
});

describe('time entries', () => {
  it('are seen by their paralegal only, by managers all, and by another tenant never', async () => {
    const own = await as(firm.asParalegal).recordTime(time());
    const others = await as(firm.asAssistant).recordTime(time({ taskCode: '', activityCode: '' }));
    const idsOf = async (caller: Firm['billingManager'], filter = {}) =>
      (await as(caller).listTimeEntries({ page: { size: 200, token: '' }, ...filter })).timeEntries.map(({ id }) => id);
    expect(await idsOf(firm.asParalegal)).toContain(own.id);
    expect(await idsOf(firm.asParalegal)).not.toContain(others.id);
    expect(await idsOf(firm.asParalegal, { personId: firm.assistant.id })).toEqual([]);
    expect(await idsOf(firm.billingManager)).toEqual(expect.arrayContaining([own.id, others.id]));
    expect(await idsOf(firm.billingManager, { personId: firm.assistant.id })).not.toContain(own.id);
    const stranger = aCaller({ role: Role.BILLING_MANAGER });
    expect(await idsOf(stranger)).toEqual([]);
    expect((await refusalOf(as(stranger).getTimeEntry({ timeEntryId: own.id }))).reason).toBe('TIME_ENTRY_NOT_FOUND');
    expect((await refusalOf(as(firm.asParalegal).getTimeEntry({ timeEntryId: others.id }))).reason).toBe(
      'TIME_ENTRY_NOT_FOUND',
    );
  });

  it('are approved all or none; a second approval changes nothing', async () => {
    const ids = [await as(firm.asParalegal).recordTime(time()), await as(firm.asParalegal).recordTime(time())].map(
      ({ id }) => id,
    );
    const unknown = newId(Date.now());
    const refusal = await refusalOf(as(firm.billingManager).approveTimeEntries({ timeEntryIds: [...ids, unknown] }));
    expect(refusal.reason).toBe('TIME_ENTRY_NOT_FOUND');
    expect(refusal.message).toContain(unknown);
    const statusOf = async (id: string) => (await as(firm.billingManager).getTimeEntry({ timeEntryId: id })).status;
    expect(await Promise.all(ids.map(statusOf))).toEqual([WorkStatus.RECORDED, WorkStatus.RECORDED]);
    const reversed = ids.toReversed();
    const both = await Promise.all([
      as(firm.billingManager).approveTimeEntries({ timeEntryIds: ids }),
      as(firm.billingManager).approveTimeEntries({ timeEntryIds: reversed }),
    ]);
    expect(both.map(({ timeEntries }) => timeEntries.map(({ id }) => id))).toEqual([ids, reversed]);
    for (const { timeEntries } of both) {
      expect(timeEntries.every(({ status }) => status === WorkStatus.APPROVED)).toBe(true);
    }
    const stranger = aCaller({ role: Role.BILLING_MANAGER });
    expect((await refusalOf(as(stranger).approveTimeEntries({ timeEntryIds: ids }))).reason).toBe(
      'TIME_ENTRY_NOT_FOUND',
    );
    const approver = await refusalOf(as(firm.asParalegal).approveTimeEntries({ timeEntryIds: ids }));
    expect(approver.reason).toBe('ROLE_NOT_ALLOWED');
  });
});

describe('the copy of a matter', () => {
  it('keeps the latest version, whichever comes first', async () => {
    const matter = await aMatter(system, firm.client, firm.tenantId, { code: 'M-7', name: 'Old name' });
    const later = { ...matter, name: 'New name', version: 2 };
    await system.deliver(topics.matters, {
      tenantId: firm.tenantId,
      aggregateId: matter.id,
      aggregateVersion: 2,
      event: {
        event: { $case: 'paralegalAssigned', value: { matter: later, assignmentId: newId(1) } },
        walledPersonIds: [],
      },
    });
    const { rows } = await system.db.query('select name, version from matters where id = $1', [matter.id]);
    expect(rows).toEqual([{ name: 'New name', version: 2 }]);
  });
});
