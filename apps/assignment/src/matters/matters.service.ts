import { Injectable } from '@nestjs/common';
import type { Caller } from '@paradesk/access';
import { topics } from '@paradesk/contracts';
import type { MatterEvent } from '@paradesk/contracts/paradesk/assignment/events/v1/matters';
import type { PageRequest, PageResult } from '@paradesk/contracts/paradesk/common/v1/page';
import { DomainError } from '@paradesk/kernel';
import { Database, Ids, Outbox, pageQuery, pageResult, type Tx, violatedConstraint } from '@paradesk/platform';
import { In, LessThan } from 'typeorm';
import { ClientsService } from '../clients/clients.service.js';
import { Assignment } from './assignment.entity.js';
import { type Intake, Matter } from './matter.entity.js';
import { toProto } from './matter.message.js';
import { StaffingService } from './staffing.service.js';

/** Which matters to list. Empty text is no limit. */
export interface MatterFilter {
  readonly page: PageRequest | undefined;
  readonly clientId: string;
  readonly code: string;
}

/** Who is to do what on a matter. */
export interface NewAssignment {
  readonly matterId: string;
  readonly personId: string;
  readonly work: string;
  /** Code in the task catalogue; of no stated or an unknown kind, work is substantive. */
  readonly taskKind: string;
}

@Injectable()
export class MattersService {
  constructor(
    private readonly database: Database,
    private readonly outbox: Outbox,
    private readonly clients: ClientsService,
    private readonly staffing: StaffingService,
    private readonly ids: Ids,
  ) {}

  async open(caller: Caller, intake: Intake): Promise<Matter> {
    await this.clients.require(caller, intake.clientId);
    const attorney = await this.staffing.requirePerson(caller, intake.supervisingAttorneyId);
    const opened = this.database.transaction(caller, async (tx) => {
      const { id, at } = this.ids.stamp();
      const matter = Matter.open({ tenantId: tx.tenantId, id, openedAt: at }, intake, attorney);
      await tx.insert(Matter, matter);
      await this.announce(tx, matter, { $case: 'opened', value: { matter: toProto(matter) } });
      return matter;
    });
    return opened.catch(refuseTakenCode);
  }

  async assign(caller: Caller, { matterId, personId, work, taskKind }: NewAssignment): Promise<Matter> {
    const staffing = await this.staffing.require(caller, personId);
    return this.database.transaction(caller, async (tx) => {
      const matter = await this.lock(tx, matterId);
      const { id, at } = this.ids.stamp();
      const isAdministrative = await this.staffing.isAdministrative(tx, taskKind);
      const assignment = matter.assign(id, staffing.person, { work, taskKind, isAdministrative }, at);
      await this.staffing.requireFit(tx, matter, staffing, taskKind);
      await tx.insert(Assignment, assignment);
      await tx.save(matter);
      await this.announce(tx, matter, {
        $case: 'paralegalAssigned',
        value: { matter: toProto(matter), assignmentId: assignment.id },
      });
      return matter;
    });
  }

  async get(caller: Caller, id: string): Promise<Matter> {
    return this.database.transaction(caller, async (tx) => {
      const matter = await tx.findOneBy(Matter, { tenantId: tx.tenantId, id });
      if (!matter) throw DomainError.notFound('matter', id);
      return matter.withAssignments(await assignmentsOf(tx, [matter]));
    });
  }

  /** The newest first. */
  async list(caller: Caller, { page, clientId, code }: MatterFilter): Promise<{ items: Matter[]; page: PageResult }> {
    const query = pageQuery(page);
    return this.database.transaction(caller, async (tx) => {
      const rows = await tx.find(Matter, {
        where: {
          tenantId: tx.tenantId,
          ...(clientId && { clientId }),
          ...(code && { code }),
          ...(query.after && { id: LessThan(query.after) }),
        },
        order: { id: 'DESC' },
        take: query.size + 1,
      });
      const assignments = await assignmentsOf(tx, rows);
      return pageResult(
        rows.map((matter) => matter.withAssignments(assignments)),
        query,
        (matter) => matter.id,
      );
    });
  }

  private async lock(tx: Tx, id: string): Promise<Matter> {
    const matter = await tx.findOne(Matter, {
      where: { tenantId: tx.tenantId, id },
      lock: { mode: 'pessimistic_write' },
    });
    if (!matter) throw DomainError.notFound('matter', id);
    return matter.withAssignments(await assignmentsOf(tx, [matter]));
  }

  private async announce(tx: Tx, matter: Matter, event: MatterEvent['event']): Promise<void> {
    await this.outbox.add(tx, {
      topic: topics.matters,
      aggregateId: matter.id,
      aggregateVersion: matter.version,
      event: { event },
    });
  }
}

async function assignmentsOf(tx: Tx, matters: readonly Matter[]): Promise<Assignment[]> {
  const matterId = In(matters.map((matter) => matter.id));
  return tx.find(Assignment, { where: { tenantId: tx.tenantId, matterId }, order: { id: 'ASC' } });
}

function refuseTakenCode(error: unknown): never {
  if (violatedConstraint(error) !== 'matters_code') throw error;
  throw DomainError.conflict('MATTER_CODE_TAKEN', 'another matter of the client has this code');
}
