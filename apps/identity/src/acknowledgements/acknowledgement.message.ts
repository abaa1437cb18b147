import { toTimestamp } from '@paradesk/contracts';
import type { Acknowledgement as AcknowledgementMessage } from '@paradesk/contracts/paradesk/identity/v1/boundary_statements';
import type { Acknowledgement } from './acknowledgement.entity.js';

/** An acknowledgement as answers carry it. */
export function toAcknowledgement(given: Acknowledgement): AcknowledgementMessage {
  const { boundaryStatementId, personId, acknowledgedAt } = given;
  return { boundaryStatementId, personId, acknowledgedAt: toTimestamp(acknowledgedAt) };
}
