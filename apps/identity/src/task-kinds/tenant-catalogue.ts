import { effectiveClass, OWN_KIND, taskCatalogue, type WorkKind } from '@paradesk/access';
import { TaskClass } from '@paradesk/contracts/paradesk/common/v1/rule';
import type { TaskKind } from './task-kind.entity.js';

/** A kind of work as it applies to a tenant. */
export interface CatalogueKind {
  readonly code: string;
  readonly area: string;
  readonly title: string;
  /** Undefined for the tenant's own. */
  readonly shipped: WorkKind | undefined;
  readonly taskClass: TaskClass;
  /** The tenant's record of it; undefined while it is as shipped. */
  readonly record: TaskKind | undefined;
}

/** The whole catalogue of a tenant: what is shipped, then its own by code. What a record says below the floor has no effect. */
export function catalogueOf(records: readonly TaskKind[]): CatalogueKind[] {
  const byCode = new Map(records.map((record) => [record.code, record]));
  const classes = Object.fromEntries(records.map(({ code, taskClass }) => [code, TaskClass[taskClass]]));
  const shipped = taskCatalogue.map((kind) => ({
    code: kind.code,
    area: kind.area,
    title: kind.title,
    shipped: kind,
    taskClass: effectiveClass(kind.code, classes),
    record: byCode.get(kind.code),
  }));
  const own = records
    .filter(({ code }) => code.startsWith(OWN_KIND))
    .toSorted((a, b) => (a.code < b.code ? -1 : 1))
    .map((record) => ({
      code: record.code,
      area: 'own',
      title: record.title ?? record.code,
      shipped: undefined,
      taskClass: effectiveClass(record.code, classes),
      record,
    }));
  return [...shipped, ...own];
}
