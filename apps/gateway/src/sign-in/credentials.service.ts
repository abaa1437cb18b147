import { Injectable } from '@nestjs/common';
import type { Token } from '@paradesk/contracts/paradesk/identity/v1/tokens';
import type { FastifyRequest } from 'fastify';
import { ApiKeysService } from '../api-keys/api-keys.service.js';
import { BrowserCookies } from './browser-cookies.js';
import { requireSameOrigin } from './same-origin.js';
import { SignInService } from './sign-in.service.js';
import { SignInSettings } from './sign-in-settings.js';

/** By what a request is signed in: an API key or an access token in its header, else the session in its cookie. */
@Injectable()
export class CredentialsService {
  constructor(
    private readonly settings: SignInSettings,
    private readonly cookies: BrowserCookies,
    private readonly apiKeys: ApiKeysService,
    private readonly signIn: SignInService,
  ) {}

  /**
   * A token by which one service knows the caller. Identity is asked at each request, so that what was revoked ends at once.
   *
   * @param audience name of the service
   * @throws DomainError unauthenticated API_KEY_..., ACCESS_TOKEN_... or SESSION_...; forbidden CROSS_SITE_REQUEST; exhausted RATE_LIMITED or
   *   LOCKED_OUT
   */
  async exchange(request: FastifyRequest, audience: string): Promise<Token> {
    const { authorization } = request.headers;
    const session = this.settings.isConfigured ? this.cookies.session(request) : undefined;
    if (authorization !== undefined || !session) return this.apiKeys.exchange(authorization, audience, request.ip);
    requireSameOrigin(request.method, request.headers, this.settings.origin);
    return this.signIn.exchange(session, audience, request.ip);
  }
}
