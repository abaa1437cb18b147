import type { Caller } from '@paradesk/access';
import { Role } from '@paradesk/contracts/paradesk/common/v1/rule';
import {
  makeClient,
  RawChannel,
  TOKEN_ALGORITHM,
  TOKEN_ISSUER,
  TOKEN_LIFETIME_SECONDS,
  type ServiceClient,
  type ServiceShape,
} from '@paradesk/platform';
import { importJWK, SignJWT, type JWK } from 'jose';
import { randomUUID } from 'node:crypto';

/**
 * Calls services as anybody, by tokens signed with identity's own key, which standalone made. So the first tenant gets its first people
 * before anybody could sign in.
 */
export class Bootstrap {
  private readonly signingKey: JWK;

  /** @param signingKeys identity's SIGNING_KEYS; the first key signs */
  constructor(
    signingKeys: string,
    private readonly addresses: Readonly<Record<string, string>>,
  ) {
    const [first] = JSON.parse(signingKeys) as JWK[];
    if (!first) throw new Error('there is no signing key');
    this.signingKey = first;
  }

  /** Runs `work` with a client of a service that calls as `caller`. */
  async as<D extends ServiceShape, T>(
    caller: Caller,
    service: string,
    definition: D,
    work: (client: ServiceClient<D, void>) => Promise<T>,
  ): Promise<T> {
    const channel = new RawChannel(this.addresses[service] ?? '');
    const token = await this.tokenFor(caller, service);
    try {
      return await work(
        makeClient(definition, {
          channel: () => channel,
          prepare: async () => ({ timeoutMs: 30_000, metadata: { authorization: `Bearer ${token}` } }),
        }),
      );
    } finally {
      channel.close();
    }
  }

  /** A token by which a service knows the caller. */
  async tokenFor(caller: Caller, audience: string): Promise<string> {
    const key = await importJWK(this.signingKey, TOKEN_ALGORITHM);
    return new SignJWT({
      tenant: caller.tenantId,
      role: Role[caller.role],
      ...(caller.clientId && { client: caller.clientId }),
    })
      .setProtectedHeader({ alg: TOKEN_ALGORITHM, kid: this.signingKey.kid })
      .setIssuer(TOKEN_ISSUER)
      .setAudience(audience)
      .setSubject(caller.personId ?? caller.service ?? '')
      .setJti(randomUUID())
      .setIssuedAt()
      .setExpirationTime(`${TOKEN_LIFETIME_SECONDS}s`)
      .sign(key);
  }
}
