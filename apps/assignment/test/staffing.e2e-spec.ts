import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { topics } from '@paradesk/contracts';
import { MattersServiceService, OpenMatterRequest } from '@paradesk/contracts/paradesk/assignment/v1/matters';
import { Role, TaskClass } from '@paradesk/contracts/paradesk/common/v1/rule';
import { ClientsServiceService } from '@paradesk/contracts/paradesk/identity/v1/clients';
import { PeopleServiceService, Person } from '@paradesk/contracts/paradesk/identity/v1/people';
import { HeldQualification, QualificationKind } from '@paradesk/contracts/paradesk/identity/v1/qualifications';
import { TaskKind } from '@paradesk/contracts/paradesk/identity/v1/task_kinds';
import { QualificationRequirement, TenantsServiceService } from '@paradesk/contracts/paradesk/identity/v1/tenants';
import { newId } from '@paradesk/kernel';
import { aCaller, ServiceUnderTest } from '@paradesk/testing';
import { assignment } from '../src/assignment.module.js';
import { tellOfTenant } from './builders.js';

const [CLIENT, ATTORNEY] = [newId(1), newId(2)];

// The clock of the tests stands at 2026-03-02.
let system: ServiceUnderTest;
beforeAll(async () => {
  system = await ServiceUnderTest.start(assignment);
  system.peers.stub(ClientsServiceService, { getClient: ({ clientId: id }) => ({ id, version: 1 }) });
  system.peers.stub(PeopleServiceService, {
    getPerson: ({ personId: id }) => ({ id, role: Role.ATTORNEY, clientId: CLIENT, version: 1 }),
  });
});
afterAll(() => system.stop());

async function aTenant(changes: Parameters<typeof tellOfTenant>[2] = {}) {
  const manager = aCaller({ role: Role.OPERATIONS_MANAGER });
  await tellOfTenant(system, manager, changes);
  const matters = system.client(MattersServiceService, manager);
  const { tenantId } = manager;

  const tellOfPerson = async (person: Person, $case: 'created' | 'qualificationRecorded' = 'created') => {
    const value = { person, qualificationId: person.qualifications[0]?.id ?? '' };
    await system.deliver(topics.people, {
      tenantId,
      aggregateId: person.id,
      aggregateVersion: person.version,
      event: { event: { $case, value } },
    });
    return person.id;
  };
  const aPerson = (role: Role, person: Partial<Person> = {}) =>
    tellOfPerson(Person.fromPartial({ id: newId(Date.now()), role, version: 1, ...person }));
  const tellOfKind = (code: string, taskClass: TaskClass) =>
    system.deliver(topics.task_kinds, {
      tenantId,
      aggregateId: newId(Date.now()),
      aggregateVersion: 1,
      event: {
        event: {
          $case: 'reclassified',
          value: { taskKind: TaskKind.fromPartial({ code, taskClass, version: 1 }), reclassificationId: CLIENT },
        },
      },
    });
  const assign = async (personId: string, taskKind = '') => {
    const intake = OpenMatterRequest.fromPartial({
      clientId: CLIENT,
      code: newId(Date.now()).slice(-12),
      name: 'Doe v. Roe',
      practiceArea: 1,
      jurisdiction: 'US-CA',
      supervisingAttorneyId: ATTORNEY,
    });
    const { id: matterId } = await matters.openMatter(intake);
    const assigned = matters.assignParalegal({ matterId, personId, work: 'Work', taskKind });
    const refusal = await assigned.then(
      () => undefined,
      (error: unknown) => error as { reason: string; kind: string },
    );
    // Who was refused is not on the matter.
    const { assignments, version } = await matters.getMatter({ matterId });
    expect(assignments.map((one) => [one.personId, one.taskKind])).toEqual(refusal ? [] : [[personId, taskKind]]);
    expect(version).toBe(refusal ? 1 : 2);
    return refusal?.reason ?? 'ASSIGNED';
  };
  return { manager, tellOfPerson, aPerson, tellOfKind, assign };
}

const held = (changes: object = {}) =>
  HeldQualification.fromPartial({
    id: CLIENT,
    kind: QualificationKind.CERTIFICATE,
    jurisdiction: 'us-ca',
    validFrom: { year: 2020, month: 1, day: 1 },
    validUntil: { year: 2026, month: 3, day: 2 },
    ...changes,
  });
const holding = (...qualifications: HeldQualification[]) => ({ qualifications, hasRecordedQualifications: true });
const yesterday = { validUntil: { year: 2026, month: 3, day: 1 } };

describe('somebody is put on a matter', () => {
  it.each([
    ['a paralegal for work of no kind', Role.PARALEGAL, '', 'ASSIGNED'],
    ['a paralegal for an unknown kind', Role.PARALEGAL, 'documents.guess', 'ASSIGNED'],
    ['a paralegal for substantive work', Role.PARALEGAL, 'documents.draft_pleading', 'ASSIGNED'],
    ['a paralegal for administrative work', Role.PARALEGAL, 'documents.scan', 'ASSIGNED'],
    ['a paralegal for what is reserved', Role.PARALEGAL, 'documents.sign', 'ROLE_NOT_ALLOWED'],
    ['a virtual assistant for administrative work', Role.VIRTUAL_ASSISTANT, 'documents.scan', 'ASSIGNED'],
    ['a virtual assistant for substantive work', Role.VIRTUAL_ASSISTANT, 'documents.draft_pleading', 'NOT_A_PARALEGAL'],
    ['a virtual assistant for what is reserved', Role.VIRTUAL_ASSISTANT, 'documents.sign', 'NOT_A_PARALEGAL'],
    ['a virtual assistant for work of no kind', Role.VIRTUAL_ASSISTANT, '', 'NOT_A_PARALEGAL'],
    ['a virtual assistant for an unknown kind', Role.VIRTUAL_ASSISTANT, 'documents.guess', 'NOT_A_PARALEGAL'],
    ['a billing manager for administrative work', Role.BILLING_MANAGER, 'documents.scan', 'NOT_A_PARALEGAL'],
  ])('%s', async (_name, role, taskKind, outcome) => {
    const { aPerson, assign } = await aTenant();
    expect(await assign(await aPerson(role), taskKind)).toBe(outcome);
  });

  it("by the tenant's own classes as soon as identity has told of them, and by no other tenant's", async () => {
    const [tenant, other] = [await aTenant(), await aTenant()];
    const assistant = await tenant.aPerson(Role.VIRTUAL_ASSISTANT);
    await tenant.tellOfKind('documents.scan', TaskClass.SUBSTANTIVE);
    expect(await tenant.assign(assistant, 'documents.scan')).toBe('NOT_A_PARALEGAL');
    expect(await other.assign(await other.aPerson(Role.VIRTUAL_ASSISTANT), 'documents.scan')).toBe('ASSIGNED');

    expect(await tenant.assign(assistant, 'own.fold')).toBe('NOT_A_PARALEGAL');
    await tenant.tellOfKind('own.fold', TaskClass.ADMINISTRATIVE);
    expect(await tenant.assign(assistant, 'own.fold')).toBe('ASSIGNED');
    // What would be below the floor has no effect, whoever said it.
    await tenant.tellOfKind('documents.draft_pleading', TaskClass.ADMINISTRATIVE);
    expect(await tenant.assign(assistant, 'documents.draft_pleading')).toBe('NOT_A_PARALEGAL');
  });
});

describe('somebody who no longer works here', () => {
  const deactivatedAt = { seconds: 1_772_366_400n, nanos: 0 };

  it('is put on no matter, until they are back', async () => {
    const { aPerson, tellOfPerson, assign } = await aTenant();
    const id = await aPerson(Role.PARALEGAL);
    const person = (version: number, changes: Partial<Person>) =>
      Person.fromPartial({ id, role: Role.PARALEGAL, version, ...changes });
    await tellOfPerson(person(2, { deactivatedAt }));
    expect(await assign(id)).toBe('PERSON_DEACTIVATED');
    await tellOfPerson(person(3, {}));
    expect(await assign(id)).toBe('ASSIGNED');
  });

  it('answers for no new matter', async () => {
    const { manager, tellOfPerson } = await aTenant();
    const attorney = { id: newId(Date.now()), role: Role.ATTORNEY, clientId: CLIENT, version: 1, deactivatedAt };
    const supervisingAttorneyId = await tellOfPerson(Person.fromPartial(attorney));
    const intake = { clientId: CLIENT, code: 'GONE-1', name: 'Doe v. Roe', practiceArea: 1, supervisingAttorneyId };
    const opened = system
      .client(MattersServiceService, manager)
      .openMatter(OpenMatterRequest.fromPartial({ ...intake, jurisdiction: 'US-CA' }));
    await expect(opened).rejects.toMatchObject({ kind: 'refused', reason: 'PERSON_DEACTIVATED' });
  });
});

describe('a paralegal is put on a matter for substantive work', () => {
  const { WHERE_RECORDED, ALWAYS } = QualificationRequirement;

  it.each<[string, QualificationRequirement, Partial<Person>, string]>([
    ['who never had a qualification', WHERE_RECORDED, {}, 'ASSIGNED'],
    ['who never had one, where all are asked', ALWAYS, {}, 'QUALIFICATION_MISSING'],
    ['whose only one was revoked', WHERE_RECORDED, holding(), 'QUALIFICATION_MISSING'],
    ['on the last day of it', WHERE_RECORDED, holding(held()), 'ASSIGNED'],
    ['on the last day of it, where all are asked', ALWAYS, holding(held()), 'ASSIGNED'],
    ['the day after', WHERE_RECORDED, holding(held(yesterday)), 'QUALIFICATION_EXPIRED'],
    [
      'with one for another jurisdiction',
      WHERE_RECORDED,
      holding(held({ jurisdiction: 'US-NY' })),
      'QUALIFICATION_MISSING',
    ],
    ['with one that does not end', WHERE_RECORDED, holding(held({ validUntil: undefined })), 'ASSIGNED'],
    [
      'with education that has lapsed',
      WHERE_RECORDED,
      holding(held(), held({ kind: QualificationKind.CONTINUING_EDUCATION, ...yesterday })),
      'QUALIFICATION_EXPIRED',
    ],
  ])('%s', async (_name, qualificationRequirement, person, outcome) => {
    const { aPerson, assign } = await aTenant({ qualificationRequirement });
    const personId = await aPerson(Role.PARALEGAL, person);
    expect(await assign(personId, 'documents.draft_pleading')).toBe(outcome);
    expect(await assign(personId, '')).toBe(outcome);
    expect(await assign(personId, 'documents.scan')).toBe('ASSIGNED');
  });

  it('by what was told last of the person and of the tenant', async () => {
    const { manager, tellOfPerson, assign } = await aTenant();
    const person = Person.fromPartial({ id: newId(Date.now()), role: Role.PARALEGAL, version: 1 });
    await tellOfPerson(person);
    expect(await assign(person.id)).toBe('ASSIGNED');
    await tellOfTenant(system, manager, { qualificationRequirement: ALWAYS, version: 2 });
    expect(await assign(person.id)).toBe('QUALIFICATION_MISSING');
    await tellOfPerson({ ...person, ...holding(held()), version: 2 }, 'qualificationRecorded');
    expect(await assign(person.id)).toBe('ASSIGNED');
  });

  it('by what identity answers where its events have not come', async () => {
    const caller = aCaller({ role: Role.OPERATIONS_MANAGER });
    const attorneyId = newId(Date.now());
    system.peers.stub(TenantsServiceService, {
      getTenant: ({ tenantId: id }) => ({ id, timeZone: 'UTC', qualificationRequirement: ALWAYS, version: 1 }),
    });
    system.peers.stub(PeopleServiceService, {
      getPerson: ({ personId: id }) =>
        id === attorneyId
          ? { id, role: Role.ATTORNEY, clientId: CLIENT, version: 1 }
          : { id, role: Role.PARALEGAL, ...holding(held(yesterday)), version: 3 },
    });
    const matters = system.client(MattersServiceService, caller);
    const intake = OpenMatterRequest.fromPartial({
      clientId: CLIENT,
      code: 'M-1',
      name: 'Doe v. Roe',
      practiceArea: 1,
      jurisdiction: 'US-CA',
      supervisingAttorneyId: attorneyId,
    });
    const { id: matterId } = await matters.openMatter(intake);
    const assigned = matters.assignParalegal({ matterId, personId: newId(Date.now()), work: 'Draft', taskKind: '' });
    await expect(assigned).rejects.toMatchObject({ kind: 'forbidden', reason: 'QUALIFICATION_EXPIRED' });
  });
});
