import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { TimersServiceService } from '@paradesk/contracts/paradesk/billing/v1/timers';
import { TimeEntriesServiceService } from '@paradesk/contracts/paradesk/billing/v1/time_entries';
import { ServiceUnderTest } from '@paradesk/testing';
import { billing } from '../src/billing.module.js';
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

const timers = (caller = firm.asParalegal) => system.client(TimersServiceService, caller);
const purpose = () => ({
  matterId: firm.matter.id,
  narrative: 'Review production',
  taskCode: 'L320',
  activityCode: 'A104',
});
const entriesOf = async () =>
  (await system.client(TimeEntriesServiceService, firm.billingManager).listTimeEntries({})).timeEntries;

describe('a timer', () => {
  it('runs until it is stopped, and becomes an entry rounded as the agreement says', async () => {
    const { timer, recorded } = await timers().startTimer(purpose());
    expect(recorded).toBeUndefined();
    expect(await timers().getRunningTimer({})).toEqual(timer);
    system.clock.advance({ minutes: 31, seconds: 1 });
    const entry = await timers().stopTimer({});
    expect(entry).toMatchObject({ workedMinutes: 32, hours: '0.6', narrative: 'Review production', taskCode: 'L320' });
    expect((await refusalOf(timers().getRunningTimer({}))).reason).toBe('TIMER_NOT_FOUND');
    expect(await entriesOf()).toEqual([entry]);
  });

  it('stops when another is started, and its time is recorded', async () => {
    const first = await timers().startTimer(purpose());
    system.clock.advance({ minutes: 6 });
    const second = await timers().startTimer({ ...purpose(), narrative: 'Call with counsel' });
    expect(second.recorded).toMatchObject({ workedMinutes: 6, narrative: 'Review production' });
    const running = await timers().getRunningTimer({});
    expect(running.id).toBe(second.timer?.id);
    expect(running.id).not.toBe(first.timer?.id);
  });

  it('says what was done when it is stopped, if not before', async () => {
    await timers().startTimer({ matterId: firm.matter.id });
    const refusal = await refusalOf(timers().stopTimer({}));
    expect([refusal.reason, refusal.fields]).toEqual(['FIELD_REQUIRED', ['narrative']]);
    const stated = { narrative: 'Index exhibits', taskCode: 'L320', activityCode: 'A110', minutes: 12 };
    expect(await timers().stopTimer(stated)).toMatchObject({ workedMinutes: 12, narrative: 'Index exhibits' });
  });

  it('that was forgotten for more than a day asks how much was worked, or is discarded', async () => {
    await timers().startTimer(purpose());
    system.clock.advance({ hours: 25 });
    expect((await refusalOf(timers().stopTimer({}))).reason).toBe('TIMER_FORGOTTEN');
    expect((await refusalOf(timers().startTimer(purpose()))).reason).toBe('TIMER_FORGOTTEN');
    const discarded = await timers().discardTimer({});
    expect(discarded.stoppedAt).toBeDefined();
    expect(discarded.timeEntryId).toBe('');
    expect(await entriesOf()).toEqual([]);
  });

  it("is a person's own, and one at a time however many are started at once", async () => {
    await Promise.allSettled(Array.from({ length: 5 }, () => timers().startTimer(purpose())));
    const { rows } = await system.db.query(
      'select count(*)::int as running from timers where tenant_id = $1 and stopped_at is null',
      [firm.tenantId],
    );
    expect(rows).toEqual([{ running: 1 }]);
    expect((await refusalOf(timers(firm.asAssistant).getRunningTimer({}))).reason).toBe('TIMER_NOT_FOUND');
  });

  it('is stopped once by two who stop it at once', async () => {
    await timers().startTimer(purpose());
    system.clock.advance({ minutes: 10 });
    const outcomes = await Promise.allSettled([timers().stopTimer({}), timers().stopTimer({})]);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await entriesOf()).toHaveLength(1);
  });
});
