import { toTimestamp } from '@paradesk/contracts';
import {
  type Matter as MatterMessage,
  PartySide,
  PracticeArea,
} from '@paradesk/contracts/paradesk/assignment/v1/matters';
import type { Matter } from './matter.entity.js';

/** A matter as answers and events carry it. */
export function toProto(matter: Matter): MatterMessage {
  return {
    id: matter.id,
    clientId: matter.clientId,
    code: matter.code,
    clientMatterCode: matter.clientMatterCode,
    name: matter.name,
    practiceArea: PracticeArea[matter.practiceArea as keyof typeof PracticeArea],
    jurisdiction: matter.jurisdiction,
    instructions: matter.instructions,
    parties: matter.parties.map(({ name, side }) => ({ name, side: PartySide[side] })),
    supervisingAttorneyId: matter.supervisingAttorneyId,
    assignments: matter.assignments.map(({ id, personId, work, taskKind, assignedAt, endedAt }) => ({
      id,
      personId,
      work,
      taskKind,
      assignedAt: toTimestamp(assignedAt),
      endedAt: endedAt ? toTimestamp(endedAt) : undefined,
    })),
    openedAt: toTimestamp(matter.openedAt),
    version: matter.version,
  };
}
