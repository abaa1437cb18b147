import type { Caller } from '@paradesk/access';
import { Role } from '@paradesk/contracts/paradesk/common/v1/rule';
import { DomainError, isUuid } from '@paradesk/kernel';
import { createLocalJWKSet, errors, jwtVerify, type JSONWebKeySet, type JWTPayload, type JWTVerifyGetKey } from 'jose';
import type { Clock } from '../clock.js';

/** Issuer of all internal tokens. */
export const TOKEN_ISSUER = 'paradesk';
/** Longest life of a token, in seconds. */
export const TOKEN_LIFETIME_SECONDS = 120;
/** The one signature algorithm: whatever a token's header says, no other is tried. */
export const TOKEN_ALGORITHM = 'EdDSA';

/**
 * What a token says besides `iss`, `aud` (one service), `iat`, `exp` and `jti`. `sub` is the person's UUID, or the name of the service.
 */
export interface TokenClaims extends JWTPayload {
  readonly sub: string;
  /** UUID of the tenant. */
  readonly tenant: string;
  /** Name of the role in the contracts, such as BILLING_MANAGER. */
  readonly role: string;
  /** UUID of the client of an attorney or a partner system, or of that which a key is restricted to. */
  readonly client?: string;
  /** Scopes, separated by spaces (RFC 8693, 4.2); absent for all that the role may. */
  readonly scope?: string;
}

type TimedClaims = TokenClaims & { readonly iat: number; readonly exp: number };

/** Where the public keys come from: identity's ListPublicKeys. */
export type PublicKeys = () => Promise<JSONWebKeySet>;

const MAX_KNOWN = 10_000;
const KEY_REFRESH_MS = 5_000;

/** Verifies internal tokens for one service. A verified token is remembered until it ends, since a signature costs more than a call. */
export class TokenVerifier {
  private readonly known = new Map<string, { caller: Caller; endsAtMs: number }>();
  private keys: { get: JWTVerifyGetKey; fetchedAtMs: number } | undefined;

  constructor(
    private readonly audience: string,
    private readonly publicKeys: PublicKeys,
    private readonly clock: Clock,
  ) {}

  /**
   * @param token what stands behind `Bearer `
   * @throws DomainError unauthenticated TOKEN_EXPIRED or TOKEN_INVALID
   */
  async verify(token: string): Promise<Caller> {
    const remembered = this.remembered(token);
    if (remembered) return remembered;
    const nowMs = this.clock.now().epochMilliseconds;
    const claims = await this.claimsOf(token, nowMs);
    const caller = toCaller(claims);
    if (this.known.size >= MAX_KNOWN) this.known.clear();
    this.known.set(token, { caller, endsAtMs: Math.min(claims.exp, claims.iat + TOKEN_LIFETIME_SECONDS) * 1000 });
    return caller;
  }

  /** Whose token it is if it was verified before and has not ended: the answer of most calls, without a promise. */
  remembered(token: string): Caller | undefined {
    const known = this.known.get(token);
    return known && known.endsAtMs > this.clock.now().epochMilliseconds ? known.caller : undefined;
  }

  private async claimsOf(token: string, nowMs: number): Promise<TimedClaims> {
    try {
      return await this.verified(token, nowMs, await this.keySet(nowMs, false));
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw refusal(error);
    }
    // Identity may have a new key since: ask once more, but not for every forged key id.
    try {
      return await this.verified(token, nowMs, await this.keySet(nowMs, true));
    } catch (error) {
      throw refusal(error);
    }
  }

  private async verified(token: string, nowMs: number, keys: JWTVerifyGetKey): Promise<TimedClaims> {
    const { payload } = await jwtVerify<TokenClaims>(token, keys, {
      issuer: TOKEN_ISSUER,
      audience: this.audience,
      algorithms: [TOKEN_ALGORITHM],
      currentDate: new Date(nowMs),
      maxTokenAge: TOKEN_LIFETIME_SECONDS + 5,
      clockTolerance: 5,
      requiredClaims: ['sub', 'tenant', 'role', 'iat', 'exp'],
    });
    return payload as TimedClaims;
  }

  private async keySet(nowMs: number, refresh: boolean): Promise<JWTVerifyGetKey> {
    const stale = !this.keys || (refresh && Math.abs(nowMs - this.keys.fetchedAtMs) > KEY_REFRESH_MS);
    if (stale) this.keys = { get: createLocalJWKSet(await this.publicKeys()), fetchedAtMs: nowMs };
    return this.keys!.get;
  }
}

function toCaller(claims: TokenClaims): Caller {
  const role = Role[claims.role as keyof typeof Role];
  const valid =
    typeof role === 'number' &&
    role > 0 &&
    isUuid(claims.tenant) &&
    (claims.client === undefined || isUuid(claims.client)) &&
    (claims.scope === undefined || typeof claims.scope === 'string');
  if (!valid) throw invalidToken();
  if (role === Role.SERVICE) return { tenantId: claims.tenant, role, service: claims.sub };
  if (!isUuid(claims.sub)) throw invalidToken();
  return {
    tenantId: claims.tenant,
    role,
    personId: claims.sub,
    ...(claims.client && { clientId: claims.client }),
    // An empty scope is good for nothing, and not for everything.
    ...(claims.scope !== undefined && { scopes: claims.scope.split(' ') }),
  };
}

function refusal(error: unknown): unknown {
  if (error instanceof errors.JWTExpired)
    return new DomainError('unauthenticated', 'TOKEN_EXPIRED', 'the token has expired');
  return error instanceof errors.JOSEError ? invalidToken() : error;
}

function invalidToken(): DomainError {
  return new DomainError('unauthenticated', 'TOKEN_INVALID', 'the token is not valid here');
}
