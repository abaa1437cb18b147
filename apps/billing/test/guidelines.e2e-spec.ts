import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  Guideline,
  GuidelineSeverity,
  GuidelinesServiceService,
} from '@paradesk/contracts/paradesk/billing/v1/guidelines';
import { ImportsServiceService } from '@paradesk/contracts/paradesk/billing/v1/imports';
import { TimeEntriesServiceService, WorkStatus } from '@paradesk/contracts/paradesk/billing/v1/time_entries';
import { Role, TaskClass } from '@paradesk/contracts/paradesk/common/v1/rule';
import { aCaller, ServiceUnderTest } from '@paradesk/testing';
import { billing } from '../src/billing.module.js';
import { CSV_COLUMNS } from '../src/imports/csv-rows.js';
import { workday } from './billed-work.js';
import { aFirm, aMatter, anAgreement, refusalOf, type Firm, teamOf } from './builders.js';

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

const guidelines = () => system.client(GuidelinesServiceService, firm.billingManager);
const time = (caller = firm.asParalegal) => system.client(TimeEntriesServiceService, caller);
const stated = (more = {}) => ({
  matterId: firm.matter.id,
  workedOn: workday,
  minutes: 60,
  narrative: 'Draft interrogatories to defendant on damages',
  taskCode: 'L310',
  activityCode: 'A103',
  ...more,
});
const { BLOCK, WARN, OFF } = GuidelineSeverity;
const clerical = { narrative: 'E-file motion to compel with the clerk of the court' };
const rule = (guideline: Guideline, severity: GuidelineSeverity) => ({ guideline, severity });

describe("a client's guidelines", () => {
  it('are the shipped set until they are set, and then as they were set', async () => {
    const shipped = await guidelines().getGuidelines({ clientId: firm.client.id });
    expect(shipped).toMatchObject({ shipped: true, maxHoursPerDay: 12, lateAfterDays: 30, minNarrativeWords: 4 });
    expect(shipped.rules).toHaveLength(14);
    const request = { clientId: firm.client.id, rules: [rule(Guideline.CHIPPING, BLOCK)], allowedTaskCodes: ['L310'] };
    const set = await guidelines().setGuidelines({ ...request, maxHoursPerDay: 8 });
    expect(set).toMatchObject({ shipped: false, maxHoursPerDay: 8, lateAfterDays: 30, allowedTaskCodes: ['L310'] });
    expect(set.rules.filter(({ severity }) => severity === BLOCK)).toEqual([rule(Guideline.CHIPPING, BLOCK)]);
    expect(await guidelines().getGuidelines({ clientId: firm.client.id })).toEqual(set);
    const again = await guidelines().setGuidelines({ clientId: firm.client.id });
    expect(again).toEqual({ ...shipped, shipped: false });
  });

  it('are refused with a code that is none', async () => {
    const refusal = await refusalOf(
      guidelines().setGuidelines({ clientId: firm.client.id, allowedTaskCodes: ['L999'] }),
    );
    expect([refusal.reason, refusal.fields]).toEqual(['UNKNOWN_TASK_CODE', ['allowedTaskCodes']]);
  });

  it('leave their findings on an entry, as it was recorded or changed last', async () => {
    const entry = await time().recordTime(stated(clerical));
    const found = entry.findings.map(({ guideline, severity }) => [guideline, severity]);
    expect(found).toEqual([[Guideline.CLERICAL_WORK, WARN]]);
    expect(entry.findings[0]?.message).not.toContain('motion');
    expect(await time().getTimeEntry({ timeEntryId: entry.id })).toEqual(entry);
    const mended = await time().updateTimeEntry({ timeEntryId: entry.id, ...stated() });
    expect(mended.findings).toEqual([]);
  });

  it('look at what else the timekeeper has on the day, over all matters', async () => {
    const assignments = teamOf(firm.paralegal);
    const other = await aMatter(system, firm.client, firm.tenantId, { code: 'M-2', assignments });
    await anAgreement(system, firm, { matterId: other.id });
    await time().recordTime(
      stated({ minutes: 660, matterId: other.id, narrative: 'Index the third production of Bolt' }),
    );
    const twelve = await time().recordTime(stated());
    const thirteen = await time().recordTime(stated({ narrative: 'Summarize deposition of Dr. Ames on causation' }));
    expect([twelve, thirteen].map(({ findings }) => findings.map(({ guideline }) => guideline))).toEqual([
      [],
      [Guideline.DAY_TOO_LONG],
    ]);
    const twice = await time().recordTime(stated());
    expect(twice.findings.map(({ guideline }) => guideline)).toContain(Guideline.DUPLICATE);
  });

  it('keep an entry that they block from being submitted and approved until it is waived', async () => {
    await guidelines().setGuidelines({ clientId: firm.client.id, rules: [rule(Guideline.CLERICAL_WORK, BLOCK)] });
    const { id } = await time().recordTime(stated(clerical));
    const timeEntryIds = [id];
    for (const call of [
      time().submitTimeEntries({ timeEntryIds }),
      time(firm.billingManager).approveTimeEntries({ timeEntryIds }),
    ])
      expect((await refusalOf(call)).reason).toBe('GUIDELINE_BLOCKS');
    const waive = { timeEntryId: id, guideline: Guideline.CLERICAL_WORK, reason: 'The engagement letter allows it' };
    const self = aCaller({ tenantId: firm.tenantId, role: Role.BILLING_MANAGER, personId: firm.paralegal.id });
    expect((await refusalOf(time(self).waiveFinding(waive))).reason).toBe('SELF_APPROVAL');
    const waived = await time(firm.billingManager).waiveFinding(waive);
    expect(waived.findings).toMatchObject([{ waiverReason: waive.reason, waivedBy: firm.billingManager.personId }]);
    const [approved] = (await time(firm.billingManager).approveTimeEntries({ timeEntryIds })).timeEntries;
    expect(approved?.status).toBe(WorkStatus.APPROVED);
    const nothing = time(firm.billingManager).waiveFinding({ ...waive, guideline: Guideline.CHIPPING });
    expect((await refusalOf(nothing)).reason).toBe('FINDING_NOT_FOUND');
  });

  it('hold for imported time, and not where they are off', async () => {
    const row = `time,ACME,M-1,PL1,2026-03-02,60,L310,A103,,,,${clerical.narrative}`;
    const csv = (...rows: string[]) => ({
      file: { contentType: 'text/csv', data: Buffer.from([CSV_COLUMNS.join(','), ...rows].join('\n')), extensions: [] },
    });
    const imports = system.client(ImportsServiceService, firm.billingManager);
    await imports.importCsv(csv(row, row));
    const { timeEntries } = await time(firm.billingManager).listTimeEntries({});
    for (const { findings } of timeEntries) {
      const found = findings.map(({ guideline }) => guideline);
      expect(found).toEqual([Guideline.CLERICAL_WORK, Guideline.DUPLICATE]);
    }
    expect(timeEntries).toHaveLength(2);
    const rules = [rule(Guideline.CLERICAL_WORK, OFF), rule(Guideline.DUPLICATE, OFF)];
    await guidelines().setGuidelines({ clientId: firm.client.id, rules });
    expect((await time().recordTime(stated(clerical))).findings).toEqual([]);
  });
});

describe('the kind of the work', () => {
  it("makes clerical work of a paralegal overhead, which is not billed at a paralegal's rate", async () => {
    const entry = await time().recordTime(stated({ ...clerical, taskKind: 'filing.efile_approved_final' }));
    expect(entry).toMatchObject({
      taskClass: TaskClass.ADMINISTRATIVE,
      billable: false,
      taskKind: 'filing.efile_approved_final',
    });
    expect(entry.amount?.amountMinor).toBe(0n);
  });

  it.each([
    ['substantive', 'documents.draft_discovery'],
    ['reserved', 'client_contact.advise'],
    ['in no catalogue', 'documents.unheard_of'],
  ])('keeps work that is %s from a virtual assistant', async (_name, taskKind) => {
    const refusal = await refusalOf(time(firm.asAssistant).recordTime(stated({ taskKind })));
    expect(refusal.kind).toBe('forbidden');
    expect((await time(firm.asAssistant).listTimeEntries({})).timeEntries).toEqual([]);
  });

  it('keeps what is reserved from a paralegal, and lets what is substantive be billed', async () => {
    expect((await refusalOf(time().recordTime(stated({ taskKind: 'documents.sign' })))).kind).toBe('forbidden');
    const entry = await time().recordTime(stated({ taskKind: 'documents.draft_discovery' }));
    expect(entry).toMatchObject({ taskClass: TaskClass.SUBSTANTIVE, billable: true });
  });
});
