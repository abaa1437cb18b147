import { DomainError } from '@paradesk/kernel';
import { instant } from '@paradesk/platform';
import type { Temporal } from 'temporal-polyfill';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { Wall, type WallAct } from '../walls/wall.entity.js';
import { Assignment } from './assignment.entity.js';

/** A party to a matter, and what it is to it. */
export interface Party {
  readonly name: string;
  readonly side: 'REPRESENTED' | 'ADVERSE' | 'OTHER';
}

/** What an intake says of a matter. */
export interface Intake {
  readonly clientId: string;
  readonly code: string;
  readonly clientMatterCode: string;
  readonly name: string;
  /** Name of the practice area in the contracts, such as LITIGATION. */
  readonly practiceArea: string;
  readonly jurisdiction: string;
  readonly instructions: string;
  readonly parties: readonly Party[];
  readonly supervisingAttorneyId: string;
}

/** What somebody is to do on a matter. */
export interface Work {
  readonly work: string;
  /** Code in the task catalogue; empty where no kind is stated. */
  readonly taskKind: string;
  /** What the task catalogue says of the kind. */
  readonly isAdministrative: boolean;
}

/** Somebody who is to answer for a matter, or to work on it. */
export interface Candidate {
  readonly id: string;
  readonly role: string;
  readonly clientId: string | null;
}

/**
 * A case or project of a client.
 *
 * - An attorney of the client answers for it from the first moment: nonlawyers work under a supervising attorney only (ABA Model Rule 5.3).
 * - Substantive work is a paralegal's; administrative work a paralegal's or a virtual assistant's. Nobody else is assigned.
 * - Nobody who is screened by an ethical wall is on its team; the attorney who answers for it is never screened.
 * - Its code is the tenant's own and unique with its client (a unique key says so).
 * - Every change raises the version by one and is announced by one event.
 */
@Entity('matters')
export class Matter {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) readonly tenantId!: string;
  @PrimaryColumn('uuid') readonly id!: string;
  @Column('uuid', { name: 'client_id' }) readonly clientId!: string;
  @Column('text') readonly code!: string;
  @Column('text', { name: 'client_matter_code' }) readonly clientMatterCode!: string;
  @Column('text') readonly name!: string;
  @Column('text', { name: 'practice_area' }) readonly practiceArea!: string;
  @Column('text') readonly jurisdiction!: string;
  @Column('text') readonly instructions!: string;
  @Column('jsonb') readonly parties!: readonly Party[];
  @Column('uuid', { name: 'supervising_attorney_id' }) readonly supervisingAttorneyId!: string;
  @Column('timestamptz', { name: 'opened_at', transformer: instant }) readonly openedAt!: Temporal.Instant;
  @Column('integer') readonly version!: number;

  /** The oldest first. Rows of their own: the service loads and stores them with the matter. */
  readonly assignments: readonly Assignment[] = [];
  /** Those that stand, the oldest first; loaded for changes only. */
  readonly walls: readonly Wall[] = [];

  /** @throws DomainError refused NOT_THE_CLIENTS_ATTORNEY */
  static open(
    identity: { tenantId: string; id: string; openedAt: Temporal.Instant },
    intake: Intake,
    attorney: Candidate,
  ): Matter {
    if (attorney.role !== 'ATTORNEY' || attorney.clientId !== intake.clientId) {
      throw DomainError.refused('NOT_THE_CLIENTS_ATTORNEY', 'a matter is supervised by an attorney of its client');
    }
    return Object.assign(new Matter(), { ...intake, ...identity, version: 1 });
  }

  get walledPersonIds(): readonly string[] {
    return this.walls.map((wall) => wall.personId);
  }

  /** @throws DomainError refused NOT_A_PARALEGAL or WALLED, conflict ASSIGNED_ALREADY */
  assign(id: string, person: Candidate, { work, taskKind, isAdministrative }: Work, at: Temporal.Instant): Assignment {
    if (person.role !== 'PARALEGAL' && !(isAdministrative && person.role === 'VIRTUAL_ASSISTANT')) {
      throw DomainError.refused('NOT_A_PARALEGAL', 'substantive work on a matter is assigned to paralegals only');
    }
    if (this.walledPersonIds.includes(person.id)) {
      throw DomainError.refused('WALLED', 'the person is screened from the matter by an ethical wall');
    }
    if (this.assignments.some((one) => !one.endedAt && one.personId === person.id && one.work === work)) {
      throw DomainError.conflict('ASSIGNED_ALREADY', 'the paralegal is assigned to this work already');
    }
    const assignment = Object.assign(new Assignment(), {
      tenantId: this.tenantId,
      id,
      matterId: this.id,
      personId: person.id,
      work,
      taskKind,
      assignedAt: at,
      endedAt: null,
    });
    this.become({ assignments: [...this.assignments, assignment], version: this.version + 1 });
    return assignment;
  }

  /** @throws DomainError not-found ASSIGNMENT_NOT_FOUND; refused ASSIGNMENT_ENDED */
  endAssignment(id: string, at: Temporal.Instant): Assignment {
    const assignment = this.assignments.find((one) => one.id === id);
    if (!assignment) throw DomainError.notFound('assignment', id);
    if (assignment.endedAt) throw DomainError.refused('ASSIGNMENT_ENDED', 'the assignment was ended already');
    assignment.end(at);
    this.become({ version: this.version + 1 });
    return assignment;
  }

  /**
   * Screens a person from the whole matter, and ends what they are assigned to on it.
   *
   * @throws DomainError conflict WALLED_ALREADY; refused SUPERVISES_THE_MATTER
   */
  raiseWall(id: string, personId: string, act: WallAct): Wall {
    const wall = this.wallOff(id, personId, act);
    for (const assignment of this.assignments.filter((one) => one.personId === personId)) assignment.end(act.at);
    this.become({ version: this.version + 1 });
    return wall;
  }

  /** A wall that is there from the matter's first moment. @throws DomainError as `raiseWall` does */
  wallOff(id: string, personId: string, act: WallAct): Wall {
    if (this.walledPersonIds.includes(personId)) {
      throw DomainError.conflict('WALLED_ALREADY', 'the person is screened from the matter already');
    }
    if (personId === this.supervisingAttorneyId) {
      throw DomainError.refused(
        'SUPERVISES_THE_MATTER',
        'the attorney who answers for a matter is not screened from it',
      );
    }
    const wall = Wall.raise({ tenantId: this.tenantId, id, matterId: this.id, personId }, act);
    this.become({ walls: [...this.walls, wall] });
    return wall;
  }

  /** @throws DomainError refused WALL_LIFTED */
  liftWall(wall: Wall, act: WallAct): void {
    wall.lift(act);
    this.become({ walls: this.walls.filter((one) => one.stands), version: this.version + 1 });
  }

  /**
   * Forgets what was asked for. Caption and parties stay: whoever takes on a matter must find former clients and those against them (ABA Model
   * Rules 1.7, 1.9 and 1.10).
   */
  erase(): void {
    this.become({ instructions: '', version: this.version + 1 });
  }

  /** The matter with its assignments, as they were loaded. */
  withAssignments(assignments: readonly Assignment[]): this {
    this.become({ assignments: assignments.filter((assignment) => assignment.matterId === this.id) });
    return this;
  }

  /** The matter with its walls, as they were loaded. */
  withWalls(walls: readonly Wall[]): this {
    this.become({ walls });
    return this;
  }

  private become(change: Partial<Pick<Matter, 'assignments' | 'instructions' | 'walls' | 'version'>>): void {
    Object.assign(this, change);
  }
}
