import { DomainError } from '@paradesk/kernel';
import { instant } from '@paradesk/platform';
import type { Temporal } from 'temporal-polyfill';
import { Column, Entity, PrimaryColumn } from 'typeorm';
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

  /** @throws DomainError refused NOT_A_PARALEGAL, conflict ASSIGNED_ALREADY */
  assign(id: string, person: Candidate, { work, taskKind, isAdministrative }: Work, at: Temporal.Instant): Assignment {
    if (person.role !== 'PARALEGAL' && !(isAdministrative && person.role === 'VIRTUAL_ASSISTANT')) {
      throw DomainError.refused('NOT_A_PARALEGAL', 'substantive work on a matter is assigned to paralegals only');
    }
    if (this.assignments.some((one) => one.personId === person.id && one.work === work)) {
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
    });
    this.become({ assignments: [...this.assignments, assignment], version: this.version + 1 });
    return assignment;
  }

  /** The matter with its assignments, as they were loaded. */
  withAssignments(assignments: readonly Assignment[]): this {
    this.become({ assignments: assignments.filter((assignment) => assignment.matterId === this.id) });
    return this;
  }

  private become(change: Partial<Pick<Matter, 'assignments' | 'version'>>): void {
    Object.assign(this, change);
  }
}
