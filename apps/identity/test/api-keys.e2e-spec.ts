import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Caller } from '@paradesk/access';
import { ApiKeysServiceService } from '@paradesk/contracts/paradesk/identity/v1/api_keys';
import { type Person, PeopleServiceService } from '@paradesk/contracts/paradesk/identity/v1/people';
import { TokensServiceService } from '@paradesk/contracts/paradesk/identity/v1/tokens';
import { newId } from '@paradesk/kernel';
import type { ServiceUnderTest } from '@paradesk/testing';
import { anOpenTenant, aPerson, startIdentity } from './builders.js';

let system: ServiceUnderTest;
let manager: Caller;
let person: Person;
beforeAll(async () => {
  system = await startIdentity();
  manager = await anOpenTenant(system);
  person = await system.client(PeopleServiceService, manager).createPerson(aPerson());
});
afterAll(() => system.stop());

const apiKeys = (caller = manager) => system.client(ApiKeysServiceService, caller);
const exchange = (apiKey: string) =>
  system.client(TokensServiceService, undefined).exchangeApiKey({ apiKey, audience: 'billing' });

describe('API keys', () => {
  it('are shown once and stored as a hash only', async () => {
    const { key, apiKey } = await apiKeys().createApiKey({ personId: person.id, name: 'Clio' });

    expect(key).toMatch(/^pd_live_[0-9A-Za-z]{22}_[0-9A-Za-z]{43}$/);
    expect(apiKey).toMatchObject({ personId: person.id, name: 'Clio', prefix: key.slice(0, 30), revokedAt: undefined });
    const listed = await apiKeys().listApiKeys({ page: undefined });
    expect(listed.apiKeys).toContainEqual(apiKey);
    expect(JSON.stringify(listed, stringOfBigint)).not.toContain(secretOf(key));
    expect(await tablesThatHold(secretOf(key))).toEqual([]);
    expect(await tablesThatHold(key.slice(8, 30))).toEqual(['api_key_directory', 'api_keys']);
  });

  it('are made once under one idempotency key, and the secret is not shown again', async () => {
    const request = { personId: person.id, name: 'Once' };

    const first = await apiKeys().createApiKey(request, { idempotencyKey: 'key-once' });
    const second = await apiKeys().createApiKey(request, { idempotencyKey: 'key-once' });

    expect(second).toEqual({ apiKey: first.apiKey, key: '' });
    expect(await tablesThatHold(secretOf(first.key))).toEqual([]);
    await expect(exchange(first.key)).resolves.toMatchObject({ token: expect.any(String) });
  });

  it('sign in until they are revoked, and at once no longer', async () => {
    const { key, apiKey } = await apiKeys().createApiKey({ personId: person.id, name: 'Short-lived' });
    await exchange(key);

    const revoked = await apiKeys().revokeApiKey({ apiKeyId: apiKey?.id ?? '' });

    expect(revoked).toMatchObject({ id: apiKey?.id, revokedAt: expect.anything() });
    await expect(exchange(key)).rejects.toMatchObject({ kind: 'unauthenticated', reason: 'API_KEY_REVOKED' });
  });

  it('keep the moment at which they were revoked first', async () => {
    const { apiKey } = await apiKeys().createApiKey({ personId: person.id, name: 'Revoked twice' });

    const first = await apiKeys().revokeApiKey({ apiKeyId: apiKey?.id ?? '' });
    system.clock.advance({ hours: 1 });
    const second = await apiKeys().revokeApiKey({ apiKeyId: apiKey?.id ?? '' });

    expect(second).toEqual(first);
  });

  it('are not made for a person of another tenant, nor for nobody', async () => {
    const other = await anOpenTenant(system);
    const refusal = { kind: 'not-found', reason: 'PERSON_NOT_FOUND' };

    await expect(apiKeys(other).createApiKey({ personId: person.id, name: 'Theirs' })).rejects.toMatchObject(refusal);
    await expect(apiKeys().createApiKey({ personId: newId(1), name: 'Nobody' })).rejects.toMatchObject(refusal);
  });

  it('are neither seen nor revoked by another tenant', async () => {
    const { key, apiKey } = await apiKeys().createApiKey({ personId: person.id, name: 'Ours' });
    const other = await anOpenTenant(system);

    expect((await apiKeys(other).listApiKeys({ page: undefined })).apiKeys).toEqual([]);
    await expect(apiKeys(other).revokeApiKey({ apiKeyId: apiKey?.id ?? '' })).rejects.toMatchObject({
      reason: 'API_KEY_NOT_FOUND',
    });
    await expect(exchange(key)).resolves.toMatchObject({ token: expect.any(String) });
  });

  it('are listed the oldest first, page by page', async () => {
    const caller = await anOpenTenant(system);
    const { id } = await system.client(PeopleServiceService, caller).createPerson(aPerson());
    for (const name of ['1', '2', '3']) {
      system.clock.advance({ milliseconds: 1 });
      await apiKeys(caller).createApiKey({ personId: id, name });
    }

    const first = await apiKeys(caller).listApiKeys({ page: { size: 2, token: '' } });
    const second = await apiKeys(caller).listApiKeys({ page: { size: 2, token: first.page?.nextToken ?? '' } });

    expect([...first.apiKeys, ...second.apiKeys].map(({ name }) => name)).toEqual(['1', '2', '3']);
  });

  it('are not listed with a token that was made up', async () => {
    const list = apiKeys().listApiKeys({ page: { size: 2, token: Buffer.from('1:x').toString('base64url') } });

    await expect(list).rejects.toMatchObject({ kind: 'invalid', violations: [{ field: 'page.token' }] });
  });
});

function secretOf(key: string): string {
  return key.slice(31);
}

function stringOfBigint(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}

/** Every table of the database in which the text stands, plain or as the bytes of a message. */
async function tablesThatHold(text: string): Promise<string[]> {
  const { rows: tables } = await system.db.query<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname not in ('pg_catalog', 'information_schema')`,
  );
  const found: string[] = [];
  for (const { name } of tables) {
    const hex = Buffer.from(text).toString('hex');
    const { rows } = await system.db.query(`select from ${name} t where t::text like $1 or t::text like $2 limit 1`, [
      `%${text}%`,
      `%${hex}%`,
    ]);
    if (rows.length > 0) found.push(name.replace('public.', ''));
  }
  return found.sort();
}
