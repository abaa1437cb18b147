import { Injectable } from '@nestjs/common';
import { type Caller, requireTightening } from '@paradesk/access';
import { topics } from '@paradesk/contracts';
import type { PageRequest, PageResult } from '@paradesk/contracts/paradesk/common/v1/page';
import { TaskClass } from '@paradesk/contracts/paradesk/common/v1/rule';
import type { TaskKindEvent } from '@paradesk/contracts/paradesk/identity/events/v1/task_kinds';
import { DomainError } from '@paradesk/kernel';
import { Database, Ids, Outbox, pageQuery, pageResult, type Tx, violatedConstraint } from '@paradesk/platform';
import { IsNull, LessThan } from 'typeorm';
import { requirePerson } from '../people/people.service.js';
import { Person } from '../people/person.entity.js';
import { Reclassification } from './reclassification.entity.js';
import { TaskKind, type TaskClassName } from './task-kind.entity.js';
import { toProto } from './task-kind.message.js';
import { catalogueOf, type CatalogueKind } from './tenant-catalogue.js';

/** What a kind of work is to be. */
export interface WantedClass {
  readonly code: string;
  readonly taskClass: TaskClass;
  readonly reason: string;
  /** Empty where any attorney may sign it off. */
  readonly attorneyId: string;
}

@Injectable()
export class TaskKindsService {
  constructor(
    private readonly database: Database,
    private readonly outbox: Outbox,
    private readonly ids: Ids,
  ) {}

  async list(caller: Caller): Promise<CatalogueKind[]> {
    return this.database.transaction(caller, tenantCatalogue);
  }

  async add(caller: Caller, code: string, title: string): Promise<CatalogueKind> {
    const added = this.database.transaction(caller, async (tx) => {
      const kind = TaskKind.add(tx.tenantId, this.ids.next(), code, title);
      await tx.insert(TaskKind, kind);
      const taskKind = await kindOf(tx, code);
      await this.announce(tx, kind, { $case: 'added', value: { taskKind: toProto(taskKind) } });
      return taskKind;
    });
    return added.catch(refuseTaken);
  }

  /** Proposes another class. It is withdrawn before the class is read, so that a sign-off in the meantime is seen. */
  async reclassify(caller: Caller, { code, taskClass, reason, attorneyId }: WantedClass): Promise<Reclassification> {
    const proposedBy = requirePerson(caller);
    const proposed = this.database.transaction(caller, async (tx) => {
      const { id, at } = this.ids.stamp();
      const open = { tenantId: tx.tenantId, code, signedOffAt: IsNull(), withdrawnAt: IsNull() };
      await tx.update(Reclassification, open, { withdrawnAt: at });
      const kind = await kindOf(tx, code);
      requireTightening(code, taskClass);
      if (attorneyId) await requireAttorney(tx, attorneyId);
      const proposal = Reclassification.propose(tx.tenantId, id, {
        code,
        fromClass: TaskClass[kind.taskClass] as TaskClassName,
        toClass: TaskClass[taskClass] as TaskClassName,
        reason,
        attorneyId: attorneyId || null,
        proposedBy,
        proposedAt: at,
      });
      await tx.insert(Reclassification, proposal);
      return proposal;
    });
    return proposed.catch(refuseTaken);
  }

  async signOff(caller: Caller, id: string): Promise<Reclassification> {
    return this.database.transaction(caller, async (tx) => {
      const { tenantId } = tx;
      const proposal = await tx.findOne(Reclassification, {
        where: { tenantId, id },
        lock: { mode: 'pessimistic_write' },
      });
      if (!proposal) throw DomainError.notFound('reclassification', id);
      const attorneyId = requirePerson(caller);
      if (!proposal.signOff(attorneyId, this.ids.stamp().at)) return proposal;
      await tx.save(proposal);
      const record = await this.give(tx, proposal.code, { taskClass: proposal.toClass, signedOffBy: attorneyId });
      const taskKind = toProto(await kindOf(tx, proposal.code));
      await this.announce(tx, record, { $case: 'reclassified', value: { taskKind, reclassificationId: proposal.id } });
      return proposal;
    });
  }

  /** What was proposed, the newest first; of one kind where a code is given. */
  async listReclassifications(
    caller: Caller,
    page: PageRequest | undefined,
    code: string,
  ): Promise<{ items: Reclassification[]; page: PageResult }> {
    const query = pageQuery(page);
    return this.database.transaction(caller, async (tx) => {
      const rows = await tx.find(Reclassification, {
        where: { tenantId: tx.tenantId, ...(code && { code }), ...(query.after && { id: LessThan(query.after) }) },
        order: { id: 'DESC' },
        take: query.size + 1,
      });
      return pageResult(rows, query, (one) => one.id);
    });
  }

  private async give(tx: Tx, code: string, to: { taskClass: TaskClassName; signedOffBy: string }): Promise<TaskKind> {
    const where = { tenantId: tx.tenantId, code };
    const known = await tx.findOne(TaskKind, { where, lock: { mode: 'pessimistic_write' } });
    if (known) {
      known.reclassify(to);
      await tx.save(known);
      return known;
    }
    const record = TaskKind.reclassified(tx.tenantId, this.ids.next(), code, to);
    await tx.insert(TaskKind, record);
    return record;
  }

  private async announce(tx: Tx, { id, version }: TaskKind, event: TaskKindEvent['event']): Promise<void> {
    await this.outbox.add(tx, {
      topic: topics.task_kinds,
      aggregateId: id,
      aggregateVersion: version,
      event: { event },
    });
  }
}

/** The catalogue of the transaction's tenant. */
export async function tenantCatalogue(tx: Tx): Promise<CatalogueKind[]> {
  return catalogueOf(await tx.findBy(TaskKind, { tenantId: tx.tenantId }));
}

async function kindOf(tx: Tx, code: string): Promise<CatalogueKind> {
  const kind = (await tenantCatalogue(tx)).find((one) => one.code === code);
  if (!kind) throw DomainError.notFound('task kind', code);
  return kind;
}

async function requireAttorney(tx: Tx, id: string): Promise<void> {
  const person = await tx.findOneBy(Person, { tenantId: tx.tenantId, id });
  if (!person) throw DomainError.notFound('person', id);
  if (person.role === 'ATTORNEY' && !person.deactivatedAt) return;
  throw DomainError.refused('NOT_AN_ATTORNEY', 'a class is signed off by an attorney of a client');
}

function refuseTaken(error: unknown): never {
  const constraint = violatedConstraint(error);
  if (constraint === 'task_kinds_code') {
    throw DomainError.conflict('TASK_KIND_CODE_TAKEN', 'another kind of work of the tenant has this code');
  }
  if (constraint === 'reclassifications_open') {
    throw DomainError.conflict('RECLASSIFIED_MEANWHILE', 'somebody else has just proposed a class for this kind');
  }
  throw error;
}
