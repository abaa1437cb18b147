import { toDate, toTimestamp } from '@paradesk/contracts';
import { Role } from '@paradesk/contracts/paradesk/common/v1/rule';
import type { Person as PersonMessage } from '@paradesk/contracts/paradesk/identity/v1/people';
import { QualificationKind, type HeldQualification } from '@paradesk/contracts/paradesk/identity/v1/qualifications';
import type { Qualification } from '../qualifications/qualification.js';
import type { Person } from './person.entity.js';

/** A person as answers and events carry it. */
export function toProto(person: Person): PersonMessage {
  return {
    id: person.id,
    firstName: person.firstName,
    lastName: person.lastName,
    email: person.email,
    role: Role[person.role],
    clientId: person.clientId ?? '',
    timekeeperCode: person.timekeeperCode ?? '',
    timekeeperClassification: person.timekeeperClassification ?? '',
    version: person.version,
    deactivatedAt: person.deactivatedAt ? toTimestamp(person.deactivatedAt) : undefined,
    qualifications: person.qualifications.filter(({ revokedAt }) => !revokedAt).map(toHeld),
    hasRecordedQualifications: person.qualifications.length > 0,
  };
}

// Issuer and number are the holder's and the operations manager's business.
function toHeld({ id, kind, jurisdiction, validFrom, validUntil }: Qualification): HeldQualification {
  return {
    id,
    kind: QualificationKind[kind],
    jurisdiction,
    validFrom: toDate(validFrom),
    validUntil: validUntil ? toDate(validUntil) : undefined,
  };
}
