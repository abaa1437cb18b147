import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Caller } from '@paradesk/access';
import { ApiKeysServiceService, type CreatedApiKey } from '@paradesk/contracts/paradesk/identity/v1/api_keys';
import { type Person, PeopleServiceService } from '@paradesk/contracts/paradesk/identity/v1/people';
import { TokensServiceService } from '@paradesk/contracts/paradesk/identity/v1/tokens';
import { Role } from '@paradesk/contracts/paradesk/common/v1/rule';
import { createLogger } from '@paradesk/platform';
import type { ServiceUnderTest } from '@paradesk/testing';
import { decodeJwt } from 'jose';
import { Temporal } from 'temporal-polyfill';
import { anOpenTenant, aPerson, startIdentity } from '../../identity/test/builders.js';
import { startGateway, type RunningGateway } from '../src/gateway.module.js';
import { StubServices } from './stub-services.js';

const KEY_LIMIT = 20;

let identity: ServiceUnderTest;
let stubs: StubServices;
let gateways: RunningGateway[];
let manager: Caller;
let person: Person;

beforeAll(async () => {
  identity = await startIdentity({ KEY_REQUESTS_PER_MINUTE: String(KEY_LIMIT), ADDRESS_SIGN_INS_PER_MINUTE: '1000' });
  // Access tokens are verified by the clock of the process.
  identity.clock.set(new Date().toISOString());
  stubs = await StubServices.start();
  const start = () =>
    startGateway({
      host: '127.0.0.1',
      port: 0,
      identityAddress: identity.running.address,
      peers: stubs.peers,
      logger: createLogger({ service: 'gateway', level: 'fatal' }),
    });
  gateways = [await start(), await start()];
  manager = await anOpenTenant(identity);
  person = await identity
    .client(PeopleServiceService, manager)
    .createPerson(aPerson({ role: Role.OPERATIONS_MANAGER, timekeeperCode: '', timekeeperClassification: '' }));
});
afterAll(async () => {
  for (const gateway of gateways) await gateway.stop();
  await stubs.stop();
  await identity.stop();
});

const keys = () => identity.client(ApiKeysServiceService, manager);
const aKey = (more = {}): Promise<CreatedApiKey> =>
  keys().createApiKey({ personId: person.id, name: 'Practice system', ...more });
const exchange = (apiKey: string, callerAddress = '') =>
  identity.client(TokensServiceService, undefined).exchangeApiKey({ apiKey, audience: 'identity', callerAddress });

async function get(path: string, bearer: string, gateway = gateways[0]!) {
  const response = await fetch(gateway.url + path, { headers: { authorization: `Bearer ${bearer}` } });
  const body = (await response.json()) as { reason?: string };
  return { status: response.status, reason: body.reason, headers: response.headers };
}

async function tokenFor(form: Record<string, string>, headers: Record<string, string> = {}) {
  const response = await fetch(`${gateways[0]!.url}/oauth/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: new URLSearchParams(form).toString(),
  });
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Record<string, string>,
  };
}

const clientOf = ({ key }: CreatedApiKey) => {
  const at = key.lastIndexOf('_');
  return { client_id: key.slice(0, at), client_secret: key.slice(at + 1) };
};

describe('an API key', () => {
  it('carries its scopes in each token', async () => {
    const { token } = await exchange((await aKey({ scopes: ['billing:read'] })).key);
    expect(decodeJwt(token)).toMatchObject({ scope: 'billing:read' });
  });

  it('is not made with a scope that no service has', async () => {
    await expect(aKey({ scopes: ['kitchen:read'] })).rejects.toMatchObject({ kind: 'invalid' });
  });

  it('ends when it was said to end', async () => {
    const now = identity.clock.now();
    const ends = now.add({ hours: 1 });
    const { key } = await aKey({ expiresAt: { seconds: BigInt(Math.floor(ends.epochMilliseconds / 1000)), nanos: 0 } });
    await exchange(key);
    identity.clock.set(now.add({ hours: 2 }).toString());
    await expect(exchange(key)).rejects.toMatchObject({ kind: 'unauthenticated' });
    identity.clock.set(Temporal.Instant.from(now).toString());
  });

  it('has two live secrets while it is rotated, and not a third', async () => {
    const first = await aKey();
    const apiKeyId = first.apiKey!.id;
    const second = await keys().rotateApiKey({ apiKeyId, graceHours: 24 });
    await exchange(first.key);
    await exchange(second.key);
    await expect(keys().rotateApiKey({ apiKeyId, graceHours: 24 })).rejects.toMatchObject({ kind: 'refused' });
    const third = await keys().rotateApiKey({ apiKeyId, graceHours: 0 });
    for (const ended of [first.key, second.key])
      await expect(exchange(ended)).rejects.toMatchObject({ kind: 'unauthenticated' });
    await exchange(third.key);
  });

  it('is limited across gateways: of twice as many requests at once exactly the limit passes', async () => {
    const { key } = await aKey();
    const shots = Array.from({ length: 2 * KEY_LIMIT }, (_, index) => get('/v1/timeEntries', key, gateways[index % 2]));
    const answers = await Promise.all(shots);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(KEY_LIMIT);
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused).toHaveLength(KEY_LIMIT);
    expect(refused[0]?.reason).toBe('RATE_LIMITED');
    expect(Number(refused[0]?.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  it('locks out who guesses its secret, with the right one too, and nobody at another address', async () => {
    const { key } = await aKey();
    const guess = `${key.slice(0, -4)}AAAA`;
    for (let count = 0; count < 10; count++)
      await expect(exchange(guess, '192.0.2.7')).rejects.toMatchObject({ kind: 'unauthenticated' });
    await expect(exchange(key, '192.0.2.7')).rejects.toMatchObject({ reason: 'LOCKED_OUT' });
    await exchange(key, '198.51.100.7');
  });
});

describe('an access token', () => {
  it('is issued for client credentials in the body or in the header, and signs in', async () => {
    const client = clientOf(await aKey());
    const basic = Buffer.from(`${client.client_id}:${client.client_secret}`).toString('base64');
    const inBody = await tokenFor({ grant_type: 'client_credentials', ...client });
    const inHeader = await tokenFor({ grant_type: 'client_credentials' }, { authorization: `Basic ${basic}` });
    for (const { status, headers, body } of [inBody, inHeader]) {
      expect([status, body.token_type, headers.get('cache-control')]).toEqual([200, 'Bearer', 'no-store']);
      expect((await get('/v1/timeEntries', body.access_token!)).status).toBe(200);
    }
  });

  it('ends with its key at the next request', async () => {
    const created = await aKey();
    const { body } = await tokenFor({ grant_type: 'client_credentials', ...clientOf(created) });
    expect((await get('/v1/timeEntries', body.access_token!)).status).toBe(200);
    await keys().revokeApiKey({ apiKeyId: created.apiKey!.id });
    expect((await get('/v1/timeEntries', body.access_token!)).status).toBe(401);
  });

  it.each<[string, (client: { client_id: string; client_secret: string }) => Record<string, string>, number, string]>([
    [
      'a wrong secret',
      ({ client_id }) => ({ grant_type: 'client_credentials', client_id, client_secret: 'x' }),
      401,
      'invalid_client',
    ],
    ['another grant', (client) => ({ grant_type: 'password', ...client }), 400, 'unsupported_grant_type'],
    ['no grant', (client) => client, 400, 'invalid_request'],
    [
      'a scope that the key has not',
      (client) => ({ grant_type: 'client_credentials', scope: 'documents:write', ...client }),
      400,
      'invalid_scope',
    ],
  ])('is refused as OAuth says for %s', async (_name, form, status, error) => {
    const answer = await tokenFor(form(clientOf(await aKey({ scopes: ['identity:read'] }))));
    expect([answer.status, answer.body.error]).toEqual([status, error]);
  });

  it('of a service signs nobody in at the gateway', async () => {
    const { token } = await exchange((await aKey()).key);
    expect((await get('/v1/timeEntries', token)).status).toBe(401);
  });

  it('is found by what the server says of itself', async () => {
    const response = await fetch(`${gateways[0]!.url}/.well-known/oauth-authorization-server`);
    expect(await response.json()).toMatchObject({ token_endpoint: `${gateways[0]!.url}/oauth/token` });
  });
});
