import type { Caller } from '@paradesk/access';
import { Role } from '@paradesk/contracts/paradesk/common/v1/rule';
import { InvitationsServiceService } from '@paradesk/contracts/paradesk/identity/v1/invitations';
import { type Person, PeopleServiceService } from '@paradesk/contracts/paradesk/identity/v1/people';
import { TenantsServiceService } from '@paradesk/contracts/paradesk/identity/v1/tenants';
import { createLogger } from '@paradesk/platform';
import { aCaller, type ServiceUnderTest } from '@paradesk/testing';
import { OpenIdProvider, type ProviderPerson } from '@paradesk/testing/openid-provider';
import { PassThrough } from 'node:stream';
import { aPerson, aTenant, startIdentity } from '../../identity/test/builders.js';
import { startGateway, type RunningGateway, type SignInOptions } from '../src/gateway.module.js';
import { Browser } from './browser.js';
import { StubServices } from './stub-services.js';

const CLIENT = { id: 'gateway', secret: 'the-secret-of-the-client' };
export const COOKIE_KEY = 'a-key-of-the-cookies-of-tests';

/** Accounts at the provider. */
export const accounts: readonly ProviderPerson[] = [
  { subject: 'ines', name: 'Ines Duarte', email: 'ines@harbor.example', note: 'Paralegal' },
  { subject: 'eve', name: 'Eve', email: 'eve@elsewhere.example', note: 'Nobody' },
  { subject: 'lance', name: 'Lance', email: 'lance@free.example', note: 'Works for two' },
];

/** The gateway with a real identity and a real OpenID Connect provider; all other services are stubs. */
export class SignInUnderTest {
  private constructor(
    readonly gateway: RunningGateway,
    readonly identity: ServiceUnderTest,
    readonly provider: OpenIdProvider,
    readonly stubs: StubServices,
    /** What the gateway logged. */
    readonly log: () => string,
  ) {}

  static async start({
    publicUrl,
    ...overrides
  }: Partial<SignInOptions> & { readonly publicUrl?: string } = {}): Promise<SignInUnderTest> {
    const provider = await OpenIdProvider.start({ people: accounts, client: CLIENT });
    const identity = await startIdentity({ OIDC_ISSUER: provider.issuer, OIDC_CLIENT_ID: CLIENT.id });
    // The provider's clock is the real one.
    identity.clock.set(new Date().toISOString());
    const stubs = await StubServices.start();
    const lines: string[] = [];
    const destination = new PassThrough().on('data', (line) => lines.push(String(line)));
    const gateway = await startGateway({
      host: '127.0.0.1',
      port: 0,
      identityAddress: identity.running.address,
      peers: stubs.peers,
      logger: createLogger({ service: 'gateway', level: 'trace', destination }),
      signIn: {
        issuer: provider.issuer,
        clientId: CLIENT.id,
        clientSecret: CLIENT.secret,
        cookieKey: COOKIE_KEY,
        ...overrides,
      },
      ...(publicUrl !== undefined && { publicUrl }),
    });
    provider.allowRedirect(`${publicUrl ?? gateway.url}/auth/callback`);
    return new SignInUnderTest(gateway, identity, provider, stubs, () => lines.join(''));
  }

  get url(): string {
    return this.gateway.url;
  }

  /** The operations manager of a tenant that was just opened. */
  async aManager(): Promise<Caller> {
    const operator = aCaller({ role: Role.OPERATOR });
    const tenant = await this.identity.client(TenantsServiceService, operator).createTenant(aTenant());
    return aCaller({ role: Role.OPERATIONS_MANAGER, tenantId: tenant.id });
  }

  /** A person of the tenant, and the secret of their invitation. */
  async invite(manager: Caller, overrides: Parameters<typeof aPerson>[0]): Promise<{ person: Person; secret: string }> {
    const person = await this.identity.client(PeopleServiceService, manager).createPerson(aPerson(overrides));
    const invitations = this.identity.client(InvitationsServiceService, manager);
    return { person, secret: (await invitations.invitePerson({ personId: person.id })).secret };
  }

  /** Takes a browser to the provider's page. @param query of /auth/sign-in */
  async toProvider(browser: Browser, query = ''): Promise<string> {
    const { url, response } = await browser.open(`${this.url}/auth/sign-in${query}`);
    if (!url.startsWith(`${this.provider.issuer}/people/`)) throw new Error(`${response.status} at ${url}`);
    return url;
  }

  /** Takes a browser through a whole sign-in. @returns where it ends */
  async signIn(browser: Browser, subject: string, query = ''): Promise<{ url: string; response: Response }> {
    return browser.choose(await this.toProvider(browser, query), subject);
  }

  /** Takes a browser up to the callback, which it does not open. @returns address of the callback */
  async toCallback(browser: Browser, subject: string, query = ''): Promise<string> {
    const callback = `${this.url}/auth/callback`;
    return (await browser.choose(await this.toProvider(browser, query), subject, callback)).url;
  }

  async stop(): Promise<void> {
    await this.gateway.stop();
    this.stubs.stop();
    await this.identity.stop();
    await this.provider.stop();
  }
}
