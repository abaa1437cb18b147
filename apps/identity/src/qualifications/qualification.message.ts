import { toDate, toTimestamp } from '@paradesk/contracts';
import {
  QualificationKind,
  type Qualification as QualificationMessage,
} from '@paradesk/contracts/paradesk/identity/v1/qualifications';
import type { PersonQualification } from './qualifications.service.js';

/** A qualification as answers carry it. */
export function toProto({ personId, qualification }: PersonQualification): QualificationMessage {
  const { id, kind, jurisdiction, issuer, number, validFrom, validUntil, recordedAt, revokedAt } = qualification;
  return {
    id,
    personId,
    kind: QualificationKind[kind],
    jurisdiction,
    issuer,
    number,
    validFrom: toDate(validFrom),
    validUntil: validUntil ? toDate(validUntil) : undefined,
    recordedAt: toTimestamp(recordedAt),
    revokedAt: revokedAt ? toTimestamp(revokedAt) : undefined,
  };
}
