import { Injectable } from '@nestjs/common';
import { DomainError } from '@paradesk/kernel';
import { type KeySignIn, KeySignInsService } from '../api-keys/key-sign-ins.service.js';
import { type TokenPurpose, TokenSigner } from './token-signer.js';

/** An access token, how long it lasts, and what it is good for. */
export interface IssuedAccessToken {
  readonly accessToken: string;
  readonly expiresInSeconds: number;
  /** Empty for all that the role of the key's person may. */
  readonly scopes: readonly string[];
}

interface AccessTokenClaims {
  readonly client_id: string;
  readonly scope?: string;
}

/** For the gateway and no service: it is exchanged at each request, as the key itself would be. */
const PURPOSE: TokenPurpose = { audience: 'gateway', lifetimeSeconds: 600, type: 'at+jwt' };

/**
 * OAuth 2.0 client credentials (RFC 6749, 4.4) with JWTs by RFC 9068. A partner's program whose library speaks OAuth has its API key sent
 * once in ten minutes instead of at each request. A token is worth no more than its key: when that ends, so does the token.
 */
@Injectable()
export class AccessTokensService {
  constructor(
    private readonly keySignIns: KeySignInsService,
    private readonly signer: TokenSigner,
  ) {}

  /** @throws DomainError as `KeySignInsService.byKey`; invalid SCOPE_NOT_GRANTED */
  async issue(apiKey: string, wanted: readonly string[], address: string): Promise<IssuedAccessToken> {
    const { publicId, personId, scopes: granted } = await this.keySignIns.byKey(apiKey, address);
    if (granted.length > 0 && wanted.some((scope) => !granted.includes(scope))) {
      throw DomainError.invalid('scopes', 'SCOPE_NOT_GRANTED', 'the API key is not good for all of these scopes');
    }
    const scopes = wanted.length > 0 ? wanted : granted;
    const claims = { sub: personId, client_id: publicId, ...(scopes.length > 0 && { scope: scopes.join(' ') }) };
    const { token } = await this.signer.sign(PURPOSE, claims);
    return { accessToken: token, expiresInSeconds: PURPOSE.lifetimeSeconds, scopes };
  }

  /** Who is signed in by an access token. @throws DomainError unauthenticated ACCESS_TOKEN_...; as `KeySignInsService.byPublicId` */
  async authenticate(accessToken: string): Promise<KeySignIn> {
    const { client_id: publicId, scope } = await this.signer.verify<AccessTokenClaims>(accessToken, PURPOSE);
    const signIn = await this.keySignIns.byPublicId(publicId, accessToken);
    return scope === undefined ? signIn : { ...signIn, scopes: scope.split(' ') };
  }
}
