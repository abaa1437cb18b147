import { Inject, Injectable } from '@nestjs/common';
import { DomainError } from '@paradesk/kernel';
import { Clock, CONFIG, Ids, TOKEN_ALGORITHM, TOKEN_ISSUER } from '@paradesk/platform';
import { createLocalJWKSet, errors, type JWTPayload, jwtVerify, SignJWT } from 'jose';
import { Temporal } from 'temporal-polyfill';
import type { IdentityConfig } from '../config.js';

/** A signed token, and when it ends. */
export interface SignedToken {
  readonly token: string;
  readonly expiresAt: Temporal.Instant;
}

/** What a token is for. */
export interface TokenPurpose {
  readonly audience: string;
  readonly lifetimeSeconds: number;
  /** `typ` of the header (RFC 8725, 3.11); none by default. */
  readonly type?: string;
}

/** Signs with the first of SIGNING_KEYS, verifies by all. */
@Injectable()
export class TokenSigner {
  private readonly publicKeys;

  constructor(
    @Inject(CONFIG) private readonly config: IdentityConfig,
    private readonly clock: Clock,
    private readonly ids: Ids,
  ) {
    this.publicKeys = createLocalJWKSet(config.SIGNING_KEYS.publicKeySet());
  }

  async sign({ audience, lifetimeSeconds, type }: TokenPurpose, claims: JWTPayload): Promise<SignedToken> {
    const { kid, privateKey } = this.config.SIGNING_KEYS.current;
    const issuedAt = Math.floor(this.clock.now().epochMilliseconds / 1000);
    const expiresAt = issuedAt + lifetimeSeconds;
    const token = await new SignJWT(claims)
      .setProtectedHeader({ alg: TOKEN_ALGORITHM, kid, ...(type !== undefined && { typ: type }) })
      .setIssuer(TOKEN_ISSUER)
      .setAudience(audience)
      .setJti(this.ids.next())
      .setIssuedAt(issuedAt)
      .setExpirationTime(expiresAt)
      .sign(privateKey);
    return { token, expiresAt: Temporal.Instant.fromEpochMilliseconds(expiresAt * 1000) };
  }

  /** What a token says that this signed for the purpose. @throws DomainError unauthenticated ACCESS_TOKEN_EXPIRED or ACCESS_TOKEN_INVALID */
  async verify<Claims>(token: string, { audience, lifetimeSeconds, type }: TokenPurpose): Promise<Claims & JWTPayload> {
    try {
      const { payload } = await jwtVerify<Claims>(token, this.publicKeys, {
        issuer: TOKEN_ISSUER,
        audience,
        typ: type,
        algorithms: [TOKEN_ALGORITHM],
        currentDate: new Date(this.clock.now().epochMilliseconds),
        maxTokenAge: lifetimeSeconds,
        requiredClaims: ['sub', 'iat', 'exp'],
      });
      return payload;
    } catch (error) {
      if (error instanceof errors.JWTExpired) {
        throw new DomainError(
          'unauthenticated',
          'ACCESS_TOKEN_EXPIRED',
          'the access token has expired: ask for another',
        );
      }
      if (error instanceof errors.JOSEError) {
        throw new DomainError('unauthenticated', 'ACCESS_TOKEN_INVALID', 'this is no access token');
      }
      throw error;
    }
  }
}
