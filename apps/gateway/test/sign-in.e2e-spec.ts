import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Caller } from '@paradesk/access';
import { ApiKeysServiceService } from '@paradesk/contracts/paradesk/identity/v1/api_keys';
import type { Person } from '@paradesk/contracts/paradesk/identity/v1/people';
import { SessionsServiceService } from '@paradesk/contracts/paradesk/identity/v1/sessions';
import { decodeJwt } from 'jose';
import { Browser } from './browser.js';
import { API_KEY, GatewayUnderTest } from './gateway-under-test.js';
import { accounts, SignInUnderTest } from './sign-in-under-test.js';

const SESSION = 'paradesk_session';
const PENDING = 'paradesk_sign_in';

let system: SignInUnderTest;
let manager: Caller;
let ines: Person;
beforeAll(async () => {
  system = await SignInUnderTest.start();
  manager = await system.aManager();
  const invited = await system.invite(manager, { email: accounts[0]!.email });
  ines = invited.person;
  await system.signIn(new Browser(), 'ines', `?invitation=${invited.secret}`);
});
afterAll(() => system.stop());

/** A browser in which Ines is signed in. */
async function signedIn(): Promise<Browser> {
  const browser = new Browser();
  await system.signIn(browser, 'ines');
  return browser;
}

const problemOf = async (response: Response) =>
  [response.status, ((await response.json()) as { reason: string }).reason] as const;
const read = (browser: Browser) => browser.send(`${system.url}/v1/timeEntries`);
const change = (browser: Browser, headers: Record<string, string>) =>
  browser.send(`${system.url}/v1/timeEntries:approve`, {
    method: 'POST',
    body: JSON.stringify({ timeEntryIds: [ines.id] }),
    headers: { 'content-type': 'application/json', ...headers },
  });
const ours = () => ({ origin: system.url, 'sec-fetch-site': 'same-origin' });

describe('signing in', () => {
  it('leads over the provider and back to where one wanted to go, and keeps nothing secret in an address', async () => {
    const browser = new Browser();

    const { url, response } = await system.signIn(browser, 'ines', '?return_to=/auth/session?of=ines');

    expect(url).toBe(`${system.url}/auth/session?of=ines`);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await response.json()).toEqual({
      session: expect.objectContaining({ personId: ines.id, userAgent: 'Firefox' }),
      role: 'ROLE_PARALEGAL',
      firstName: ines.firstName,
      lastName: ines.lastName,
      tenantId: manager.tenantId,
      tenantName: expect.any(String),
      clientId: '',
    });
    const [session] = browser.setCookies.filter((line) => line.startsWith(`${SESSION}=`));
    expect(session).toMatch(/^paradesk_session=pd_session_\w+; Max-Age=6047\d\d; Path=\/; HttpOnly; SameSite=Lax$/);
    expect(browser.value(PENDING)).toBeUndefined();
  });

  it('asks the provider for a code with PKCE, state and nonce', async () => {
    const browser = new Browser();
    const { headers } = await browser.send(`${system.url}/auth/sign-in`);

    const asked = new URL(headers.get('location') ?? '');
    expect(asked.origin).toBe(system.provider.issuer);
    expect(Object.fromEntries(asked.searchParams)).toEqual({
      client_id: 'gateway',
      redirect_uri: `${system.url}/auth/callback`,
      response_type: 'code',
      scope: 'openid email profile',
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge_method: 'S256',
      state: expect.stringMatching(/^[\w-]{43}$/),
      nonce: expect.stringMatching(/^[\w-]{43}$/),
    });
    const sealed = browser.value(PENDING) ?? '';
    expect(sealed).toMatch(/^[\w-]+\.\.[\w-]+\.[\w-]+\.[\w-]+$/);
    expect(Buffer.from(sealed, 'base64url').toString('latin1')).not.toContain(asked.searchParams.get('state'));
  });

  it('lets the session call the API as the person, and signs in again with the same account', async () => {
    const browser = await signedIn();

    expect((await read(browser)).status).toBe(200);
    const token = String(system.stubs.last('ListTimeEntries').metadata.authorization).replace('Bearer ', '');
    expect(decodeJwt(token)).toMatchObject({
      sub: ines.id,
      tenant: manager.tenantId,
      role: 'PARALEGAL',
      aud: 'billing',
    });
    expect((await change(browser, ours())).status).toBe(200);
  });

  it('is refused to an account that nobody invited, and to one that an invitation is not for', async () => {
    const { secret } = await system.invite(manager, {});

    const stranger = await system.signIn(new Browser(), 'eve');
    const thief = await system.signIn(new Browser(), 'eve', `?invitation=${secret}`);

    expect(await problemOf(stranger.response)).toEqual([403, 'NOT_INVITED']);
    expect(await problemOf(thief.response)).toEqual([403, 'INVITATION_FOR_ANOTHER']);
  });

  it('lets somebody who works for two companies choose one', async () => {
    const other = await system.aManager();
    for (const company of [manager, other]) {
      const { secret } = await system.invite(company, { email: 'lance@free.example' });
      await system.signIn(new Browser(), 'lance', `?invitation=${secret}`);
    }
    const browser = new Browser();

    const { response } = await system.signIn(browser, 'lance', '?return_to=/docs');

    const links = [...(await response.text()).matchAll(/href="([^"]+)"/g)].map(([, link]) =>
      link!.replaceAll('&#38;', '&'),
    );
    expect(links.sort()).toEqual(
      [manager, other].map(({ tenantId }) => `/auth/sign-in?tenant_id=${tenantId}&return_to=%2Fdocs`).sort(),
    );
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(browser.value(SESSION)).toBeUndefined();
    const { url } = await browser.choose((await browser.open(system.url + links[1]!)).url, 'lance');
    expect(url).toBe(`${system.url}/docs`);
    const current = (await (await browser.send(`${system.url}/auth/session`)).json()) as { tenantId: string };
    expect(links[1]).toContain(current.tenantId);
  });

  it('ends by signing out, at the next request and in every copy of the cookie', async () => {
    const browser = await signedIn();
    const copy = new Browser();
    copy.set(SESSION, browser.value(SESSION)!);

    const { status } = await browser.send(`${system.url}/auth/sign-out`, { method: 'POST', headers: ours() });

    expect(status).toBe(204);
    expect(browser.value(SESSION)).toBeUndefined();
    expect(await problemOf(await read(browser))).toEqual([401, 'API_KEY_MISSING']);
    expect(await problemOf(await browser.send(`${system.url}/auth/session`))).toEqual([401, 'SESSION_MISSING']);
    expect(await problemOf(await read(copy))).toEqual([401, 'SESSION_REVOKED']);
    const again = await copy.send(`${system.url}/auth/sign-out`, { method: 'POST', headers: ours() });
    expect(again.status).toBe(204);
  });

  it('ends at the next request when the session is revoked', async () => {
    const browser = await signedIn();
    expect((await read(browser)).status).toBe(200);
    const { session } = (await (await browser.send(`${system.url}/auth/session`)).json()) as {
      session: { id: string };
    };

    await system.identity.client(SessionsServiceService, manager).revokeSession({ sessionId: session.id });

    expect(await problemOf(await read(browser))).toEqual([401, 'SESSION_REVOKED']);
    expect(await problemOf(await browser.send(`${system.url}/auth/session`))).toEqual([401, 'SESSION_REVOKED']);
  });

  it('leaves API keys as they are, which win over a session', async () => {
    const browser = await signedIn();
    const keys = system.identity.client(ApiKeysServiceService, manager);
    const { key } = await keys.createApiKey({ personId: ines.id, name: 'program' });
    const bearer = { authorization: `Bearer ${key}` };

    expect((await change(new Browser(), bearer)).status).toBe(200);
    expect((await change(browser, { ...bearer, 'sec-fetch-site': 'cross-site' })).status).toBe(200);
    expect(await problemOf(await change(browser, { authorization: 'Bearer pd_live_nonsense' }))).toEqual([
      401,
      'API_KEY_UNKNOWN',
    ]);
  });
});

describe('an attack on a sign-in', () => {
  it.each<[string, (browser: Browser, callback: URL) => void | Promise<void>, string]>([
    ['with another state', (_, callback) => callback.searchParams.set('state', 'other'), 'SIGN_IN_STATE'],
    ['without a state', (_, callback) => callback.searchParams.delete('state'), 'SIGN_IN_STATE'],
    ['in a browser that began none', (browser) => browser.cookies.clear(), 'SIGN_IN_STATE'],
    [
      'with a cookie that was changed',
      (browser) => browser.set(PENDING, tampered(browser.value(PENDING)!)),
      'SIGN_IN_STATE',
    ],
    ['with a cookie that says nothing', (browser) => browser.set(PENDING, 'nonsense'), 'SIGN_IN_STATE'],
    ['with a code that is none', (_, callback) => callback.searchParams.set('code', 'guessed'), 'SIGN_IN_FAILED'],
    ['without a code', (_, callback) => callback.searchParams.delete('code'), 'SIGN_IN_FAILED'],
    [
      'from another issuer',
      (_, callback) => callback.searchParams.set('iss', 'https://evil.example'),
      'SIGN_IN_FAILED',
    ],
    [
      "with somebody else's code",
      async (_, callback) => {
        const theirs = new URL(await system.toCallback(new Browser(), 'eve'));
        callback.searchParams.set('code', theirs.searchParams.get('code') ?? '');
      },
      'SIGN_IN_FAILED',
    ],
  ])('%s signs nobody in', async (_, attack, reason) => {
    const browser = new Browser();
    const callback = new URL(await system.toCallback(browser, 'ines'));
    await attack(browser, callback);

    const response = await browser.send(callback.href);

    expect(await problemOf(response)).toEqual([401, reason]);
    expect(browser.value(SESSION)).toBeUndefined();
  });

  it('by a code that was used before signs nobody in', async () => {
    const browser = new Browser();
    const callback = await system.toCallback(browser, 'ines');
    const pending = browser.value(PENDING)!;
    expect((await browser.send(callback)).status).toBe(303);

    browser.set(PENDING, pending);
    browser.cookies.delete(`${SESSION}@/`);

    expect(await problemOf(await browser.send(callback))).toEqual([401, 'SIGN_IN_FAILED']);
    expect(browser.value(SESSION)).toBeUndefined();
  });

  it('is over when the person turns back at the provider', async () => {
    const browser = new Browser();
    const callback = new URL(await system.toCallback(browser, 'ines'));
    callback.searchParams.delete('code');
    callback.searchParams.set('error', 'access_denied');

    expect(await problemOf(await browser.send(callback.href))).toEqual([403, 'SIGN_IN_DENIED']);
    expect(browser.value(PENDING)).toBeUndefined();
  });

  it.each([
    ['//evil.example'],
    ['https://evil.example/docs'],
    ['/\\evil.example'],
    ['/%09/evil.example'],
    ['javascript:alert(1)'],
  ])('leads nobody to %s', async (elsewhere) => {
    const { response } = await new Browser().open(`${system.url}/auth/sign-in?return_to=${elsewhere}`);

    expect(await problemOf(response)).toEqual([400, 'RETURN_TO']);
  });

  it.each([
    ['return_to=/docs&return_to=/docs', 'INVALID_ARGUMENT'],
    ['tenant_id=mine', 'INVALID_ARGUMENT'],
    ['invitation=open-sesame', 'INVITATION_UNKNOWN'],
  ])('or a slip such as %s is refused before it begins', async (query, reason) => {
    const { response } = await new Browser().open(`${system.url}/auth/sign-in?${query}`);

    expect(await problemOf(response)).toEqual([400, reason]);
  });

  it('by a session that was planted in the browser before ends that session', async () => {
    const attacker = await signedIn();
    const planted = attacker.value(SESSION)!;
    const victim = new Browser();
    victim.set(SESSION, planted);

    await system.signIn(victim, 'ines');

    expect(victim.value(SESSION)).not.toBe(planted);
    expect((await read(victim)).status).toBe(200);
    expect(await problemOf(await read(attacker))).toEqual([401, 'SESSION_REVOKED']);
  });

  it('by a session cookie that was changed is not known', async () => {
    const browser = await signedIn();
    browser.set(SESSION, tampered(browser.value(SESSION)!));

    expect(await problemOf(await read(browser))).toEqual([401, 'SESSION_UNKNOWN']);
  });

  it.each<[string, Record<string, string>]>([
    ['another site', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }],
    ['another port of this host', { origin: 'http://127.0.0.1:1', 'sec-fetch-site': 'same-site' }],
    ['nowhere', {}],
  ])('from a page of %s changes nothing and signs nobody out', async (_, headers) => {
    const browser = await signedIn();
    const before = system.stubs.calls.length;

    expect(await problemOf(await change(browser, headers))).toEqual([403, 'CROSS_SITE_REQUEST']);
    const signOut = await browser.send(`${system.url}/auth/sign-out`, { method: 'POST', headers });
    expect(await problemOf(signOut)).toEqual([403, 'CROSS_SITE_REQUEST']);

    expect(system.stubs.calls.length).toBe(before);
    expect((await read(browser)).status).toBe(200);
  });

  it('finds no secret in the log', async () => {
    const browser = new Browser();
    const callback = await system.toCallback(browser, 'ines');
    await browser.send(callback);
    await browser.send(callback);
    const code = new URL(callback).searchParams.get('code')!;

    for (const secret of [browser.value(SESSION)!, code, 'the-secret-of-the-client', 'Duarte', 'ines@'])
      expect(system.log()).not.toContain(secret);
  });
});

describe('a gateway', () => {
  it('behind https keeps its cookies to encrypted connections and to its own host', async () => {
    const secure = await SignInUnderTest.start({ publicUrl: 'https://desk.example' });
    const browser = new Browser();
    const { headers } = await browser.send(`${secure.url}/auth/sign-in`);

    expect(new URL(headers.get('location')!).searchParams.get('redirect_uri')).toBe(
      'https://desk.example/auth/callback',
    );
    expect(browser.setCookies).toEqual([
      expect.stringMatching(/^__Host-paradesk_sign_in=.*; Max-Age=600; Path=\/; HttpOnly; Secure; SameSite=Lax$/),
    ]);
    await secure.stop();
  });

  it('that cannot reach its provider says so, and serves API keys on', async () => {
    const alone = await SignInUnderTest.start({ issuer: 'http://127.0.0.1:1' });

    const answer = await new Browser().send(`${alone.url}/auth/sign-in`);

    expect(await problemOf(answer)).toEqual([503, 'PROVIDER_UNAVAILABLE']);
    await alone.stop();
  });

  it('without a provider says that nobody signs in, and serves API keys', async () => {
    const plain = await GatewayUnderTest.start();
    const send = (path: string, method = 'GET') => fetch(plain.url + path, { method });

    for (const path of ['/auth/sign-in', '/auth/callback?code=x', '/auth/session'])
      expect(await problemOf(await send(path))).toEqual([404, 'SIGN_IN_NOT_CONFIGURED']);
    expect(await problemOf(await send('/auth/sign-out', 'POST'))).toEqual([404, 'SIGN_IN_NOT_CONFIGURED']);
    const headers = { authorization: `Bearer ${API_KEY}`, cookie: `${SESSION}=pd_session_x` };
    expect((await fetch(`${plain.url}/v1/timeEntries`, { headers })).status).toBe(200);
    await plain.stop();
  });
});

function tampered(text: string): string {
  const at = text.length - 5;
  return text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1);
}
