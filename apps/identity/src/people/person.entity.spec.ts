import { describe, expect, it } from '@jest/globals';
import { DomainError } from '@paradesk/kernel';
import { Temporal } from 'temporal-polyfill';
import { type NewPerson, Person } from './person.entity.js';

const TENANT = '01890000-0000-7000-8000-000000000001';
const PERSON = '01890000-0000-7000-8000-000000000002';
const CLIENT = '01890000-0000-7000-8000-000000000003';

const paralegal: NewPerson = {
  firstName: 'Ines',
  lastName: 'Duarte',
  email: 'ines@harbor.example',
  role: 'PARALEGAL',
  clientId: '',
  timekeeperCode: '',
  timekeeperClassification: '',
};

describe('a person', () => {
  it.each<[string, Partial<NewPerson>, Partial<Person>]>([
    ['staff without a client', { role: 'VIRTUAL_ASSISTANT' }, { clientId: null }],
    ['an attorney of a client', { role: 'ATTORNEY', clientId: CLIENT }, { clientId: CLIENT }],
    ['a partner system of a client', { role: 'PARTNER', clientId: CLIENT }, { clientId: CLIENT }],
    ['somebody who keeps no time', {}, { timekeeperCode: null, timekeeperClassification: null }],
    [
      'a timekeeper',
      { timekeeperCode: 'ID', timekeeperClassification: 'PARALG' },
      { timekeeperClassification: 'PARALG' },
    ],
    [
      'a timekeeper with the longest classification',
      { timekeeperCode: 'ID', timekeeperClassification: 'ABCDEFGHIJ' },
      {},
    ],
  ])('is registered as %s', (_, overrides, expected) => {
    const person = Person.create(TENANT, PERSON, { ...paralegal, ...overrides });

    expect(person).toMatchObject({ tenantId: TENANT, id: PERSON, version: 1, ...expected });
    expectInvariants(person);
  });

  it.each<[string, Partial<NewPerson>, string, string]>([
    ['the role of the operations team', { role: 'OPERATOR' }, 'role', 'ROLE_NOT_GIVEN_TO_PEOPLE'],
    ['the role of services', { role: 'SERVICE' }, 'role', 'ROLE_NOT_GIVEN_TO_PEOPLE'],
    ['a role that is a property of every object', { role: 'toString' }, 'role', 'ROLE_NOT_GIVEN_TO_PEOPLE'],
    ['an attorney without a client', { role: 'ATTORNEY' }, 'clientId', 'CLIENT_REQUIRED'],
    ['a partner system without a client', { role: 'PARTNER' }, 'clientId', 'CLIENT_REQUIRED'],
    ['staff with a client', { clientId: CLIENT }, 'clientId', 'CLIENT_NOT_OF_STAFF'],
    [
      'a timekeeper without a classification',
      { timekeeperCode: 'ID' },
      'timekeeperClassification',
      'TIMEKEEPER_CLASSIFICATION',
    ],
    [
      'a classification without a code',
      { timekeeperClassification: 'PARALG' },
      'timekeeperCode',
      'TIMEKEEPER_CODE_REQUIRED',
    ],
    [
      'a classification in lower case',
      { timekeeperCode: 'ID', timekeeperClassification: 'Paralg' },
      'timekeeperClassification',
      'TIMEKEEPER_CLASSIFICATION',
    ],
    [
      'a classification of eleven letters',
      { timekeeperCode: 'ID', timekeeperClassification: 'ABCDEFGHIJK' },
      'timekeeperClassification',
      'TIMEKEEPER_CLASSIFICATION',
    ],
  ])('is refused with %s', (_, overrides, field, reason) => {
    const refusal = refusalOf(() => Person.create(TENANT, PERSON, { ...paralegal, ...overrides }));

    expect(refusal).toMatchObject({ kind: 'invalid', reason });
    expect(refusal.violations.map((violation) => violation.field)).toEqual([field]);
  });

  it('signs in until deactivated, and again when reactivated; each change counts once', () => {
    const noon = Temporal.Instant.from('2026-03-02T12:00:00Z');
    const person = Person.create(TENANT, PERSON, paralegal);
    expect(() => person.requireActive()).not.toThrow();

    expect([person.deactivate(noon), person.deactivate(noon.add({ hours: 1 }))]).toEqual([true, false]);
    expect(person.deactivatedAt?.equals(noon)).toBe(true);
    expect(refusalOf(() => person.requireActive())).toMatchObject({ reason: 'PERSON_DEACTIVATED' });
    expect([person.reactivate(), person.reactivate()]).toEqual([true, false]);
    expect(() => person.requireActive()).not.toThrow();
    expect(person.version).toBe(3);
    expectInvariants(person);
  });
});

function expectInvariants(person: Person): void {
  expect(person.clientId !== null).toBe(person.role === 'ATTORNEY' || person.role === 'PARTNER');
  expect(person.timekeeperCode === null).toBe(person.timekeeperClassification === null);
}

function refusalOf(work: () => unknown): DomainError {
  try {
    work();
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}
