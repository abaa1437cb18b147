import type { Caller } from '@paradesk/access';
import { Role } from '@paradesk/contracts/paradesk/common/v1/rule';
import { newId } from '@paradesk/kernel';
import { TOKEN_ALGORITHM, TOKEN_ISSUER, TOKEN_LIFETIME_SECONDS, type Clock } from '@paradesk/platform';
import type { webcrypto } from 'node:crypto';
import { exportJWK, generateKeyPair, SignJWT, type JSONWebKeySet } from 'jose';

/** Somebody of a tenant of their own, unless said otherwise: a billing manager. */
export function aCaller(overrides: Partial<Caller> = {}): Caller {
  const role = overrides.role ?? Role.BILLING_MANAGER;
  const person = role === Role.SERVICE ? { service: 'billing' } : { personId: newId(Date.now()) };
  return { tenantId: newId(Date.now()), ...person, ...overrides, role };
}

/** Signs internal tokens as identity does, with a key of the test's own. */
export class TokenMint {
  private constructor(
    private readonly privateKey: webcrypto.CryptoKey,
    /** The key set that services verify with. */
    readonly jwks: JSONWebKeySet,
    private readonly clock: Clock,
  ) {}

  static async open(clock: Clock): Promise<TokenMint> {
    const { privateKey, publicKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519' });
    const jwk = await exportJWK(publicKey);
    return new TokenMint(privateKey, { keys: [{ ...jwk, kid: 'test', alg: TOKEN_ALGORITHM, use: 'sig' }] }, clock);
  }

  /** A token by which the service `audience` knows the caller. */
  async tokenFor(caller: Caller, audience: string): Promise<string> {
    const issuedAt = Math.floor(this.clock.now().epochMilliseconds / 1000);
    const claims = {
      tenant: caller.tenantId,
      role: Role[caller.role],
      ...(caller.clientId && { client: caller.clientId }),
      ...(caller.scopes && { scope: caller.scopes.join(' ') }),
    };
    return new SignJWT(claims)
      .setProtectedHeader({ alg: TOKEN_ALGORITHM, kid: 'test' })
      .setIssuer(TOKEN_ISSUER)
      .setAudience(audience)
      .setSubject(caller.personId ?? caller.service ?? '')
      .setJti(newId(Date.now()))
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + TOKEN_LIFETIME_SECONDS)
      .sign(this.privateKey);
  }
}
