import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Caller } from '@paradesk/access';
import { topics } from '@paradesk/contracts';
import { Role } from '@paradesk/contracts/paradesk/common/v1/rule';
import { ApiKeysServiceService } from '@paradesk/contracts/paradesk/identity/v1/api_keys';
import { ClientsServiceService } from '@paradesk/contracts/paradesk/identity/v1/clients';
import { type Person, PeopleServiceService } from '@paradesk/contracts/paradesk/identity/v1/people';
import { SessionsServiceService } from '@paradesk/contracts/paradesk/identity/v1/sessions';
import { TenantsServiceService } from '@paradesk/contracts/paradesk/identity/v1/tenants';
import { TokensServiceService } from '@paradesk/contracts/paradesk/identity/v1/tokens';
import { newId } from '@paradesk/kernel';
import { TokenVerifier } from '@paradesk/platform';
import { aCaller } from '@paradesk/testing';
import { OpenIdProvider } from '@paradesk/testing/openid-provider';
import { decodeJwt, exportSPKI, importJWK, type JSONWebKeySet, SignJWT, UnsecuredJWT } from 'jose';
import { randomUUID, type webcrypto } from 'node:crypto';
import { aClient, anOpenTenant, aPerson, aTenant } from './builders.js';
import { OPERATOR_ACCOUNT, SignInsUnderTest } from './sign-ins.js';

let signIns: SignInsUnderTest;
let manager: Caller;
let person: Person;
let account: string;
beforeAll(async () => {
  signIns = await SignInsUnderTest.start();
  manager = await anOpenTenant(signIns.system);
  ({ person, account } = await signIns.aPersonWithAccount(manager));
});
afterAll(() => signIns.stop());

const people = (caller = manager) => signIns.system.client(PeopleServiceService, caller);
const sessionsAs = (caller: Caller) => signIns.system.client(SessionsServiceService, caller);
const callerOf = ({ id, role }: Person, tenantId = manager.tenantId) => aCaller({ tenantId, role, personId: id });
const exchange = (session: string, audience = 'billing') => signIns.sessions.exchangeSession({ session, audience });
const idOf = async (session: string) => (await signIns.sessions.getCurrentSession({ session })).session?.id ?? '';

describe('a session', () => {
  it('is opened by an ID token, shown once and stored as a hash only', async () => {
    const opened = await signIns.sessions.openSession(await signIns.request(account));

    expect(opened.secret).toMatch(/^pd_session_[0-9A-Za-z]{22}_[0-9A-Za-z]{43}$/);
    expect(opened.session).toMatchObject({ personId: person.id, userAgent: 'Firefox', revokedAt: undefined });
    for (const table of ['sessions', 'credential_directory', 'sign_ins']) {
      const sql = `select from ${table} t where t::text like $1`;
      expect((await signIns.system.db.query(sql, [`%${opened.secret.slice(34)}%`])).rowCount).toBe(0);
    }
  });

  it('says who is signed in', async () => {
    const session = await signIns.signIn(account);

    expect(await signIns.sessions.getCurrentSession({ session })).toMatchObject({
      role: Role.PARALEGAL,
      firstName: person.firstName,
      lastName: person.lastName,
      tenantId: manager.tenantId,
      tenantName: aTenant().name,
      clientId: '',
    });
  });

  it('is exchanged for a token of one service, as an API key is', async () => {
    const { token } = await exchange(await signIns.signIn(account));

    expect(decodeJwt(token)).toMatchObject({ aud: 'billing', sub: person.id, tenant: manager.tenantId });
    expect(decodeJwt(token).role).toBe('PARALEGAL');
    expect(await verify(token)).toMatchObject({ personId: person.id, role: Role.PARALEGAL });
    await expect(exchange(await signIns.signIn(account), 'payroll')).rejects.toMatchObject({
      reason: 'UNKNOWN_AUDIENCE',
    });
  });

  it("carries an attorney's client", async () => {
    const client = await signIns.system.client(ClientsServiceService, manager).createClient(aClient());
    const attorney = await signIns.aPersonWithAccount(manager, { role: Role.ATTORNEY, clientId: client.id });

    expect(await verify((await exchange(attorney.session)).token)).toMatchObject({ clientId: client.id });
  });

  it('is opened by one ID token once, even at the same moment', async () => {
    const request = await signIns.request(account);

    const tries = await Promise.allSettled([1, 2, 3].map(() => signIns.sessions.openSession(request)));

    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    await expect(signIns.sessions.openSession(request)).rejects.toMatchObject({ reason: 'ID_TOKEN_USED' });
  });

  it.each([
    ['a text that is no session', () => 'open sesame'],
    ['an id that nobody has', () => `pd_session_${'0'.repeat(22)}_${'0'.repeat(43)}`],
    ['the secret of another', async () => `${(await signIns.signIn(account)).slice(0, 34)}${'0'.repeat(43)}`],
    ['something behind it', async () => `${await signIns.signIn(account)} `],
    ['the form of an API key', async () => (await signIns.signIn(account)).replace('pd_session_', 'pd_live_')],
  ])('is not known with %s', async (_, wrong) => {
    const session = await wrong();
    const refusal = { kind: 'unauthenticated', reason: 'SESSION_UNKNOWN' };

    await expect(exchange(session)).rejects.toMatchObject(refusal);
    await expect(signIns.sessions.getCurrentSession({ session })).rejects.toMatchObject(refusal);
    await expect(signIns.sessions.closeSession({ session })).rejects.toMatchObject(refusal);
  });

  it('ends when it is closed; its last token, replayed, ends with its two minutes', async () => {
    const session = await signIns.signIn(account);
    const { token } = await exchange(session);

    await signIns.sessions.closeSession({ session });

    await expect(exchange(session)).rejects.toMatchObject({ kind: 'unauthenticated', reason: 'SESSION_REVOKED' });
    await expect(signIns.sessions.closeSession({ session })).resolves.toMatchObject({ revokedAt: expect.anything() });
    signIns.system.clock.advance({ seconds: 126 });
    await expect(verify(token)).rejects.toMatchObject({ reason: 'TOKEN_EXPIRED' });
  });

  it('ends when it is idle for twelve hours, and after seven days of use', async () => {
    const idle = await signIns.signIn(account);
    const used = await signIns.signIn(account);
    for (let hours = 11; hours < 168; hours += 11) {
      signIns.system.clock.advance({ hours: 11 });
      await exchange(used);
    }

    await expect(exchange(idle)).rejects.toMatchObject({ reason: 'SESSION_IDLE' });
    signIns.system.clock.advance({ hours: 10 });
    await expect(exchange(used)).rejects.toMatchObject({ reason: 'SESSION_EXPIRED' });
  });

  it('that ended more than thirty days ago is forgotten with the next sign-in', async () => {
    const other = await signIns.aPersonWithAccount(manager);
    await signIns.sessions.closeSession({ session: other.session });
    signIns.system.clock.advance({ hours: 31 * 24 });

    const session = await signIns.signIn(other.account);

    expect((await sessionsAs(callerOf(other.person)).listSessions({ page: undefined, personId: '' })).sessions).toEqual(
      [expect.objectContaining({ id: await idOf(session) })],
    );
    const { rows } = await signIns.system.db.query('select from credential_directory where public_id = $1', [
      other.session.slice(11, 33),
    ]);
    expect(rows).toEqual([]);
  });
});

describe('an ID token', () => {
  it.each<[string, () => Promise<string>]>([
    ['that says nothing', async () => 'nonsense'],
    ['for another client', () => token({ aud: 'another-client' })],
    ['for several, issued to another', () => token({ aud: ['gateway', 'other'], azp: 'other' })],
    ['of another issuer', () => token({ iss: 'https://accounts.example' })],
    ['with another nonce', () => token({ nonce: 'another' })],
    ['of nobody', () => token({ sub: '' })],
    ['that is not valid yet', () => token({ nbf: nowSeconds() + 3600 })],
    ['from the future', () => token({ iat: nowSeconds() + 3600, exp: nowSeconds() + 3900 })],
    ['without an end', () => token({ exp: undefined })],
    ['signed by nobody', async () => unsecured()],
    ['signed by another provider', () => foreign()],
    ['keyed with the public key', () => confused()],
    ['that was changed', async () => changed(await token({}))],
  ])('%s opens no session', async (_, make) => {
    const open = signIns.sessions.openSession({
      ...(await signIns.request(account)),
      nonce: NONCE,
      idToken: await make(),
    });

    await expect(open).rejects.toMatchObject({ kind: 'unauthenticated', reason: 'ID_TOKEN_INVALID' });
  });

  it.each([
    ['that has ended', () => ({ iat: nowSeconds() - 600, exp: nowSeconds() - 60 })],
    ['that is older than a sign-in takes', () => ({ iat: nowSeconds() - 600, exp: nowSeconds() + 600 })],
  ])('%s opens no session', async (_, claims) => {
    await expect(signIns.sessions.openSession(await signIns.request(account, claims()))).rejects.toMatchObject({
      kind: 'unauthenticated',
      reason: 'ID_TOKEN_EXPIRED',
    });
  });

  const NONCE = 'the-nonce-of-the-sign-in';
  const nowSeconds = () => Math.floor(signIns.system.clock.now().epochMilliseconds / 1000);
  const claims = () => ({
    iss: signIns.provider.issuer,
    aud: 'gateway',
    sub: account,
    nonce: NONCE,
    iat: nowSeconds(),
    exp: nowSeconds() + 300,
  });
  const token = (changes: object) => signIns.provider.idToken({ ...claims(), ...changes });
  const unsecured = () => new UnsecuredJWT(claims()).encode();

  async function foreign(): Promise<string> {
    const other = await OpenIdProvider.start({ people: [], client: { id: 'gateway', secret: 'x' } });
    return other.idToken(claims()).finally(() => other.stop());
  }

  async function confused(): Promise<string> {
    const { keys } = (await (await fetch(`${signIns.provider.issuer}/jwks`)).json()) as JSONWebKeySet;
    const pem = await exportSPKI((await importJWK(keys[0]!, 'ES256')) as webcrypto.CryptoKey);
    return new SignJWT(claims()).setProtectedHeader({ alg: 'HS256', kid: keys[0]!.kid }).sign(Buffer.from(pem));
  }

  function changed(jwt: string): string {
    const [header, , signature] = jwt.split('.');
    const payload = Buffer.from(JSON.stringify({ ...claims(), sub: OPERATOR_ACCOUNT })).toString('base64url');
    return `${header}.${payload}.${signature}`;
  }
});

describe('an account', () => {
  it('that nobody has invited is refused', async () => {
    await expect(signIns.signIn('stranger')).rejects.toMatchObject({ kind: 'forbidden', reason: 'NOT_INVITED' });
  });

  it('of people of two companies chooses one; a session is of that one only', async () => {
    const other = await anOpenTenant(signIns.system);
    const freelancer = await people(other).createPerson(aPerson());
    const own = await signIns.aPersonWithAccount(manager);
    await signIns.accept(other, freelancer, own.account);

    const refusal = await signIns.signIn(own.account).catch((error: unknown) => error);

    const names = { [manager.tenantId]: aTenant().name, [other.tenantId]: aTenant().name };
    expect(refusal).toMatchObject({ kind: 'refused', reason: 'CHOOSE_TENANT', metadata: names });
    const chosen = await signIns.signIn(own.account, { tenantId: other.tenantId });
    expect(await signIns.sessions.getCurrentSession({ session: chosen })).toMatchObject({
      tenantId: other.tenantId,
      session: { personId: freelancer.id },
    });
    await expect(signIns.signIn(own.account, { tenantId: newId(1) })).rejects.toMatchObject({ reason: 'NOT_INVITED' });
    await people(other).deactivatePerson({ personId: freelancer.id });
    const onlyOne = await signIns.signIn(own.account);
    expect(await signIns.sessions.getCurrentSession({ session: onlyOne })).toMatchObject({
      tenantId: manager.tenantId,
    });
  });
});

describe('sessions', () => {
  it('are listed for their person, the newest first, and for the operations manager', async () => {
    const own = await signIns.aPersonWithAccount(manager);
    signIns.system.clock.advance({ milliseconds: 1 });
    const second = await signIns.signIn(own.account);

    const mine = await sessionsAs(callerOf(own.person)).listSessions({ page: { size: 1, token: '' }, personId: '' });
    const page = { size: 1, token: mine.page?.nextToken ?? '' };
    const rest = await sessionsAs(callerOf(own.person)).listSessions({ page, personId: '' });
    const managed = await sessionsAs(manager).listSessions({ page: undefined, personId: own.person.id });

    const ids = [await idOf(second), await idOf(own.session)];
    expect([...mine.sessions, ...rest.sessions].map(({ id }) => id)).toEqual(ids);
    expect(managed.sessions.map(({ id }) => id)).toEqual(ids);
    expect(JSON.stringify(managed, (_, value) => String(value))).not.toContain(second.slice(34));
  });

  it('of somebody else are nobody else’s business', async () => {
    const own = await signIns.aPersonWithAccount(manager);
    const id = await idOf(own.session);
    const billing = aCaller({ role: Role.BILLING_MANAGER, tenantId: manager.tenantId });
    const foreign = aCaller({ role: Role.OPERATIONS_MANAGER });

    for (const caller of [billing, foreign]) {
      const list = sessionsAs(caller).listSessions({ page: undefined, personId: own.person.id });
      await expect(list).rejects.toMatchObject({ reason: 'PERSON_NOT_FOUND' });
      const revokeAll = sessionsAs(caller).revokeSessions({ personId: own.person.id });
      await expect(revokeAll).rejects.toMatchObject({ reason: 'PERSON_NOT_FOUND' });
      const revoke = sessionsAs(caller).revokeSession({ sessionId: id });
      await expect(revoke).rejects.toMatchObject({ reason: 'SESSION_NOT_FOUND' });
    }
    await expect(exchange(own.session)).resolves.toMatchObject({ token: expect.any(String) });
  });

  it('are revoked by their person or the operations manager, at once and for good', async () => {
    const own = await signIns.aPersonWithAccount(manager);
    const other = await signIns.signIn(own.account);

    await sessionsAs(callerOf(own.person)).revokeSession({ sessionId: await idOf(own.session) });
    await expect(exchange(own.session)).rejects.toMatchObject({ reason: 'SESSION_REVOKED' });
    await expect(exchange(other)).resolves.toMatchObject({ token: expect.any(String) });

    expect(await sessionsAs(manager).revokeSessions({ personId: own.person.id })).toEqual({ revoked: 1 });
    await expect(exchange(other)).rejects.toMatchObject({ reason: 'SESSION_REVOKED' });
  });
});

describe('a person who is deactivated', () => {
  it('signs in no more, by whatever means; their keys and sessions stay ended when they come back', async () => {
    const own = await signIns.aPersonWithAccount(manager);
    const keys = signIns.system.client(ApiKeysServiceService, manager);
    const { key: apiKey } = await keys.createApiKey({ personId: own.person.id, name: 'Clio' });
    const invitation = await signIns.invite(manager, own.person.id);
    const byKey = () =>
      signIns.system.client(TokensServiceService, undefined).exchangeApiKey({ apiKey, audience: 'billing' });

    const gone = await people().deactivatePerson({ personId: own.person.id });

    expect(gone).toMatchObject({ id: own.person.id, version: 2, deactivatedAt: expect.anything() });
    expect(await people().deactivatePerson({ personId: own.person.id })).toEqual(gone);
    await expect(exchange(own.session)).rejects.toMatchObject({ reason: 'SESSION_REVOKED' });
    await expect(byKey()).rejects.toMatchObject({ reason: 'API_KEY_REVOKED' });
    await expect(signIns.signIn(own.account)).rejects.toMatchObject({ reason: 'PERSON_DEACTIVATED' });
    await expect(signIns.signIn(own.account, { invitation })).rejects.toMatchObject({ reason: 'INVITATION_REVOKED' });
    const { key: late } = await keys.createApiKey({ personId: own.person.id, name: 'late' });
    const tokens = signIns.system.client(TokensServiceService, undefined);
    await expect(tokens.exchangeApiKey({ apiKey: late, audience: 'billing' })).rejects.toMatchObject({
      reason: 'PERSON_DEACTIVATED',
    });

    const back = await people().reactivatePerson({ personId: own.person.id });

    expect(back).toMatchObject({ version: 3, deactivatedAt: undefined });
    await expect(exchange(own.session)).rejects.toMatchObject({ reason: 'SESSION_REVOKED' });
    await expect(byKey()).rejects.toMatchObject({ reason: 'API_KEY_REVOKED' });
    await expect(signIns.signIn(own.account)).resolves.toMatch(/^pd_session_/);
    const events = (await signIns.system.published(topics.people)).filter((one) => one.aggregateId === own.person.id);
    expect(events.map(({ aggregateVersion, event }) => [aggregateVersion, event.event?.$case])).toEqual([
      [1, 'created'],
      [2, 'deactivated'],
      [3, 'reactivated'],
    ]);
    expect(events[1]?.event.event?.value.person).toEqual(gone);
  });

  it('is not oneself, and not of another tenant', async () => {
    const self = await people().createPerson(aPerson({ role: Role.OPERATIONS_MANAGER }));
    const other = await anOpenTenant(signIns.system);

    await expect(people(callerOf(self)).deactivatePerson({ personId: self.id })).rejects.toMatchObject({
      kind: 'refused',
      reason: 'CANNOT_DEACTIVATE_YOURSELF',
    });
    await expect(people(other).deactivatePerson({ personId: self.id })).rejects.toMatchObject({
      reason: 'PERSON_NOT_FOUND',
    });
  });
});

describe('an operator', () => {
  it('signs in by an account that the settings name, with no tenant, and opens tenants', async () => {
    const session = await signIns.signIn(OPERATOR_ACCOUNT);

    expect(await signIns.sessions.getCurrentSession({ session })).toMatchObject({
      role: Role.OPERATOR,
      tenantId: '',
      firstName: '',
    });
    const { token } = await exchange(session, 'identity');
    const operator = await verify(token, 'identity');
    expect(operator).toMatchObject({ role: Role.OPERATOR, tenantId: '00000000-0000-0000-0000-000000000000' });
    const tenants = signIns.system.client(TenantsServiceService, operator);
    const key = { idempotencyKey: randomUUID() };
    const tenant = await tenants.createTenant(aTenant(), key);
    expect(await tenants.createTenant(aTenant(), key)).toEqual(tenant);
    await expect(people(operator).getPerson({ personId: person.id })).rejects.toMatchObject({ kind: 'forbidden' });
    expect((await sessionsAs(operator).listSessions({ page: undefined, personId: '' })).sessions).toHaveLength(1);
    await sessionsAs(operator).revokeSession({ sessionId: await idOf(session) });
    await expect(exchange(session)).rejects.toMatchObject({ reason: 'SESSION_REVOKED' });
  });
});

async function verify(token: string, audience = 'billing'): Promise<Caller> {
  const keys = async () => {
    const { jwks } = await signIns.system.client(TokensServiceService, undefined).listPublicKeys({});
    return JSON.parse(jwks) as JSONWebKeySet;
  };
  return new TokenVerifier(audience, keys, signIns.system.clock).verify(token);
}
