import { Inject, Injectable } from '@nestjs/common';
import { scopes } from '@paradesk/contracts';
import { TokensServiceService } from '@paradesk/contracts/paradesk/identity/v1/tokens';
import { DomainError } from '@paradesk/kernel';
import { makeClient } from '@paradesk/platform';
import { Channels } from '../channels.js';
import { LIMITS, type Limits } from '../limits.js';
import { SignInSettings } from '../sign-in/sign-in-settings.js';
import { clientCredentials, type TokenRequest } from './client-credentials.js';

/** A successful answer of the token endpoint (RFC 6749, 5.1). */
export interface TokenAnswer {
  readonly access_token: string;
  readonly token_type: 'Bearer';
  readonly expires_in: number;
  readonly scope?: string;
}

/** What the token endpoint does. What a token is, and for whom, identity alone says. */
@Injectable()
export class AccessTokensService {
  private readonly tokens;

  constructor(
    channels: Channels,
    private readonly settings: SignInSettings,
    @Inject(LIMITS) { signInTimeoutMs }: Limits,
  ) {
    this.tokens = makeClient(TokensServiceService, {
      channel: () => channels.to('identity'),
      prepare: () => Promise.resolve({ timeoutMs: signInTimeoutMs }),
    });
  }

  /**
   * An access token for a program's client id and secret, which together are its API key.
   *
   * @param callerAddress IP address of the program
   * @throws DomainError unauthenticated API_KEY_...; invalid INVALID_REQUEST, UNSUPPORTED_GRANT_TYPE or SCOPE_NOT_GRANTED; exhausted
   *   RATE_LIMITED or LOCKED_OUT
   */
  async issue(request: TokenRequest, callerAddress: string): Promise<TokenAnswer> {
    const { clientId, clientSecret, scopes: wanted } = clientCredentials(request);
    if (!clientId || !clientSecret) throw new DomainError('unauthenticated', 'API_KEY_MISSING', 'no client signs in');
    const apiKey = `${clientId}_${clientSecret}`;
    const issued = await this.tokens.issueAccessToken({ apiKey, scopes: [...wanted], callerAddress }, undefined);
    return {
      access_token: issued.accessToken,
      token_type: 'Bearer',
      expires_in: issued.expiresInSeconds,
      ...(issued.scopes.length > 0 && { scope: issued.scopes.join(' ') }),
    };
  }

  /** What an OAuth library has to know of this server (RFC 8414). */
  metadata(): Record<string, unknown> {
    const { origin } = this.settings;
    return {
      issuer: origin,
      token_endpoint: `${origin}/oauth/token`,
      token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
      grant_types_supported: ['client_credentials'],
      response_types_supported: [],
      scopes_supported: scopes(),
      service_documentation: `${origin}/docs`,
    };
  }
}
