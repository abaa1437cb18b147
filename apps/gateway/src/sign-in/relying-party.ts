import { Injectable } from '@nestjs/common';
import { DomainError } from '@paradesk/kernel';
import { Logger } from '@paradesk/platform';
import {
  allowInsecureRequests,
  authorizationCodeGrant,
  AuthorizationResponseError,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  ClientError,
  ClientSecretBasic,
  type Configuration,
  discovery,
  ResponseBodyError,
} from 'openid-client';
import { notUnderWay, type PendingSignIn } from './pending-sign-ins.js';
import { SignInSettings } from './sign-in-settings.js';

/** What ties a callback to the sign-in that it ends. */
export type SignInProof = Pick<PendingSignIn, 'state' | 'nonce' | 'codeVerifier'>;

const TIMEOUT_SECONDS = 5;

/** The gateway as the client of an OpenID Connect provider: authorization code with PKCE, state and nonce, by openid-client. */
@Injectable()
export class RelyingParty {
  private provider: Configuration | undefined;

  constructor(
    private readonly settings: SignInSettings,
    private readonly logger: Logger,
  ) {}

  /** Where the browser goes to sign in. @throws DomainError not-found SIGN_IN_NOT_CONFIGURED, unavailable PROVIDER_UNAVAILABLE */
  async authorizationUrl({ state, nonce, codeVerifier }: SignInProof): Promise<string> {
    const provider = await this.discovered();
    const url = buildAuthorizationUrl(provider, {
      redirect_uri: `${this.settings.origin}/auth/callback`,
      scope: 'openid email profile',
      code_challenge: await calculatePKCECodeChallenge(codeVerifier),
      code_challenge_method: 'S256',
      state,
      nonce,
    });
    return url.href;
  }

  /**
   * The ID token for the code with which the provider sent the browser back.
   *
   * @param query raw query of the callback
   * @throws DomainError unauthenticated SIGN_IN_STATE or SIGN_IN_FAILED, forbidden SIGN_IN_DENIED, unavailable PROVIDER_UNAVAILABLE
   */
  async redeem(query: string, { state, nonce, codeVerifier }: SignInProof): Promise<string> {
    const callback = new URL(`${this.settings.origin}/auth/callback?${query}`);
    if (callback.searchParams.get('state') !== state) throw notUnderWay();
    const provider = await this.discovered();
    try {
      const { id_token: idToken } = await authorizationCodeGrant(provider, callback, {
        pkceCodeVerifier: codeVerifier,
        expectedState: state,
        expectedNonce: nonce,
        idTokenExpected: true,
      });
      return idToken ?? '';
    } catch (error) {
      throw this.refusal(error);
    }
  }

  private async discovered(): Promise<Configuration> {
    const { issuer, clientId, clientSecret } = this.settings.required();
    try {
      this.provider ??= await discovery(new URL(issuer), clientId, undefined, ClientSecretBasic(clientSecret), {
        timeout: TIMEOUT_SECONDS,
        // The settings take http on a loopback address only.
        execute: issuer.startsWith('http:') ? [allowInsecureRequests] : [],
      });
      return this.provider;
    } catch (error) {
      this.refusal(error);
      throw unavailable();
    }
  }

  // The texts of these errors may quote what the provider said: the codes tell an operator enough.
  private refusal(error: unknown): unknown {
    if (error instanceof AuthorizationResponseError) {
      return DomainError.forbidden('SIGN_IN_DENIED', 'the provider did not sign you in');
    }
    if (error instanceof ResponseBodyError) {
      this.logger.warn({ code: error.code, oauth: error.error }, 'the OpenID Connect provider refused a sign-in');
      return failed();
    }
    if (error instanceof ClientError) {
      this.logger.warn({ code: error.code }, 'a sign-in failed');
      return error.code === 'OAUTH_TIMEOUT' ? unavailable() : failed();
    }
    // What fetch throws when there is no connection.
    return error instanceof TypeError && error.cause !== undefined ? unavailable() : error;
  }
}

function failed(): DomainError {
  return new DomainError('unauthenticated', 'SIGN_IN_FAILED', 'the sign-in failed: begin again at /auth/sign-in');
}

function unavailable(): DomainError {
  return new DomainError('unavailable', 'PROVIDER_UNAVAILABLE', 'the OpenID Connect provider cannot be reached');
}
