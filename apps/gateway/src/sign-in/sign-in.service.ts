import { Inject, Injectable } from '@nestjs/common';
import { fromTimestamp } from '@paradesk/contracts';
import { type CurrentSession, SessionsServiceService } from '@paradesk/contracts/paradesk/identity/v1/sessions';
import type { Token } from '@paradesk/contracts/paradesk/identity/v1/tokens';
import { DomainError, isUuid } from '@paradesk/kernel';
import { Clock, makeClient } from '@paradesk/platform';
import { randomNonce, randomPKCECodeVerifier, randomState } from 'openid-client';
import { Channels } from '../channels.js';
import { LIMITS, type Limits } from '../limits.js';
import { localPath } from './local-path.js';
import { type PendingSignIn, PendingSignIns } from './pending-sign-ins.js';
import { RelyingParty } from './relying-party.js';
import { SignInSettings } from './sign-in-settings.js';

/** What a sign-in may be begun with; texts that are not given are empty. */
export interface SignInWishes {
  readonly returnTo: string;
  readonly invitation: string;
  readonly tenantId: string;
}

/** What comes back from the provider, and from which browser. */
export interface Callback {
  /** Raw query. */
  readonly query: string;
  readonly userAgent: string;
  /** IP address of the browser. */
  readonly callerAddress: string;
  /** The session that the browser had before. */
  readonly session: string | undefined;
}

/** A session to keep in the browser. */
export interface NewBrowserSession {
  readonly secret: string;
  readonly seconds: number;
}

const INVITATION = /^pd_invitation_[0-9A-Za-z_]{1,180}$/;

/** Signs people in and out. Who they are, and whether they may, identity alone says. */
@Injectable()
export class SignInService {
  private readonly sessions;

  constructor(
    channels: Channels,
    private readonly settings: SignInSettings,
    private readonly relyingParty: RelyingParty,
    private readonly pendingSignIns: PendingSignIns,
    @Inject(LIMITS) { signInTimeoutMs }: Limits,
  ) {
    this.sessions = makeClient(SessionsServiceService, {
      channel: () => channels.to('identity'),
      prepare: () => Promise.resolve({ timeoutMs: signInTimeoutMs }),
    });
  }

  /** @returns where the browser goes, and what it keeps until it comes back. @throws DomainError as `RelyingParty.authorizationUrl`; invalid */
  async begin({ returnTo, invitation, tenantId }: SignInWishes): Promise<{ location: string; sealed: string }> {
    if (invitation && !INVITATION.test(invitation)) {
      throw DomainError.invalid('invitation', 'INVITATION_UNKNOWN', 'takes the secret of an invitation');
    }
    if (tenantId && !isUuid(tenantId)) throw DomainError.invalid('tenant_id', 'INVALID_ARGUMENT', 'must be a UUID');
    const pending: PendingSignIn = {
      state: randomState(),
      nonce: randomNonce(),
      codeVerifier: randomPKCECodeVerifier(),
      returnTo: localPath(returnTo || '/auth/session', this.settings.origin),
      invitation,
      tenantId,
    };
    const location = await this.relyingParty.authorizationUrl(pending);
    return { location, sealed: await this.pendingSignIns.seal(pending) };
  }

  /** The sign-in of the browser that came back. @throws DomainError as `PendingSignIns.open` */
  async pending(sealed: string | undefined): Promise<PendingSignIn> {
    this.settings.required();
    return this.pendingSignIns.open(sealed);
  }

  /**
   * Opens a session for who comes back from the provider. It is always a new one, and the one before ends: a session that somebody
   * else put into the browser is never signed in.
   *
   * @throws DomainError as `RelyingParty.redeem`, and what identity refuses: CHOOSE_TENANT, NOT_INVITED, INVITATION_...
   */
  async finish(pending: PendingSignIn, callback: Callback): Promise<NewBrowserSession> {
    const { query, userAgent, callerAddress, session: before } = callback;
    const idToken = await this.relyingParty.redeem(query, pending);
    const { nonce, invitation, tenantId } = pending;
    const request = { idToken, nonce, userAgent, callerAddress, invitation, tenantId };
    const opened = await this.sessions.openSession(request, undefined);
    if (before) await this.close(before, callerAddress);
    const endsAt = fromTimestamp(opened.session?.expiresAt, 'expiresAt').epochMilliseconds;
    const seconds = Math.floor((endsAt - new Clock().now().epochMilliseconds) / 1000);
    return { secret: opened.secret, seconds };
  }

  /** Who is signed in. @throws DomainError unauthenticated SESSION_MISSING, SESSION_UNKNOWN, ... */
  async current(session: string | undefined, callerAddress: string): Promise<CurrentSession> {
    this.settings.required();
    if (!session) throw new DomainError('unauthenticated', 'SESSION_MISSING', 'sign in at /auth/sign-in');
    return this.sessions.getCurrentSession({ session, callerAddress }, undefined);
  }

  /** A token by which one service knows who is signed in. @throws DomainError unauthenticated SESSION_UNKNOWN, SESSION_REVOKED, ... */
  async exchange(session: string, audience: string, callerAddress: string): Promise<Token> {
    return this.sessions.exchangeSession({ session, audience, callerAddress }, undefined);
  }

  /** Signs out; of a session that identity does not know there is nothing to end. */
  async close(session: string, callerAddress: string): Promise<void> {
    await this.sessions.closeSession({ session, callerAddress }, undefined).catch((error: unknown) => {
      if (!(error instanceof DomainError && error.kind === 'unauthenticated')) throw error;
    });
  }
}
