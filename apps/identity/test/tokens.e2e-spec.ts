import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Caller } from '@paradesk/access';
import { fromTimestamp } from '@paradesk/contracts';
import { Role } from '@paradesk/contracts/paradesk/common/v1/rule';
import { ApiKeysServiceService } from '@paradesk/contracts/paradesk/identity/v1/api_keys';
import { ClientsServiceService } from '@paradesk/contracts/paradesk/identity/v1/clients';
import { type Person, PeopleServiceService } from '@paradesk/contracts/paradesk/identity/v1/people';
import { TokensServiceService } from '@paradesk/contracts/paradesk/identity/v1/tokens';
import { TokenVerifier } from '@paradesk/platform';
import type { ServiceUnderTest } from '@paradesk/testing';
import { decodeJwt, decodeProtectedHeader, type JSONWebKeySet } from 'jose';
import { aClient, anOpenTenant, aPerson, serviceSecrets, startIdentity } from './builders.js';

let system: ServiceUnderTest;
let manager: Caller;
let paralegal: Person;
let key: string;
beforeAll(async () => {
  system = await startIdentity();
  manager = await anOpenTenant(system);
  paralegal = await system.client(PeopleServiceService, manager).createPerson(aPerson());
  key = await keyOf(paralegal);
});
afterAll(() => system.stop());

const tokens = () => system.client(TokensServiceService, undefined);

describe('a token for an API key', () => {
  it('says who calls which service until when', async () => {
    const { token, expiresAt } = await tokens().exchangeApiKey({ apiKey: key, audience: 'billing' });

    const issuedAt = Math.floor(system.clock.now().epochMilliseconds / 1000);
    expect(decodeJwt(token)).toEqual({
      iss: 'paradesk',
      aud: 'billing',
      sub: paralegal.id,
      tenant: manager.tenantId,
      role: 'PARALEGAL',
      jti: expect.any(String),
      iat: issuedAt,
      exp: issuedAt + 120,
    });
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'EdDSA', kid: (await publicKeys()).keys[0]?.kid });
    expect(fromTimestamp(expiresAt, 'expiresAt').epochMilliseconds).toBe((issuedAt + 120) * 1000);
  });

  it('is accepted by the one service it is for, as long as it lasts', async () => {
    const { token } = await tokens().exchangeApiKey({ apiKey: key, audience: 'billing' });

    expect(await verifier('billing').verify(token)).toEqual({
      tenantId: manager.tenantId,
      role: Role.PARALEGAL,
      personId: paralegal.id,
    });
    await expect(verifier('documents').verify(token)).rejects.toMatchObject({ reason: 'TOKEN_INVALID' });
    system.clock.advance({ seconds: 130 });
    await expect(verifier('billing').verify(token)).rejects.toMatchObject({ reason: 'TOKEN_EXPIRED' });
  });

  it("carries an attorney's client", async () => {
    const client = await system.client(ClientsServiceService, manager).createClient(aClient());
    const attorney = await system
      .client(PeopleServiceService, manager)
      .createPerson(aPerson({ role: Role.ATTORNEY, clientId: client.id }));

    const { token } = await tokens().exchangeApiKey({ apiKey: await keyOf(attorney), audience: 'documents' });

    expect(await verifier('documents').verify(token)).toMatchObject({ role: Role.ATTORNEY, clientId: client.id });
  });

  it.each([
    ['a text that is no key', () => 'open sesame'],
    ['a key of an id that nobody has', () => `pd_live_${'0'.repeat(22)}_${'0'.repeat(43)}`],
    ['a key with the secret of another', () => `${key.slice(0, -1)}${key.endsWith('0') ? '1' : '0'}`],
    ['a key with something behind it', () => `${key} `],
  ])('is not given for %s', async (_, wrong) => {
    const exchange = tokens().exchangeApiKey({ apiKey: wrong(), audience: 'billing' });

    await expect(exchange).rejects.toMatchObject({ kind: 'unauthenticated', reason: 'API_KEY_UNKNOWN' });
  });

  it('does not say of a revoked key that it was revoked to who has not its secret', async () => {
    const { key: revoked, apiKey } = await system
      .client(ApiKeysServiceService, manager)
      .createApiKey({ personId: paralegal.id, name: 'revoked' });
    await system.client(ApiKeysServiceService, manager).revokeApiKey({ apiKeyId: apiKey?.id ?? '' });
    const guessed = `${revoked.slice(0, 31)}${'0'.repeat(43)}`;

    await expect(tokens().exchangeApiKey({ apiKey: guessed, audience: 'billing' })).rejects.toMatchObject({
      reason: 'API_KEY_UNKNOWN',
    });
    await expect(tokens().exchangeApiKey({ apiKey: revoked, audience: 'billing' })).rejects.toMatchObject({
      reason: 'API_KEY_REVOKED',
    });
  });

  it.each([['gateway'], ['Billing'], ['billing,documents'], ['*']])(
    'is not made for the audience %s',
    async (audience) => {
      await expect(tokens().exchangeApiKey({ apiKey: key, audience })).rejects.toMatchObject({
        kind: 'invalid',
        violations: [{ field: 'audience' }],
      });
    },
  );
});

describe('a token for a service', () => {
  it('lets it act for the one tenant it names', async () => {
    const { token } = await tokens().issueServiceToken({
      service: 'billing',
      secret: serviceSecrets.billing,
      audience: 'documents',
      tenantId: manager.tenantId,
    });

    expect(await verifier('documents').verify(token)).toEqual({
      tenantId: manager.tenantId,
      role: Role.SERVICE,
      service: 'billing',
    });
  });

  it.each([
    ["another service's secret", 'billing', serviceSecrets.documents],
    ['a service without a secret', 'communications', serviceSecrets.billing],
    ['a service that there is not', 'payroll', serviceSecrets.billing],
  ])('is not given for %s', async (_, service, secret) => {
    const issue = tokens().issueServiceToken({ service, secret, audience: 'documents', tenantId: manager.tenantId });

    await expect(issue).rejects.toMatchObject({ kind: 'unauthenticated', reason: 'SERVICE_UNKNOWN' });
  });
});

describe('the public keys', () => {
  it('show no private half', async () => {
    const { keys } = await publicKeys();

    expect(keys).toHaveLength(1);
    expect(Object.keys(keys[0] ?? {}).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x']);
  });
});

async function keyOf(person: Person): Promise<string> {
  return (await system.client(ApiKeysServiceService, manager).createApiKey({ personId: person.id, name: 'test' })).key;
}

async function publicKeys(): Promise<JSONWebKeySet> {
  return JSON.parse((await tokens().listPublicKeys({})).jwks) as JSONWebKeySet;
}

function verifier(audience: string): TokenVerifier {
  return new TokenVerifier(audience, publicKeys, system.clock);
}
