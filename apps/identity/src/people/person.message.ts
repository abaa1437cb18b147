import { toTimestamp } from '@paradesk/contracts';
import { Role } from '@paradesk/contracts/paradesk/common/v1/rule';
import type { Person as PersonMessage } from '@paradesk/contracts/paradesk/identity/v1/people';
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
  };
}
