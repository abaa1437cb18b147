import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { topics } from '@paradesk/contracts';
import { Matter } from '@paradesk/contracts/paradesk/assignment/v1/matters';
import { TimeEntriesServiceService } from '@paradesk/contracts/paradesk/billing/v1/time_entries';
import { TimersServiceService } from '@paradesk/contracts/paradesk/billing/v1/timers';
import { newId } from '@paradesk/kernel';
import { ServiceUnderTest } from '@paradesk/testing';
import { billing } from '../src/billing.module.js';
import { aFirm, aMatter, anAgreement, type Firm } from './builders.js';

let system: ServiceUnderTest;
let firm: Firm;

beforeAll(async () => {
  system = await ServiceUnderTest.start(billing);
});
beforeEach(async () => {
  firm = await aFirm(system);
  await anAgreement(system, firm);
  // Who is on the matter's team may record time on it.
  const version = firm.matter.version + 1;
  const matter = Matter.fromPartial({ ...firm.matter, assignments: [{ personId: firm.paralegal.id }], version });
  await system.deliver(topics.matters, {
    tenantId: firm.tenantId,
    aggregateId: matter.id,
    aggregateVersion: version,
    event: { event: { $case: 'paralegalAssigned', value: { matter, assignmentId: '' } }, walledPersonIds: [] },
  });
});
afterAll(() => system.stop());

const timers = () => system.client(TimersServiceService, firm.asParalegal);
const time = () => system.client(TimeEntriesServiceService, firm.asParalegal);

async function timed(narrative: string): Promise<string> {
  await timers().startTimer({ matterId: firm.matter.id, narrative, taskCode: 'L320', activityCode: 'A104' });
  system.clock.advance({ minutes: 12 });
  return (await timers().stopTimer({})).id;
}

const erase = (matterId: string) =>
  system.deliver(topics.erasures, {
    tenantId: firm.tenantId,
    aggregateId: newId(Date.now()),
    aggregateVersion: 1,
    event: { event: { $case: 'matterErased', value: { matterId, erasedAt: undefined } } },
  });

const narratives = async (table: string) =>
  (
    await system.db.query<{ narrative: string }>(`select narrative from ${table} where tenant_id = $1 order by id`, [
      firm.tenantId,
    ])
  ).rows.map(({ narrative }) => narrative);

describe('when a matter is erased', () => {
  it('what is in no books is erased: discarded work and ended timers; what may be invoiced stays', async () => {
    await timed('kept for the invoice');
    const discarded = await timed('canary-of-discarded work');
    await time().discardTimeEntry({ timeEntryId: discarded, reason: 'Twice' });
    await timers().startTimer({ matterId: firm.matter.id, narrative: 'still running' });
    await erase(firm.matter.id);

    expect(await narratives('time_entries')).toEqual(['kept for the invoice', '']);
    expect(await narratives('timers')).toEqual(['still running']);
    const trail = await system.db.query(`select from audit.records r where r::text like '%canary-of-discarded%'`);
    expect(trail.rows).toEqual([]);
  });

  it('another matter is as it was', async () => {
    const entry = await timed('of another matter');
    await time().discardTimeEntry({ timeEntryId: entry, reason: 'Twice' });
    const other = await aMatter(system, firm.client, firm.tenantId, { code: 'M-2' });
    await erase(other.id);
    expect([await narratives('time_entries'), await narratives('timers')]).toEqual([
      ['of another matter'],
      ['of another matter'],
    ]);
  });
});
