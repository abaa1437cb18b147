import { Controller } from '@nestjs/common';
import { toTimestamp } from '@paradesk/contracts';
import { Role } from '@paradesk/contracts/paradesk/common/v1/rule';
import {
  type CloseSessionRequest,
  type CurrentSession,
  type ExchangeSessionRequest,
  type GetCurrentSessionRequest,
  type ListSessionsRequest,
  type OpenSessionRequest,
  type RevokeSessionRequest,
  type RevokeSessionsRequest,
  type Session as SessionMessage,
  SessionsServiceControllerMethods,
  type SessionsServiceController,
} from '@paradesk/contracts/paradesk/identity/v1/sessions';
import { callerOf, type CallMetadata } from '@paradesk/platform';
import { toProto as toTokenMessage } from '../tokens/token.message.js';
import { LimitsService } from '../limits/limits.service.js';
import type { Session } from './session.entity.js';
import { type SignedIn, SessionsService } from './sessions.service.js';
import { SignInsService } from './sign-ins.service.js';

/** The first four RPCs are public: the ID token or the secret in the request is the credential. */
@Controller()
@SessionsServiceControllerMethods()
export class SessionsController implements SessionsServiceController {
  constructor(
    private readonly sessions: SessionsService,
    private readonly signIns: SignInsService,
    private readonly limits: LimitsService,
  ) {}

  openSession(request: OpenSessionRequest) {
    return this.limits
      .signingIn(request.callerAddress, 'INVITATION_UNKNOWN', () => this.signIns.open(request))
      .then(({ session, secret }) => ({ session: toProto(session), secret }));
  }

  exchangeSession(request: ExchangeSessionRequest) {
    return this.sessions.exchange(request.session, request.audience, request.callerAddress).then(toTokenMessage);
  }

  getCurrentSession(request: GetCurrentSessionRequest) {
    return this.sessions.current(request.session, request.callerAddress).then(toCurrent);
  }

  closeSession(request: CloseSessionRequest) {
    return this.sessions.close(request.session, request.callerAddress).then(toProto);
  }

  listSessions({ page, personId }: ListSessionsRequest, metadata: CallMetadata) {
    return this.sessions
      .list(callerOf(metadata), page, personId)
      .then((list) => ({ sessions: list.items.map(toProto), page: list.page }));
  }

  revokeSession(request: RevokeSessionRequest, metadata: CallMetadata) {
    return this.sessions.revoke(callerOf(metadata), request.sessionId).then(toProto);
  }

  revokeSessions(request: RevokeSessionsRequest, metadata: CallMetadata) {
    return this.sessions.revokeAll(callerOf(metadata), request.personId).then((revoked) => ({ revoked }));
  }
}

function toCurrent({ session, person, tenant }: SignedIn): CurrentSession {
  return {
    session: toProto(session),
    role: person ? Role[person.role] : Role.OPERATOR,
    firstName: person?.firstName ?? '',
    lastName: person?.lastName ?? '',
    tenantId: tenant?.id ?? '',
    tenantName: tenant?.name ?? '',
    clientId: person?.clientId ?? '',
  };
}

function toProto(session: Session): SessionMessage {
  return {
    id: session.id,
    personId: session.personId ?? session.operatorId ?? '',
    userAgent: session.userAgent,
    createdAt: toTimestamp(session.createdAt),
    lastUsedAt: toTimestamp(session.lastUsedAt),
    expiresAt: toTimestamp(session.expiresAt),
    revokedAt: session.revokedAt ? toTimestamp(session.revokedAt) : undefined,
  };
}
