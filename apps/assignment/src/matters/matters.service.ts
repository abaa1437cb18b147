import { Injectable } from '@nestjs/common';
import type { Caller } from '@paradesk/access';
import type { PageRequest, PageResult } from '@paradesk/contracts/paradesk/common/v1/page';
import { DomainError } from '@paradesk/kernel';
import { Database, Ids, pageQuery, pageResult, violatedConstraint } from '@paradesk/platform';
import { LessThan } from 'typeorm';
import { ClientsService } from '../clients/clients.service.js';
import { Assignment } from './assignment.entity.js';
import { assignmentsOf, MatterChanges, wallsOf } from './matter-changes.js';
import { type Intake, Matter } from './matter.entity.js';
import { toProto } from './matter.message.js';
import { Wall } from '../walls/wall.entity.js';
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

/** Who is screened from a matter that is opened, and why. */
export interface Screened {
  readonly personId: string;
  readonly reason: string;
}

@Injectable()
export class MattersService {
  constructor(
    private readonly database: Database,
    private readonly changes: MatterChanges,
    private readonly clients: ClientsService,
    private readonly staffing: StaffingService,
    private readonly ids: Ids,
  ) {}

  /** With its walls, which are there before anybody gets near it. */
  async open(caller: Caller, intake: Intake, screened: readonly Screened[]): Promise<Matter> {
    await this.clients.require(caller, intake.clientId);
    const attorney = await this.staffing.requirePerson(caller, intake.supervisingAttorneyId);
    for (const { personId } of screened) await this.staffing.requirePerson(caller, personId);
    const opened = this.database.transaction(caller, async (tx) => {
      const { id, at } = this.ids.stamp();
      const matter = Matter.open({ tenantId: tx.tenantId, id, openedAt: at }, intake, attorney);
      for (const { personId, reason } of screened)
        matter.wallOff(this.ids.next(), personId, { at, byPersonId: caller.personId ?? null, reason });
      await tx.insert(Matter, matter);
      await tx.insert(Wall, [...matter.walls]);
      await this.changes.keep(tx, matter, { $case: 'opened', value: { matter: toProto(matter) } });
      return matter;
    });
    return opened.catch(refuseTakenCode);
  }

  async assign(caller: Caller, { matterId, personId, work, taskKind }: NewAssignment): Promise<Matter> {
    const staffing = await this.staffing.require(caller, personId);
    return this.database.transaction(caller, async (tx) => {
      const matter = await this.changes.lock(tx, matterId);
      const { id, at } = this.ids.stamp();
      const isAdministrative = await this.staffing.isAdministrative(tx, taskKind);
      const assignment = matter.assign(id, staffing.person, { work, taskKind, isAdministrative }, at);
      await this.staffing.requireFit(tx, matter, staffing, taskKind);
      await tx.insert(Assignment, assignment);
      await this.changes.keep(tx, matter, {
        $case: 'paralegalAssigned',
        value: { matter: toProto(matter), assignmentId: assignment.id },
      });
      return matter;
    });
  }

  async endAssignment(caller: Caller, matterId: string, assignmentId: string): Promise<Matter> {
    return this.database.transaction(caller, async (tx) => {
      const matter = await this.changes.lock(tx, matterId);
      matter.endAssignment(assignmentId, this.ids.stamp().at);
      await this.changes.keep(tx, matter, {
        $case: 'assignmentEnded',
        value: { matter: toProto(matter), assignmentId },
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

  /** For services that keep a copy: with its walls. */
  async state(caller: Caller, id: string): Promise<Matter> {
    return this.database.transaction(caller, async (tx) => {
      const matter = await tx.findOneBy(Matter, { tenantId: tx.tenantId, id });
      if (!matter) throw DomainError.notFound('matter', id);
      return matter.withAssignments(await assignmentsOf(tx, [matter])).withWalls(await wallsOf(tx, id));
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
}

// Whoever opens a matter learns that its code is used, walled from that matter or not: codes are the tenant's numbering, and say nothing else.
function refuseTakenCode(error: unknown): never {
  if (violatedConstraint(error) !== 'matters_code') throw error;
  throw DomainError.conflict('MATTER_CODE_TAKEN', 'the code is not free');
}
