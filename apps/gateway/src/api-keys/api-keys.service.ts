import { Inject, Injectable } from '@nestjs/common';
import { type Token, TokensServiceService } from '@paradesk/contracts/paradesk/identity/v1/tokens';
import { DomainError } from '@paradesk/kernel';
import { makeClient } from '@paradesk/platform';
import { Channels } from '../channels.js';
import { LIMITS, type Limits } from '../limits.js';

const API_KEY = /^Bearer +(pd_live_[A-Za-z0-9_-]{1,190}) *$/i;
// Three parts in base64url: what is in them is identity's to say.
const ACCESS_TOKEN = /^Bearer +([\w-]{1,1000}\.[\w-]{1,2000}\.[\w-]{1,500}) *$/i;

/**
 * Signs programs in by their API keys, and by the access tokens that were issued for them. Identity is asked at each request, so that a
 * revoked key ends at once.
 */
@Injectable()
export class ApiKeysService {
  private readonly tokens;

  constructor(channels: Channels, @Inject(LIMITS) { signInTimeoutMs }: Limits) {
    this.tokens = makeClient(TokensServiceService, {
      channel: () => channels.to('identity'),
      prepare: () => Promise.resolve({ timeoutMs: signInTimeoutMs }),
    });
  }

  /**
   * A token by which one service knows the caller.
   *
   * @param authorization the header of the request
   * @param audience name of the service
   * @param callerAddress IP address of the caller
   * @throws DomainError unauthenticated API_KEY_MISSING, API_KEY_UNKNOWN or, as identity says, API_KEY_REVOKED ...; exhausted RATE_LIMITED
   *   or LOCKED_OUT
   */
  async exchange(authorization: string | undefined, audience: string, callerAddress: string): Promise<Token> {
    if (authorization === undefined)
      throw new DomainError(
        'unauthenticated',
        'API_KEY_MISSING',
        'sign in with an API key: Authorization: Bearer pd_live_...',
      );
    const [, accessToken] = ACCESS_TOKEN.exec(authorization) ?? [];
    if (accessToken) return this.tokens.exchangeAccessToken({ accessToken, audience }, undefined);
    const [, apiKey] = API_KEY.exec(authorization) ?? [];
    if (!apiKey) throw new DomainError('unauthenticated', 'API_KEY_UNKNOWN', 'this is no API key');
    return this.tokens.exchangeApiKey({ apiKey, audience, callerAddress }, undefined);
  }
}
