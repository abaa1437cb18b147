import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Caller } from '@paradesk/access';
import { topics } from '@paradesk/contracts';
import { Role } from '@paradesk/contracts/paradesk/common/v1/rule';
import { PeopleServiceService } from '@paradesk/contracts/paradesk/identity/v1/people';
import {
  QualificationKind,
  QualificationsServiceService,
  RecordQualificationRequest,
} from '@paradesk/contracts/paradesk/identity/v1/qualifications';
import { QualificationRequirement, TenantsServiceService } from '@paradesk/contracts/paradesk/identity/v1/tenants';
import { newId } from '@paradesk/kernel';
import { aCaller, type ServiceUnderTest } from '@paradesk/testing';
import { anOpenTenant, aPerson, startIdentity } from './builders.js';

let system: ServiceUnderTest;
let manager: Caller;
beforeAll(async () => {
  system = await startIdentity();
  manager = await anOpenTenant(system);
});
afterAll(() => system.stop());

const qualifications = (caller = manager) => system.client(QualificationsServiceService, caller);
const people = (caller = manager) => system.client(PeopleServiceService, caller);
const aParalegal = (caller = manager) => people(caller).createPerson(aPerson());

// The clock of the tests starts on 2026-03-02.
const aQualification = (personId: string, changes: object = {}) =>
  RecordQualificationRequest.fromPartial({
    personId,
    kind: QualificationKind.CONTINUING_EDUCATION,
    jurisdiction: 'US-CA',
    issuer: 'Paralegal Institute',
    number: 'CE-1',
    validFrom: { year: 2025, month: 1, day: 1 },
    validUntil: { year: 2026, month: 6, day: 30 },
    ...changes,
  });

async function told(personId: string) {
  const events = (await system.published(topics.people)).filter((event) => event.aggregateId === personId);
  expect(events.map((event) => event.aggregateVersion)).toEqual(events.map((_, index) => index + 1));
  return events.map(({ event }) => event.event);
}

describe('qualifications', () => {
  it('are recorded, listed and revoked, and told of with the person', async () => {
    const person = await aParalegal();
    const recorded = await qualifications().recordQualification(aQualification(person.id));
    expect(recorded).toMatchObject({
      personId: person.id,
      jurisdiction: 'US-CA',
      number: 'CE-1',
      revokedAt: undefined,
    });

    const { id, kind, jurisdiction, validFrom, validUntil } = recorded;
    const held = { id, kind, jurisdiction, validFrom, validUntil };
    expect(await people().getPerson({ personId: person.id })).toMatchObject({
      qualifications: [held],
      hasRecordedQualifications: true,
      version: 2,
    });

    const revoke = { personId: person.id, qualificationId: id };
    const revoked = await qualifications().revokeQualification(revoke);
    expect(revoked.revokedAt).toBeDefined();
    expect(await qualifications().revokeQualification(revoke)).toEqual(revoked);
    expect((await qualifications().listQualifications({ personId: person.id })).qualifications).toEqual([revoked]);
    expect(await people().getPerson({ personId: person.id })).toMatchObject({
      qualifications: [],
      hasRecordedQualifications: true,
      version: 3,
    });
    expect((await told(person.id)).map((event) => event?.$case)).toEqual([
      'created',
      'qualificationRecorded',
      'qualificationRevoked',
    ]);
  });

  it.each([
    ['of a virtual assistant', { role: Role.VIRTUAL_ASSISTANT }, {}, { kind: 'refused', reason: 'NOT_A_PARALEGAL' }],
    [
      'that end before they begin',
      {},
      { validUntil: { year: 2024, month: 1, day: 1 } },
      { kind: 'invalid', reason: 'ENDS_BEFORE_IT_BEGINS' },
    ],
    ['without an end of education', {}, { validUntil: undefined }, { kind: 'invalid', reason: 'EDUCATION_ENDS' }],
    ['of no jurisdiction', {}, { jurisdiction: ' ' }, { kind: 'invalid' }],
  ])('are not recorded %s', async (_name, who, changes, refusal) => {
    const person = await people().createPerson(aPerson(who));
    await expect(qualifications().recordQualification(aQualification(person.id, changes))).rejects.toMatchObject(
      refusal,
    );
    expect(await people().getPerson({ personId: person.id })).toEqual(person);
  });

  it('are seen by their holder, and by no other paralegal and no other tenant', async () => {
    const person = await aParalegal();
    const { id } = await qualifications().recordQualification(aQualification(person.id));
    const as = (personId: string) => aCaller({ role: Role.PARALEGAL, tenantId: manager.tenantId, personId });

    expect(
      (await qualifications(as(person.id)).listQualifications({ personId: person.id })).qualifications,
    ).toHaveLength(1);
    const hidden = { kind: 'not-found', reason: 'PERSON_NOT_FOUND' };
    const colleague = await aParalegal();
    await expect(qualifications(as(colleague.id)).listQualifications({ personId: person.id })).rejects.toMatchObject(
      hidden,
    );
    const stranger = await anOpenTenant(system);
    await expect(qualifications(stranger).listQualifications({ personId: person.id })).rejects.toMatchObject(hidden);
    const revoke = qualifications(stranger).revokeQualification({ personId: person.id, qualificationId: id });
    await expect(revoke).rejects.toMatchObject(hidden);
    const unknown = qualifications().revokeQualification({ personId: person.id, qualificationId: newId(Date.now()) });
    await expect(unknown).rejects.toMatchObject({ reason: 'QUALIFICATION_NOT_FOUND' });
  });

  it('are listed while they expire, the first to end first, until something later replaces them', async () => {
    const caller = await anOpenTenant(system);
    const [one, two, gone] = [await aParalegal(caller), await aParalegal(caller), await aParalegal(caller)];
    const record = (personId: string, month: number, changes: object = {}) =>
      qualifications(caller).recordQualification(
        aQualification(personId, { validUntil: { year: 2026, month, day: 15 }, ...changes }),
      );
    const april = await record(one.id, 4);
    const march = await record(two.id, 3);
    const ended = await record(two.id, 2, { jurisdiction: 'US-NY' });
    await record(gone.id, 3);
    await people(caller).deactivatePerson({ personId: gone.id });
    const list = async (page: { size: number; token: string } | undefined, withinDays = 60) => {
      const answer = await qualifications(caller).listExpiringQualifications({ page, withinDays });
      return { ids: answer.qualifications.map((item) => item.id), next: answer.page?.nextToken ?? '' };
    };

    expect((await list(undefined)).ids).toEqual([ended.id, march.id, april.id]);
    expect((await list(undefined, 20)).ids).toEqual([ended.id, march.id]);
    const first = await list({ size: 2, token: '' });
    expect(first.ids).toEqual([ended.id, march.id]);
    expect(await list({ size: 2, token: first.next })).toEqual({ ids: [april.id], next: '' });

    await record(two.id, 12);
    expect((await list(undefined)).ids).toEqual([ended.id, april.id]);
  });
});

describe('a tenant', () => {
  it('starts by asking those who had a qualification recorded, and may ask all', async () => {
    const caller = await anOpenTenant(system);
    const { tenantId } = caller;
    const get = () => system.client(TenantsServiceService, caller).getTenant({ tenantId });
    expect((await get()).qualificationRequirement).toBe(QualificationRequirement.WHERE_RECORDED);

    const all = { tenantId, requirement: QualificationRequirement.ALWAYS };
    const required = await qualifications(caller).requireQualifications(all);
    expect(await qualifications(caller).requireQualifications(all)).toEqual(required);
    expect(await get()).toEqual(required);
    const events = (await system.published(topics.tenants)).filter((event) => event.aggregateId === tenantId);
    expect(events.map(({ aggregateVersion, event }) => [aggregateVersion, event.event?.$case])).toEqual([
      [1, 'created'],
      [2, 'qualificationsRequired'],
    ]);

    const stranger = qualifications(await anOpenTenant(system)).requireQualifications(all);
    await expect(stranger).rejects.toMatchObject({ kind: 'not-found', reason: 'TENANT_NOT_FOUND' });
  });
});

// Moves the clock on, so it stands at the end.
describe('the end of a qualification', () => {
  it('is told of 60, 30 and 7 days before, each once however often the jobs run', async () => {
    const [person, renewed] = [await aParalegal(), await aParalegal()];
    const { id } = await qualifications().recordQualification(aQualification(person.id));
    await qualifications().recordQualification(aQualification(renewed.id));
    await qualifications().recordQualification(
      aQualification(renewed.id, { validUntil: { year: 2028, month: 6, day: 30 } }),
    );
    const steps = async (personId: string) =>
      (await told(personId)).flatMap((event) =>
        event?.$case === 'qualificationExpiring' ? [event.value.withinDays] : [],
      );

    await system.drainJobs();
    expect(await steps(person.id)).toEqual([]);
    for (const [now, expected] of [
      ['2026-05-01T06:59:00Z', []],
      // Midnight in California.
      ['2026-05-01T07:00:00Z', [60]],
      ['2026-05-31T12:00:00Z', [60, 30]],
      ['2026-06-30T12:00:00Z', [60, 30, 7]],
    ] as const) {
      system.clock.set(now);
      await system.drainJobs();
      await system.drainJobs();
      expect(await steps(person.id)).toEqual(expected);
      expect(await steps(renewed.id)).toEqual([]);
    }
    const last = (await told(person.id)).at(-1);
    expect(last).toMatchObject({
      $case: 'qualificationExpiring',
      value: { qualificationId: id, person: { id: person.id } },
    });
  });
});
