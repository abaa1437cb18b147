import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startSystem, type RunningSystem } from '@paradesk/standalone';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Browser } from '../../gateway/test/browser.js';

interface Current {
  readonly session: { readonly id: string; readonly personId: string };
  readonly role: string;
  readonly tenantId: string;
  readonly clientId: string;
}

describe('people of the demo', () => {
  const folder = mkdtempSync(join(tmpdir(), 'paradesk-sign-in-'));
  let system: RunningSystem;
  const start = () => startSystem({ folder, port: 0, logLevel: process.env.TEST_LOG_LEVEL ?? 'fatal' });
  beforeAll(async () => {
    system = await start();
  });
  afterAll(async () => {
    await system.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function signedIn(subject: string): Promise<Browser> {
    const browser = new Browser();
    const { url: page } = await browser.open(system.file.signIn);
    const { url } = await browser.choose(page, subject);
    expect(url).toBe(system.file.docs);
    return browser;
  }

  async function read<T>(browser: Browser, path: string): Promise<T> {
    return (await (await browser.send(system.file.api + path)).json()) as T;
  }

  async function post<T>(browser: Browser, path: string, body: object): Promise<{ status: number; body: T }> {
    const { origin } = new URL(system.file.api);
    const headers = { origin, 'content-type': 'application/json' };
    const response = await browser.send(system.file.api + path, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    });
    return { status: response.status, body: (await response.json()) as T };
  }

  const everyone: [subject: string, role: string, tenant: 'tenantId' | 'secondTenantId' | undefined][] = [
    ['olivia-marsh', 'ROLE_OPERATIONS_MANAGER', 'tenantId'],
    ['bram-keller', 'ROLE_BILLING_MANAGER', 'tenantId'],
    ['priya-nair', 'ROLE_PARALEGAL', 'tenantId'],
    ['theo-lund', 'ROLE_VIRTUAL_ASSISTANT', 'tenantId'],
    ['grace-alder', 'ROLE_ATTORNEY', 'tenantId'],
    ['alder-docketing', 'ROLE_PARTNER', 'tenantId'],
    ['nora-vance', 'ROLE_OPERATIONS_MANAGER', 'secondTenantId'],
    ['idris-cole', 'ROLE_BILLING_MANAGER', 'secondTenantId'],
    ['opal-reyes', 'ROLE_OPERATOR', undefined],
  ];

  it.each(everyone)('such as %s sign in, as %s', async (subject, role, tenant) => {
    const current = await read<Current>(await signedIn(subject), '/auth/session');

    expect([current.role, current.tenantId]).toEqual([role, tenant ? system.file[tenant] : '']);
    expect(current.clientId !== '').toBe(role === 'ROLE_ATTORNEY' || role === 'ROLE_PARTNER');
  });

  it('work by their session as their role may, and end the session themselves', async () => {
    const bram = await signedIn('bram-keller');
    const entries = await read<{ timeEntries: object[] }>(bram, '/v1/timeEntries');
    expect(entries.timeEntries).toHaveLength(2);
    expect((await post<{ reason: string }>(bram, '/v1/people', {})).body.reason).toBe('ROLE_NOT_ALLOWED');

    const { session } = await read<Current>(bram, '/auth/session');
    const other = await signedIn('bram-keller');
    const { sessions } = await read<{ sessions: { id: string }[] }>(other, '/v1/sessions');
    expect(sessions.map(({ id }) => id)).toContain(session.id);
    expect((await post(other, `/v1/sessions/${session.id}:revoke`, {})).status).toBe(200);

    expect((await read<{ reason: string }>(bram, '/v1/timeEntries')).reason).toBe('SESSION_REVOKED');
    expect((await read<{ timeEntries: object[] }>(other, '/v1/timeEntries')).timeEntries).toHaveLength(2);
  });

  it('are let go by their operations manager, at the next request', async () => {
    const theo = await signedIn('theo-lund');
    const { session } = await read<Current>(theo, '/auth/session');
    const olivia = await signedIn('olivia-marsh');

    expect((await post(olivia, `/v1/people/${session.personId}:deactivate`, {})).status).toBe(200);

    expect((await read<{ reason: string }>(theo, '/v1/timeEntries')).reason).toBe('SESSION_REVOKED');
    const { virtualAssistant } = system.file.keys;
    const headers = { authorization: `Bearer ${virtualAssistant}` };
    expect((await fetch(`${system.file.api}/v1/timeEntries`, { headers })).status).toBe(401);
    expect((await post(olivia, `/v1/people/${session.personId}:reactivate`, {})).status).toBe(200);
    await signedIn('theo-lund');
  });

  it('open a company as an operator, and invite its first operations manager', async () => {
    const opal = await signedIn('opal-reyes');
    const tenant = await post<{ id: string }>(opal, '/v1/tenants', {
      name: 'Tidewater Paralegals',
      timeZone: 'America/New_York',
      taxId: '11-2223333',
      email: 'office@tidewater.example',
    });
    expect(tenant.status).toBe(200);
    const first = { firstName: 'Nora', lastName: 'Vance', email: 'nora.vance@paradesk.example' };
    const path = `/v1/tenants/${tenant.body.id}:inviteFirstManager`;
    const { secret } = (await post<{ secret: string }>(opal, path, first)).body;

    const nora = new Browser();
    const page = await nora.open(`${system.file.api}/auth/sign-in?invitation=${secret}`);
    const { response } = await nora.choose(page.url, 'nora-vance');

    const current = (await response.json()) as Current;
    expect([current.role, current.tenantId]).toEqual(['ROLE_OPERATIONS_MANAGER', tenant.body.id]);
    const { people } = await read<{ people: { email: string }[] }>(nora, '/v1/people');
    expect(people.map(({ email }) => email)).toEqual([first.email]);
    expect((await post<{ reason: string }>(opal, path, { ...first, email: 'eve@evil.example' })).body.reason).toBe(
      'TENANT_NOT_FOUND',
    );
  });

  it('sign in after another start as well, wherever the provider listens then', async () => {
    await system.stop();
    system = await start();

    expect((await read<Current>(await signedIn('grace-alder'), '/auth/session')).role).toBe('ROLE_ATTORNEY');
  });
});
