import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Caller } from '@paradesk/access';
import { topics } from '@paradesk/contracts';
import { Role } from '@paradesk/contracts/paradesk/common/v1/rule';
import { ClientsServiceService } from '@paradesk/contracts/paradesk/identity/v1/clients';
import { PeopleServiceService } from '@paradesk/contracts/paradesk/identity/v1/people';
import { newId } from '@paradesk/kernel';
import { aCaller, type ServiceUnderTest } from '@paradesk/testing';
import { aClient, anOpenTenant, aPerson, startIdentity } from './builders.js';

let system: ServiceUnderTest;
let manager: Caller;
beforeAll(async () => {
  system = await startIdentity();
  manager = await anOpenTenant(system);
});
afterAll(() => system.stop());

const people = (caller = manager) => system.client(PeopleServiceService, caller);

describe('people', () => {
  it('are registered, read and announced as they are', async () => {
    const request = aPerson({ timekeeperCode: 'ID-1', timekeeperClassification: 'PARALG' });

    const person = await people().createPerson(request);

    expect(person).toMatchObject({ ...request, version: 1 });
    expect(await people().getPerson({ personId: person.id })).toEqual(person);
    const published = (await system.published(topics.people)).filter((event) => event.aggregateId === person.id);
    expect(published).toEqual([
      {
        tenantId: manager.tenantId,
        aggregateId: person.id,
        aggregateVersion: 1,
        event: { event: { $case: 'created', value: { person } } },
      },
    ]);
  });

  it('are attorneys of a client of the tenant only', async () => {
    const client = await system.client(ClientsServiceService, manager).createClient(aClient());
    const other = await anOpenTenant(system);
    const refusal = { kind: 'not-found', reason: 'CLIENT_NOT_FOUND' };

    const attorney = await people().createPerson(aPerson({ role: Role.ATTORNEY, clientId: client.id }));

    expect(attorney).toMatchObject({ role: Role.ATTORNEY, clientId: client.id });
    const unknown = aPerson({ role: Role.ATTORNEY, clientId: newId(Date.now()) });
    await expect(people().createPerson(unknown)).rejects.toMatchObject(refusal);
    const others = aPerson({ role: Role.ATTORNEY, clientId: client.id });
    await expect(people(other).createPerson(others)).rejects.toMatchObject(refusal);
  });

  it.each([
    ['operators', { role: Role.OPERATOR }, 'ROLE_NOT_GIVEN_TO_PEOPLE'],
    ['services', { role: Role.SERVICE }, 'ROLE_NOT_GIVEN_TO_PEOPLE'],
    ['attorneys without a client', { role: Role.ATTORNEY }, 'CLIENT_REQUIRED'],
    ['staff with a client', { clientId: newId(1) }, 'CLIENT_NOT_OF_STAFF'],
    ['timekeepers without a classification', { timekeeperCode: 'X' }, 'TIMEKEEPER_CLASSIFICATION'],
    ['nothing that is stated', { role: Role.UNSPECIFIED }, 'INVALID_ARGUMENT'],
  ])('are not %s', async (_, overrides, reason) => {
    await expect(people().createPerson(aPerson(overrides))).rejects.toMatchObject({ kind: 'invalid', reason });
  });

  it('share no e-mail address, whatever its case, within a tenant', async () => {
    const { email } = await people().createPerson(aPerson());

    const taken = people().createPerson(aPerson({ email: email.toUpperCase() }));

    await expect(taken).rejects.toMatchObject({ kind: 'conflict', reason: 'EMAIL_TAKEN' });
    const other = await anOpenTenant(system);
    expect(await people(other).createPerson(aPerson({ email }))).toMatchObject({ email });
  });

  it('share no timekeeper code within a tenant, not even when registered at once', async () => {
    const timekeeper = { timekeeperCode: 'ID-2', timekeeperClassification: 'PARALG' };
    const tries = await Promise.allSettled([
      people().createPerson(aPerson(timekeeper)),
      people().createPerson(aPerson(timekeeper)),
    ]);

    expect(tries.map((one) => one.status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(tries.find((one) => one.status === 'rejected')?.reason).toMatchObject({ reason: 'TIMEKEEPER_CODE_TAKEN' });
    expect((await people().listPeople({ page: undefined, timekeeperCode: 'ID-2', role: 0 })).people).toHaveLength(1);
    const { rows } = await system.db.query(
      `select count(*)::int from messaging.outbox o where topic = $1
         and not exists (select from people p where p.tenant_id = o.tenant_id and p.id = o.aggregate_id)`,
      [topics.people.name],
    );
    expect(rows).toEqual([{ count: 0 }]);
  });

  it('without a timekeeper code are as many as there are', async () => {
    await people().createPerson(aPerson());
    await people().createPerson(aPerson());
  });

  it('are not there for another tenant', async () => {
    const person = await people().createPerson(aPerson());
    const other = await anOpenTenant(system);

    await expect(people(other).getPerson({ personId: person.id })).rejects.toMatchObject({
      reason: 'PERSON_NOT_FOUND',
    });
    expect((await people(other).listPeople({ page: undefined, timekeeperCode: '', role: 0 })).people).toEqual([]);
  });

  it('are read by services that act for the tenant', async () => {
    const person = await people().createPerson(aPerson());
    const billing = aCaller({ role: Role.SERVICE, tenantId: manager.tenantId });

    expect(await people(billing).getPerson({ personId: person.id })).toEqual(person);
  });

  it('are listed the oldest first, page by page, by role', async () => {
    const caller = await anOpenTenant(system);
    const made: string[] = [];
    for (const role of [Role.PARALEGAL, Role.VIRTUAL_ASSISTANT, Role.PARALEGAL, Role.PARALEGAL]) {
      system.clock.advance({ milliseconds: 1 });
      const { id } = await people(caller).createPerson(aPerson({ role }));
      if (role === Role.PARALEGAL) made.push(id);
    }

    const first = await people(caller).listPeople({
      page: { size: 2, token: '' },
      timekeeperCode: '',
      role: Role.PARALEGAL,
    });
    const page = { size: 2, token: first.page?.nextToken ?? '' };
    const second = await people(caller).listPeople({ page, timekeeperCode: '', role: Role.PARALEGAL });

    expect([...first.people, ...second.people].map((person) => person.id)).toEqual(made);
    expect(second.page?.nextToken).toBe('');
    expect(
      (await people(caller).listPeople({ page: undefined, timekeeperCode: '', role: Role.OPERATOR })).people,
    ).toEqual([]);
  });

  it('are not listed with a token that was made up', async () => {
    const page = { size: 2, token: Buffer.from('1:nobody').toString('base64url') };

    const list = people().listPeople({ page, timekeeperCode: '', role: 0 });

    await expect(list).rejects.toMatchObject({ kind: 'invalid', violations: [{ field: 'page.token' }] });
  });
});
