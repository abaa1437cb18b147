import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, importJWK, SignJWT, type JWK, type JWTPayload } from 'jose';
import Provider, { interactionPolicy, type Adapter, type AdapterPayload, type Configuration } from 'oidc-provider';
import { errorPage, peoplePage } from './openid-provider-pages.js';

/** Somebody with an account at the provider. */
export interface ProviderPerson {
  /** The account's id there. */
  readonly subject: string;
  readonly name: string;
  readonly email: string;
  /** Whether the provider vouches for the e-mail address; true by default. */
  readonly emailVerified?: boolean;
  /** What the list of people says of them, such as their role and company. */
  readonly note: string;
}

/** How to run a provider. */
export interface ProviderOptions {
  readonly people: readonly ProviderPerson[];
  /** The one client: the gateway. */
  readonly client: { readonly id: string; readonly secret: string };
  /** What `generateProviderKey` made, so that it outlives a start; a new one by default. */
  readonly signingKey?: string;
  /** Port to listen on; a free one by default. */
  readonly port?: number;
}

const ALGORITHM = 'ES256';

/** A value for `signingKey`: a private JWK. */
export async function generateProviderKey(): Promise<string> {
  const { privateKey } = await generateKeyPair(ALGORITHM, { extractable: true });
  return JSON.stringify({ ...(await exportJWK(privateKey)), kid: randomUUID(), alg: ALGORITHM, use: 'sig' });
}

/**
 * A real OpenID Connect provider in this process, for demos and tests. It asks for no password: whoever comes chooses a person from a
 * list. So it listens on the loopback address only, and its state is in memory.
 */
export class OpenIdProvider {
  private constructor(
    /** URL of the issuer. */
    readonly issuer: string,
    private readonly server: Server,
    private readonly redirectUris: string[],
    private readonly options: ProviderOptions & { readonly signingKey: string },
  ) {}

  /** Starts a provider: it serves when this resolves. @throws Error where the port is taken */
  static async start(given: ProviderOptions): Promise<OpenIdProvider> {
    const options = { ...given, signingKey: given.signingKey ?? (await generateProviderKey()) };
    const server = createServer();
    server.listen(options.port ?? 0, '127.0.0.1');
    await once(server, 'listening');
    const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const redirectUris: string[] = [];
    const provider = new Provider(issuer, configurationOf(options, redirectUris));
    const others = provider.callback();
    server.on('request', (request, response) => {
      const isPeoplePage = request.url?.startsWith('/people/');
      if (isPeoplePage) void choosePerson(provider, options.people, request, response);
      else void others(request, response);
    });
    return new OpenIdProvider(issuer, server, redirectUris, options);
  }

  /** Lets the client have people sent back there, such as to the gateway's `/auth/callback`. */
  allowRedirect(uri: string): void {
    this.redirectUris.push(uri);
  }

  /**
   * An ID token as this provider signs them, without a browser.
   *
   * @param claims what it says beside issuer and audience, or instead of them; `iat` and `exp` in seconds since 1970
   */
  async idToken(claims: JWTPayload & { readonly sub: string; readonly nonce: string }): Promise<string> {
    const jwk = JSON.parse(this.options.signingKey) as JWK;
    const person = this.options.people.find(({ subject }) => subject === claims.sub);
    const now = Math.floor(Date.now() / 1000);
    const standard = { iss: this.issuer, aud: this.options.client.id, iat: now, exp: now + 300, ...claimsOf(person) };
    return new SignJWT({ ...standard, ...claims })
      .setProtectedHeader({ alg: ALGORITHM, kid: jwk.kid })
      .sign(await importJWK(jwk, ALGORITHM));
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await once(this.server.close(), 'close');
  }
}

function configurationOf(
  { people, client, signingKey }: ProviderOptions & { readonly signingKey: string },
  redirectUris: readonly string[],
): Configuration {
  const rows = new Map<string, Row>();
  return {
    // Read anew each time: where people are sent back to is known later than the issuer.
    adapter: (model: string) =>
      new MemoryAdapter(model, rows, () => ({
        client_id: client.id,
        client_secret: client.secret,
        redirect_uris: [...redirectUris],
        id_token_signed_response_alg: ALGORITHM,
      })),
    jwks: { keys: [JSON.parse(signingKey) as JWK] } as Configuration['jwks'],
    cookies: { keys: [randomUUID()] },
    pkce: { required: () => true },
    scopes: ['openid', 'email', 'profile'],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    // As large providers do: claims stand in the ID token, not only at the userinfo endpoint.
    conformIdTokenClaims: false,
    features: { devInteractions: { enabled: false }, rpInitiatedLogout: { enabled: false } },
    ttl: { AccessToken: 60, AuthorizationCode: 60, IdToken: 300, Interaction: 600, Session: 600, Grant: 600 },
    interactions: { policy: alwaysAsk(), url: (_ctx, { uid }) => `/people/${uid}` },
    findAccount: (_ctx, sub) => {
      const person = people.find(({ subject }) => subject === sub);
      return person && { accountId: sub, claims: () => ({ sub, ...claimsOf(person) }) };
    },
    // The one client is our own gateway: nobody is asked whether it may know them.
    loadExistingGrant: async ({ oidc }) => {
      const grant = new oidc.provider.Grant({ clientId: oidc.client!.clientId, accountId: oidc.session!.accountId! });
      grant.addOIDCScope('openid email profile');
      await grant.save();
      return grant;
    },
    renderError: (ctx, { error, error_description: description }) => {
      ctx.type = 'html';
      ctx.body = errorPage(String(error), String(description ?? ''));
    },
  };
}

/** Who signed in before is asked again: a demo is there to be seen through different eyes. */
function alwaysAsk(): interactionPolicy.DefaultPolicy {
  const policy = interactionPolicy.base();
  const check = new interactionPolicy.Check('people', 'a person has to be chosen', 'login_required', ({ oidc }) =>
    oidc.result?.login ? interactionPolicy.Check.NO_NEED_TO_PROMPT : interactionPolicy.Check.REQUEST_PROMPT,
  );
  policy.get('login')?.checks.add(check);
  return policy;
}

function claimsOf(person: ProviderPerson | undefined): JWTPayload {
  return person ? { name: person.name, email: person.email, email_verified: person.emailVerified ?? true } : {};
}

async function choosePerson(
  provider: Provider,
  people: readonly ProviderPerson[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    await provider.interactionDetails(request, response);
    if (request.method === 'POST') {
      const chosen = new URLSearchParams(await textOf(request)).get('person') ?? '';
      if (people.some(({ subject }) => subject === chosen)) {
        const login = { accountId: chosen, remember: false };
        return await provider.interactionFinished(request, response, { login }, { mergeWithLastSubmission: false });
      }
    }
    sendPage(response, 200, peoplePage(people));
  } catch {
    sendPage(response, 400, errorPage('This sign-in is over', 'Go back to where you came from and sign in again.'));
  }
}

function sendPage(response: ServerResponse, status: number, html: string): void {
  response.writeHead(status, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' }).end(html);
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}

interface Row {
  readonly payload: AdapterPayload;
  readonly expiresAtMs: number;
}

/** What the provider keeps, in memory until it expires. */
class MemoryAdapter implements Adapter {
  constructor(
    private readonly model: string,
    private readonly rows: Map<string, Row>,
    private readonly client: () => AdapterPayload,
  ) {}

  async upsert(id: string, payload: AdapterPayload, expiresInSeconds: number): Promise<void> {
    for (const [key, { expiresAtMs }] of this.rows) if (expiresAtMs < Date.now()) this.rows.delete(key);
    const expiresAtMs = Date.now() + (expiresInSeconds || 3600) * 1000;
    this.rows.set(this.keyOf(id), { payload, expiresAtMs });
  }

  async find(id: string): Promise<AdapterPayload | undefined> {
    if (this.model === 'Client') return id === this.client().client_id ? this.client() : undefined;
    const row = this.rows.get(this.keyOf(id));
    return row && row.expiresAtMs >= Date.now() ? row.payload : undefined;
  }

  async findByUid(uid: string): Promise<AdapterPayload | undefined> {
    return this.findWhere((payload) => payload.uid === uid);
  }

  async findByUserCode(userCode: string): Promise<AdapterPayload | undefined> {
    return this.findWhere((payload) => payload.userCode === userCode);
  }

  async consume(id: string): Promise<void> {
    const row = this.rows.get(this.keyOf(id));
    if (row) row.payload.consumed = Math.floor(Date.now() / 1000);
  }

  async destroy(id: string): Promise<void> {
    this.rows.delete(this.keyOf(id));
  }

  async revokeByGrantId(grantId: string): Promise<void> {
    for (const [key, { payload }] of this.rows) if (payload.grantId === grantId) this.rows.delete(key);
  }

  private keyOf(id: string): string {
    return `${this.model}:${id}`;
  }

  private findWhere(fits: (payload: AdapterPayload) => boolean): AdapterPayload | undefined {
    for (const [key, { payload }] of this.rows) if (key.startsWith(`${this.model}:`) && fits(payload)) return payload;
    return undefined;
  }
}
