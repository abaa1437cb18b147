import { Controller } from '@nestjs/common';
import { toTimestamp } from '@paradesk/contracts';
import {
  type CreatedInvitation as CreatedInvitationMessage,
  type Invitation as InvitationMessage,
  InvitationsServiceControllerMethods,
  type InvitationsServiceController,
  type InviteFirstManagerRequest,
  type InvitePersonRequest,
  type ListInvitationsRequest,
  type RevokeInvitationRequest,
} from '@paradesk/contracts/paradesk/identity/v1/invitations';
import { callerOf, type CallMetadata } from '@paradesk/platform';
import type { Invitation } from './invitation.entity.js';
import { type CreatedInvitation, InvitationsService } from './invitations.service.js';

@Controller()
@InvitationsServiceControllerMethods()
export class InvitationsController implements InvitationsServiceController {
  constructor(private readonly invitations: InvitationsService) {}

  invitePerson(request: InvitePersonRequest, metadata: CallMetadata) {
    return this.invitations.invite(callerOf(metadata), request.personId).then(toCreated);
  }

  inviteFirstManager(request: InviteFirstManagerRequest) {
    return this.invitations.inviteFirstManager(request).then(toCreated);
  }

  listInvitations({ page }: ListInvitationsRequest, metadata: CallMetadata) {
    return this.invitations
      .list(callerOf(metadata), page)
      .then((list) => ({ invitations: list.items.map(toProto), page: list.page }));
  }

  revokeInvitation(request: RevokeInvitationRequest, metadata: CallMetadata) {
    return this.invitations.revoke(callerOf(metadata), request.invitationId).then(toProto);
  }
}

function toCreated({ invitation, secret }: CreatedInvitation): CreatedInvitationMessage {
  return { invitation: toProto(invitation), secret };
}

function toProto(invitation: Invitation): InvitationMessage {
  return {
    id: invitation.id,
    personId: invitation.personId,
    createdAt: toTimestamp(invitation.createdAt),
    expiresAt: toTimestamp(invitation.expiresAt),
    acceptedAt: invitation.acceptedAt ? toTimestamp(invitation.acceptedAt) : undefined,
    revokedAt: invitation.revokedAt ? toTimestamp(invitation.revokedAt) : undefined,
  };
}
