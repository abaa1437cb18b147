import type { Caller } from '@paradesk/access';
import { InvitationsServiceService } from '@paradesk/contracts/paradesk/identity/v1/invitations';
import { type Person, PeopleServiceService } from '@paradesk/contracts/paradesk/identity/v1/people';
import { OpenSessionRequest, SessionsServiceService } from '@paradesk/contracts/paradesk/identity/v1/sessions';
import { OpenIdProvider } from '@paradesk/testing/openid-provider';
import type { ServiceUnderTest } from '@paradesk/testing';
import type { JWTPayload } from 'jose';
import { randomUUID } from 'node:crypto';
import { aPerson, startIdentity } from './builders.js';

/** The account of the operations team at the provider of the tests. */
export const OPERATOR_ACCOUNT = 'operator-account';

/** Identity, with a provider whose accounts sign in by ID tokens as the gateway would present them. */
export class SignInsUnderTest {
  private constructor(
    readonly system: ServiceUnderTest,
    readonly provider: OpenIdProvider,
  ) {}

  static async start(): Promise<SignInsUnderTest> {
    const client = { id: 'gateway', secret: randomUUID() };
    const provider = await OpenIdProvider.start({ people: [], client });
    const system = await startIdentity({
      OIDC_ISSUER: provider.issuer,
      OIDC_CLIENT_ID: client.id,
      OPERATORS: `${provider.issuer}|${OPERATOR_ACCOUNT}`,
    });
    return new SignInsUnderTest(system, provider);
  }

  /** RPCs without a token. */
  get sessions() {
    return this.system.client(SessionsServiceService, undefined);
  }

  /** What OpenSession takes of an account. */
  async request(account: string, claims: JWTPayload = {}, fields: Partial<OpenSessionRequest> = {}) {
    const nonce = randomUUID();
    const now = Math.floor(this.system.clock.now().epochMilliseconds / 1000);
    const idToken = await this.provider.idToken({ sub: account, nonce, iat: now, exp: now + 300, ...claims });
    return OpenSessionRequest.fromPartial({ idToken, nonce, userAgent: 'Firefox', ...fields });
  }

  /** The secret of a new session of an account. */
  async signIn(account: string, fields: Partial<OpenSessionRequest> = {}): Promise<string> {
    return (await this.sessions.openSession(await this.request(account, {}, fields))).secret;
  }

  /** A person of the tenant with an account that signs in as them. */
  async aPersonWithAccount(manager: Caller, overrides: Parameters<typeof aPerson>[0] = {}) {
    const person = await this.system.client(PeopleServiceService, manager).createPerson(aPerson(overrides));
    const account = `account-of-${person.id}`;
    const session = await this.accept(manager, person, account);
    return { person, account, session };
  }

  /** Invites a person and accepts by the account. */
  async accept(manager: Caller, person: Person, account: string): Promise<string> {
    return this.signIn(account, { invitation: await this.invite(manager, person.id) });
  }

  /** The secret of an invitation. */
  async invite(manager: Caller, personId: string): Promise<string> {
    return (await this.system.client(InvitationsServiceService, manager).invitePerson({ personId })).secret;
  }

  async stop(): Promise<void> {
    await this.system.stop();
    await this.provider.stop();
  }
}
