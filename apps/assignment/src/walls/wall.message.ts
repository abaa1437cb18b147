import { toTimestamp } from '@paradesk/contracts';
import type { Wall as WallMessage, WallAcknowledgement } from '@paradesk/contracts/paradesk/assignment/v1/walls';
import type { Wall } from './wall.entity.js';

/** A wall as those who may know of its matter get it. */
export function toProto(wall: Wall): WallMessage {
  return {
    id: wall.id,
    matterId: wall.matterId,
    personId: wall.personId,
    reason: wall.reason,
    raisedAt: toTimestamp(wall.raisedAt),
    raisedByPersonId: wall.raisedBy ?? '',
    acknowledgedAt: wall.acknowledgedAt ? toTimestamp(wall.acknowledgedAt) : undefined,
    liftedAt: wall.liftedAt ? toTimestamp(wall.liftedAt) : undefined,
    liftedByPersonId: wall.liftedBy ?? '',
    liftedReason: wall.liftedReason,
  };
}

/** The little of it that the screened person gets. */
export function toAcknowledgement({ id, acknowledgedAt }: Wall): WallAcknowledgement {
  return { wallId: id, acknowledgedAt: acknowledgedAt ? toTimestamp(acknowledgedAt) : undefined };
}
