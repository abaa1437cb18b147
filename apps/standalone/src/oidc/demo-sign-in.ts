import type { Caller } from '@paradesk/access';
import { Role } from '@paradesk/contracts/paradesk/common/v1/rule';
import { InvitationsServiceService } from '@paradesk/contracts/paradesk/identity/v1/invitations';
import { type Person, PeopleServiceService } from '@paradesk/contracts/paradesk/identity/v1/people';
import { SessionsServiceService } from '@paradesk/contracts/paradesk/identity/v1/sessions';
import type { SignInOptions } from '@paradesk/gateway';
import { OpenIdProvider } from '@paradesk/testing/openid-provider';
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Bootstrap } from '../bootstrap.js';
import type { Demo } from '../demo-data.js';
import { type Secrets, writePrivately } from '../secrets.js';
import { demoPeople, operator } from './demo-people.js';

const CLIENT_ID = 'paradesk';

/** An OpenID Connect provider in this process by which the demo's people sign in. In production it is the company's own. */
export class DemoSignIn {
  private constructor(
    private readonly provider: OpenIdProvider,
    private readonly secrets: Secrets,
  ) {}

  /** @param port 0 takes a free one */
  static async start(secrets: Secrets, port: number): Promise<DemoSignIn> {
    const provider = await OpenIdProvider.start({
      people: demoPeople,
      client: { id: CLIENT_ID, secret: secrets.oidc.clientSecret },
      signingKey: secrets.oidc.signingKey,
      port,
    });
    return new DemoSignIn(provider, secrets);
  }

  /** What identity's environment says of it. */
  get identitySettings(): Record<string, string> {
    const { issuer } = this.provider;
    return { OIDC_ISSUER: issuer, OIDC_CLIENT_ID: CLIENT_ID, OPERATORS: `${issuer}|${operator.subject}` };
  }

  /** What a gateway in this process takes. */
  get gatewayOptions(): SignInOptions {
    const { clientSecret, cookieKey } = this.secrets.oidc;
    return { issuer: this.provider.issuer, clientId: CLIENT_ID, clientSecret, cookieKey };
  }

  /** What the environment of a gateway in a process of its own says. */
  get gatewaySettings(): Record<string, string> {
    const { issuer, clientId, clientSecret, cookieKey } = this.gatewayOptions;
    return {
      OIDC_ISSUER: issuer,
      OIDC_CLIENT_ID: clientId,
      OIDC_CLIENT_SECRET: clientSecret,
      COOKIE_KEY: cookieKey,
    };
  }

  /**
   * Lets the demo's people in: has them sent back to the gateway, and accepts an invitation for each. Accounts are known by their issuer,
   * which has the port in its name, so where that changed they are all invited anew.
   *
   * @param api base URL of the gateway
   */
  async open(api: string, folder: string, bootstrap: Bootstrap, demo: Demo): Promise<void> {
    this.provider.allowRedirect(`${api}/auth/callback`);
    const path = join(folder, 'sign-ins.json');
    const done = JSON.stringify({ issuer: this.provider.issuer, tenantId: demo.tenantId });
    if (existsSync(path) && readFileSync(path, 'utf8').trim() === done) return;
    await this.invitePeople(bootstrap, 'first', demo.tenantId);
    await this.invitePeople(bootstrap, 'second', demo.secondTenantId);
    writePrivately(path, done);
  }

  async stop(): Promise<void> {
    await this.provider.stop();
  }

  private async invitePeople(bootstrap: Bootstrap, tenant: 'first' | 'second', tenantId: string): Promise<void> {
    const manager: Caller = { tenantId, role: Role.OPERATIONS_MANAGER, personId: randomUUID() };
    const { people } = await bootstrap.as(manager, 'identity', PeopleServiceService, (all) =>
      all.listPeople({ page: { size: 200, token: '' } }),
    );
    for (const account of demoPeople.filter((one) => one.tenant === tenant)) {
      const person = people.find(({ email }) => email === account.email);
      if (person && !person.deactivatedAt) await this.letIn(bootstrap, manager, person, account.subject);
    }
  }

  private async letIn(bootstrap: Bootstrap, manager: Caller, { id }: Person, subject: string): Promise<void> {
    const { secret: invitation } = await bootstrap.as(manager, 'identity', InvitationsServiceService, (invitations) =>
      invitations.invitePerson({ personId: id }),
    );
    const nonce = randomUUID();
    const idToken = await this.provider.idToken({ sub: subject, nonce });
    await bootstrap.as(manager, 'identity', SessionsServiceService, async (sessions) => {
      const { secret: session } = await sessions.openSession({ idToken, nonce, invitation });
      await sessions.closeSession({ session });
    });
  }
}
