import { toTimestamp } from '@paradesk/contracts';
import { TaskClass } from '@paradesk/contracts/paradesk/common/v1/rule';
import type {
  Reclassification as ReclassificationMessage,
  TaskKind as TaskKindMessage,
} from '@paradesk/contracts/paradesk/identity/v1/task_kinds';
import type { Reclassification } from './reclassification.entity.js';
import type { CatalogueKind } from './tenant-catalogue.js';

/** A kind of work as answers and events carry it. */
export function toProto({ code, area, title, shipped, taskClass, record }: CatalogueKind): TaskKindMessage {
  return {
    code,
    area,
    title,
    shippedClass: shipped?.taskClass ?? TaskClass.UNSPECIFIED,
    taskClass,
    source: shipped?.source ?? '',
    signedOffByPersonId: record?.signedOffBy ?? '',
    recordId: record?.id ?? '',
    version: record?.version ?? 0,
  };
}

/** A proposal as answers carry it. */
export function toReclassification(one: Reclassification): ReclassificationMessage {
  return {
    id: one.id,
    code: one.code,
    fromClass: TaskClass[one.fromClass],
    toClass: TaskClass[one.toClass],
    reason: one.reason,
    attorneyId: one.attorneyId ?? '',
    proposedByPersonId: one.proposedBy,
    proposedAt: toTimestamp(one.proposedAt),
    signedOffByPersonId: one.signedOffBy ?? '',
    signedOffAt: one.signedOffAt ? toTimestamp(one.signedOffAt) : undefined,
    withdrawnAt: one.withdrawnAt ? toTimestamp(one.withdrawnAt) : undefined,
  };
}
