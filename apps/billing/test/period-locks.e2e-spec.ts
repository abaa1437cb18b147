import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AdjustmentKind, AdjustmentsServiceService } from '@paradesk/contracts/paradesk/billing/v1/adjustments';
import { ExpensesServiceService } from '@paradesk/contracts/paradesk/billing/v1/expenses';
import { ImportsServiceService } from '@paradesk/contracts/paradesk/billing/v1/imports';
import { PeriodLocksServiceService } from '@paradesk/contracts/paradesk/billing/v1/period_locks';
import { TimeEntriesServiceService } from '@paradesk/contracts/paradesk/billing/v1/time_entries';
import { ServiceUnderTest } from '@paradesk/testing';
import { billing } from '../src/billing.module.js';
import { CSV_COLUMNS } from '../src/imports/csv-rows.js';
import { aFirm, anAgreement, refusalOf, type Firm } from './builders.js';

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

const locks = () => system.client(PeriodLocksServiceService, firm.billingManager);
const time = (caller = firm.asParalegal) => system.client(TimeEntriesServiceService, caller);
const closed = { year: 2026, month: 2, day: 28 };
const open = { year: 2026, month: 3, day: 1 };
const stated = (workedOn: typeof closed, more = {}) => ({
  matterId: firm.matter.id,
  personId: firm.paralegal.id,
  workedOn,
  minutes: 60,
  narrative: 'Draft motion to compel',
  taskCode: 'L350',
  activityCode: 'A103',
  ...more,
});

describe('a locked period', () => {
  it('takes no work and no change of work any more', async () => {
    const before = await time().recordTime(stated(closed));
    const later = await time().recordTime(stated(open));
    await locks().lockPeriod({ through: closed });
    const expense = { incurredOn: closed, expenseCode: 'E101', units: '1', unitCost: '1', narrative: 'Copies' };
    const adjustment = { appliesOn: closed, amount: { amountMinor: -1n, currencyCode: 'USD' }, narrative: 'Courtesy' };
    const csv = [CSV_COLUMNS.join(','), 'time,ACME,M-1,PL1,2026-02-28,60,L350,A103,,,,Draft'].join('\n');
    const file = { contentType: 'text/csv', data: Buffer.from(csv), extensions: [] };
    const matterId = firm.matter.id;
    const calls: [string, Promise<unknown>][] = [
      ['PERIOD_LOCKED', time().recordTime(stated(closed))],
      ['PERIOD_LOCKED', time().updateTimeEntry({ ...stated(closed), timeEntryId: before.id })],
      // Out of the period is as bad as into it.
      ['PERIOD_LOCKED', time().updateTimeEntry({ ...stated(open), timeEntryId: before.id })],
      ['PERIOD_LOCKED', time().updateTimeEntry({ ...stated(closed), timeEntryId: later.id })],
      ['PERIOD_LOCKED', time().discardTimeEntry({ timeEntryId: before.id, reason: 'Twice' })],
      [
        'PERIOD_LOCKED',
        system.client(ExpensesServiceService, firm.billingManager).recordExpense({ matterId, ...expense }),
      ],
      [
        'PERIOD_LOCKED',
        system
          .client(AdjustmentsServiceService, firm.billingManager)
          .recordAdjustment({ matterId, kind: AdjustmentKind.FEE, ...adjustment }),
      ],
      ['CSV_REFUSED', system.client(ImportsServiceService, firm.billingManager).importCsv({ file })],
    ];
    for (const [reason, call] of calls) expect((await refusalOf(call)).reason).toBe(reason);
    expect((await time().recordTime(stated(open))).id).not.toBe('');
    const { timeEntries } = await time(firm.billingManager).listTimeEntries({});
    expect(timeEntries).toHaveLength(3);
  });

  it('takes work of a billing manager who says why, and the entry keeps it', async () => {
    await locks().lockPeriod({ through: closed });
    const lockOverrideReason = 'The client sent the time sheet late';
    const entry = await time(firm.billingManager).recordTime(stated(closed, { lockOverrideReason }));
    expect(entry.lockOverrideReason).toBe(lockOverrideReason);
    const openDay = await time(firm.billingManager).recordTime(stated(open, { lockOverrideReason }));
    expect(openDay.lockOverrideReason).toBe('');
    const refusal = await refusalOf(time().recordTime(stated(closed, { lockOverrideReason })));
    expect([refusal.kind, refusal.reason]).toEqual(['forbidden', 'OVERRIDE_NOT_ALLOWED']);
  });

  it('takes work until its days of grace are over', async () => {
    const lock = await locks().lockPeriod({ through: closed, graceDays: 2 });
    await time().recordTime(stated(closed));
    system.clock.advance({ hours: 48 });
    expect((await refusalOf(time().recordTime(stated(closed)))).reason).toBe('PERIOD_LOCKED');
    const lifted = await locks().liftPeriodLock({ periodLockId: lock.id, reason: 'Late expenses' });
    await time().recordTime(stated(closed));
    expect((await locks().listPeriodLocks({})).periodLocks).toEqual([lifted]);
    expect(lifted.liftReason).toBe('Late expenses');
  });
});
