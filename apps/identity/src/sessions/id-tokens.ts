import { Inject, Injectable } from '@nestjs/common';
import { DomainError } from '@paradesk/kernel';
import { Clock, CONFIG, ConfigError } from '@paradesk/platform';
import { createRemoteJWKSet, errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose';
import type { IdentityConfig } from '../config.js';

/** An account at the provider, as a verified ID token names it. */
export interface Subject {
  readonly issuer: string;
  readonly subject: string;
  /** E-mail address that the provider has verified to be the account's; absent where it does not say so. */
  readonly verifiedEmail?: string;
}

// Whatever the header of a token says: no symmetric algorithm, and never none.
const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA'];
const MAX_AGE_SECONDS = 300;
const FETCH_TIMEOUT_MS = 5_000;

interface IdTokenClaims extends JWTPayload {
  readonly nonce?: unknown;
  readonly azp?: unknown;
  readonly email?: unknown;
  readonly email_verified?: unknown;
}

/**
 * Verifies ID tokens of the one provider that is configured, by OpenID Connect Core 3.1.3.7. The gateway has done so too; identity
 * believes nobody else about who signs in.
 */
@Injectable()
export class IdTokens {
  private keys: JWTVerifyGetKey | undefined;

  constructor(
    @Inject(CONFIG) private readonly config: IdentityConfig,
    private readonly clock: Clock,
  ) {
    if (config.OIDC_ISSUER && !config.OIDC_CLIENT_ID) {
      throw new ConfigError(['OIDC_CLIENT_ID: is not set, it takes the client id at OIDC_ISSUER']);
    }
  }

  /**
   * @param nonce what the provider was asked to put into the token, so that one made for another sign-in is worth nothing
   * @throws DomainError unauthenticated ID_TOKEN_INVALID or ID_TOKEN_EXPIRED, unavailable PROVIDER_UNAVAILABLE, not-found
   *   SIGN_IN_NOT_CONFIGURED
   */
  async verify(idToken: string, nonce: string): Promise<Subject> {
    const { OIDC_ISSUER: issuer, OIDC_CLIENT_ID: clientId } = this.config;
    if (!issuer || !clientId) {
      throw new DomainError('not-found', 'SIGN_IN_NOT_CONFIGURED', 'no OpenID Connect provider is configured');
    }
    const claims = await this.claimsOf(idToken, issuer, clientId);
    if (claims.nonce !== nonce || (claims.azp !== undefined && claims.azp !== clientId)) throw invalidToken();
    const { sub, email, email_verified: isVerified } = claims;
    if (!sub || sub.length > 255) throw invalidToken();
    return { issuer, subject: sub, ...(isVerified === true && typeof email === 'string' && { verifiedEmail: email }) };
  }

  private async claimsOf(idToken: string, issuer: string, audience: string): Promise<IdTokenClaims> {
    try {
      this.keys ??= await keysOf(issuer);
      const { payload } = await jwtVerify<IdTokenClaims>(idToken, this.keys, {
        issuer,
        audience,
        algorithms: ALGORITHMS,
        currentDate: new Date(this.clock.now().epochMilliseconds),
        clockTolerance: 30,
        maxTokenAge: MAX_AGE_SECONDS,
        requiredClaims: ['sub', 'iat', 'exp', 'nonce'],
      });
      return payload;
    } catch (error) {
      throw refusal(error);
    }
  }
}

/** The provider's keys, fetched when a token comes, and again when it names a key that is not among them. */
async function keysOf(issuer: string): Promise<JWTVerifyGetKey> {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(FETCH_TIMEOUT_MS) });
  if (!response.ok) throw unavailable();
  const metadata = (await response.json()) as { issuer?: unknown; jwks_uri?: unknown };
  // Whoever answers for another issuer must not lend it its keys.
  if (metadata.issuer !== issuer || typeof metadata.jwks_uri !== 'string') throw unavailable();
  return createRemoteJWKSet(new URL(metadata.jwks_uri), { timeoutDuration: FETCH_TIMEOUT_MS });
}

function refusal(error: unknown): unknown {
  if (error instanceof DomainError) return error;
  if (error instanceof errors.JWTExpired) {
    return new DomainError('unauthenticated', 'ID_TOKEN_EXPIRED', 'the sign-in took too long: sign in again');
  }
  // What jose says of the key set, and not of the token, is the provider's fault.
  if (error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid) return unavailable();
  if (error instanceof errors.JOSEError && error.code !== 'ERR_JOSE_GENERIC') return invalidToken();
  return unavailable();
}

function invalidToken(): DomainError {
  return new DomainError('unauthenticated', 'ID_TOKEN_INVALID', 'the ID token is not valid here');
}

function unavailable(): DomainError {
  return new DomainError('unavailable', 'PROVIDER_UNAVAILABLE', 'the OpenID Connect provider cannot be reached');
}
