import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Caller } from '@paradesk/access';
import { topics } from '@paradesk/contracts';
import { Role } from '@paradesk/contracts/paradesk/common/v1/rule';
import { type Client, ClientsServiceService, ContactPurpose } from '@paradesk/contracts/paradesk/identity/v1/clients';
import { newId } from '@paradesk/kernel';
import { aCaller, type ServiceUnderTest } from '@paradesk/testing';
import { aClient, aContact, anOpenTenant, startIdentity } from './builders.js';

let system: ServiceUnderTest;
let manager: Caller;
beforeAll(async () => {
  system = await startIdentity();
  manager = await anOpenTenant(system);
});
afterAll(() => system.stop());

const clients = (caller = manager) => system.client(ClientsServiceService, caller);

describe('clients', () => {
  it('are registered, read and announced as they are', async () => {
    const request = aClient();

    const client = await clients().createClient(request);

    expect(client).toMatchObject({ ...request, contacts: [], version: 1 });
    expect(await clients().getClient({ clientId: client.id })).toEqual(client);
    expect(await eventsOf(client)).toEqual([{ version: 1, event: { $case: 'created', value: { client } } }]);
  });

  it('have a code that no other client of the tenant has', async () => {
    const { code } = await clients().createClient(aClient());

    await expect(clients().createClient(aClient({ code }))).rejects.toMatchObject({
      kind: 'conflict',
      reason: 'CLIENT_CODE_TAKEN',
    });

    const other = await anOpenTenant(system);
    expect(await clients(other).createClient(aClient({ code }))).toMatchObject({ code, version: 1 });
  });

  it('of one code are registered by one of two who try at once', async () => {
    const request = aClient();
    const tries = await Promise.allSettled(Array.from({ length: 2 }, () => clients().createClient(request)));

    const won = tries.filter((one) => one.status === 'fulfilled');
    const lost = tries.filter((one) => one.status === 'rejected');
    expect(won).toHaveLength(1);
    expect(lost.map((one) => (one.reason as { reason: string }).reason)).toEqual(['CLIENT_CODE_TAKEN']);
    const { rows } = await system.db.query('select version from clients where tenant_id = $1 and code = $2', [
      manager.tenantId,
      request.code,
    ]);
    expect(rows).toEqual([{ version: 1 }]);
    const created = (await system.published(topics.clients)).filter(
      ({ event }) => event.event?.value.client?.code === request.code,
    );
    expect(created).toHaveLength(1);
  });

  it('are registered once under one idempotency key', async () => {
    const request = aClient();

    const first = await clients().createClient(request, { idempotencyKey: `once ${request.code}`.replace(' ', '-') });
    const second = await clients().createClient(request, { idempotencyKey: `once-${request.code}` });

    expect(second).toEqual(first);
    expect(await eventsOf(first)).toHaveLength(1);
  });

  it('are not there for another tenant', async () => {
    const client = await clients().createClient(aClient());
    const other = await anOpenTenant(system);
    const refusal = { kind: 'not-found', reason: 'CLIENT_NOT_FOUND' };

    await expect(clients(other).getClient({ clientId: client.id })).rejects.toMatchObject(refusal);
    await expect(clients(other).addContact(aContact(client.id))).rejects.toMatchObject(refusal);
    expect((await clients(other).listClients({ page: undefined, code: '' })).clients).toEqual([]);
    expect(await clients().getClient({ clientId: client.id })).toEqual(client);
  });

  it('are not registered by a virtual assistant, nor without a token', async () => {
    const assistant = aCaller({ role: Role.VIRTUAL_ASSISTANT, tenantId: manager.tenantId });

    await expect(clients(assistant).createClient(aClient())).rejects.toMatchObject({
      kind: 'forbidden',
      reason: 'ROLE_NOT_ALLOWED',
    });
    await expect(system.client(ClientsServiceService, undefined).createClient(aClient())).rejects.toMatchObject({
      kind: 'unauthenticated',
      reason: 'TOKEN_MISSING',
    });
  });

  it('are listed by code, page by page, with their contacts, each once', async () => {
    const caller = await anOpenTenant(system);
    for (const code of ['b', 'A', 'c', 'B', 'a']) await clients(caller).createClient(aClient({ code }));
    const [first] = (await clients(caller).listClients({ page: undefined, code: 'B' })).clients;
    await clients(caller).addContact(aContact(first?.id ?? ''));

    const listed: Client[] = [];
    let token = '';
    do {
      const answer = await clients(caller).listClients({ page: { size: 2, token }, code: '' });
      expect(answer.clients.length).toBeLessThanOrEqual(2);
      listed.push(...answer.clients);
      token = answer.page?.nextToken ?? '';
    } while (token);

    expect(listed.map((client) => client.code)).toEqual(['A', 'B', 'a', 'b', 'c']);
    expect(listed.map((client) => client.contacts.length)).toEqual([0, 1, 0, 0, 0]);
  });

  it.each([
    ['a size below one', { size: -1, token: '' }, 'page.size'],
    ['a size above 200', { size: 201, token: '' }, 'page.size'],
    ['a token that no page gave', { size: 2, token: 'nonsense' }, 'page.token'],
    ['a token that was made up', { size: 2, token: Buffer.from('1:\0').toString('base64url') }, 'page.token'],
  ])('are not listed with %s', async (_, page, field) => {
    await expect(clients().listClients({ page, code: '' })).rejects.toMatchObject({
      kind: 'invalid',
      violations: [{ field }],
    });
  });
});

describe('contacts', () => {
  it('are added one by one, each with a version and an event of its own', async () => {
    const client = await clients().createClient(aClient());

    const one = await clients().addContact(aContact(client.id));
    system.clock.advance({ milliseconds: 1 });
    const two = await clients().addContact(aContact(client.id, { purpose: ContactPurpose.MATTERS }));

    expect(two).toMatchObject({
      version: 3,
      contacts: [{ purpose: ContactPurpose.BILLING }, { purpose: ContactPurpose.MATTERS }],
    });
    expect(await clients().getClient({ clientId: client.id })).toEqual(two);
    expect(await eventsOf(client)).toEqual([
      { version: 1, event: { $case: 'created', value: { client } } },
      { version: 2, event: { $case: 'contactAdded', value: { client: one, contactId: one.contacts[0]?.id } } },
      { version: 3, event: { $case: 'contactAdded', value: { client: two, contactId: two.contacts[1]?.id } } },
    ]);
  });

  it('are refused twice, and nothing changes', async () => {
    const client = await clients().createClient(aClient());
    const added = await clients().addContact(aContact(client.id));

    const again = clients().addContact(aContact(client.id, { email: 'AMARA@okafor.example' }));

    await expect(again).rejects.toMatchObject({ kind: 'conflict', reason: 'CONTACT_EXISTS' });
    expect(await clients().getClient({ clientId: client.id })).toEqual(added);
    expect(await eventsOf(client)).toHaveLength(2);
  });

  it('added by many at once get versions without a gap', async () => {
    const client = await clients().createClient(aClient());
    const emails = ['a', 'b', 'c', 'd', 'e', 'a'].map((name) => `${name}@okafor.example`);

    const added = await Promise.allSettled(emails.map((email) => clients().addContact(aContact(client.id, { email }))));

    expect(added.filter((one) => one.status === 'fulfilled')).toHaveLength(5);
    expect((await clients().getClient({ clientId: client.id })).version).toBe(6);
    expect((await eventsOf(client)).map(({ version }) => version)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('are not added to a client that does not exist', async () => {
    const add = clients().addContact(aContact(newId(Date.now())));

    await expect(add).rejects.toMatchObject({ kind: 'not-found', reason: 'CLIENT_NOT_FOUND' });
  });
});

async function eventsOf({ id }: Client) {
  const published = await system.published(topics.clients);
  const own = published.filter((event) => event.aggregateId === id);
  return own.map(({ aggregateVersion, event }) => ({ version: aggregateVersion, event: event.event }));
}
