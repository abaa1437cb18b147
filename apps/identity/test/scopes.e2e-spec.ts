import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Caller } from '@paradesk/access';
import { ClientsServiceService } from '@paradesk/contracts/paradesk/identity/v1/clients';
import type { ServiceUnderTest } from '@paradesk/testing';
import { aClient, aContact, anOpenTenant, startIdentity } from './builders.js';

let system: ServiceUnderTest;
let manager: Caller;
beforeAll(async () => {
  system = await startIdentity();
  manager = await anOpenTenant(system);
});
afterAll(() => system.stop());

const clients = (more: Partial<Caller>) => system.client(ClientsServiceService, { ...manager, ...more });

describe('a caller with scopes', () => {
  it.each([
    [['identity:read'], true, false],
    [['identity:write'], false, true],
    [['identity:read', 'identity:write'], true, true],
    [['billing:read'], false, false],
  ])('%j may read: %p, and write: %p', async (scopes, reads, writes) => {
    const refusal = { kind: 'forbidden', reason: 'SCOPE_MISSING' };
    const code = `C${scopes.join('').length}`;
    const list = () => clients({ scopes }).listClients({});
    const create = () => clients({ scopes }).createClient(aClient({ code }));
    if (reads) await list();
    else await expect(list()).rejects.toMatchObject(refusal);
    if (writes) await create();
    else await expect(create()).rejects.toMatchObject(refusal);
  });
});

describe('a manager restricted to a client', () => {
  it('calls only what names that client', async () => {
    const own = await clients({}).createClient(aClient({ code: 'OWN' }));
    const other = await clients({}).createClient(aClient({ code: 'OTHER' }));
    const restricted = clients({ clientId: own.id });
    await restricted.addContact(aContact(own.id));
    const calls = [() => restricted.addContact(aContact(other.id)), () => restricted.listClients({})];
    for (const call of calls)
      await expect(call()).rejects.toMatchObject({ kind: expect.stringMatching(/^(forbidden|not-found)$/) });
  });
});
