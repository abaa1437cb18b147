import { DomainError } from '@paradesk/kernel';
import { TokensServiceService } from '@paradesk/contracts/paradesk/identity/v1/tokens';
import { makeClient } from '@paradesk/platform';
import { Channels } from '../channels.js';
import { Inject, Injectable } from '@nestjs/common';
import { LIMITS, type Limits } from '../limits.js';

const BEARER = /^Bearer +(pd_live_[A-Za-z0-9_-]{1,190}) *$/i;

/** Signs callers in by their API keys. Identity is asked at each request, so that a revoked key ends at once. */
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
   * @throws DomainError unauthenticated API_KEY_MISSING, API_KEY_UNKNOWN or, as identity says, API_KEY_REVOKED
   */
  async exchange(authorization: string | undefined, audience: string): Promise<string> {
    if (authorization === undefined)
      throw new DomainError(
        'unauthenticated',
        'API_KEY_MISSING',
        'sign in with an API key: Authorization: Bearer pd_live_...',
      );
    const [, apiKey] = BEARER.exec(authorization) ?? [];
    if (!apiKey) throw new DomainError('unauthenticated', 'API_KEY_UNKNOWN', 'this is no API key');
    const { token } = await this.tokens.exchangeApiKey({ apiKey, audience }, undefined);
    return token;
  }
}
