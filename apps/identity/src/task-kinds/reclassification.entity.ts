import { DomainError } from '@paradesk/kernel';
import { instant } from '@paradesk/platform';
import type { Temporal } from 'temporal-polyfill';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { TaskClassName } from './task-kind.entity.js';

/** What is proposed, and by whom. */
export interface Proposal {
  readonly code: string;
  readonly fromClass: TaskClassName;
  readonly toClass: TaskClassName;
  readonly reason: string;
  /** The one attorney who may sign it off; null where any may. */
  readonly attorneyId: string | null;
  readonly proposedBy: string;
  readonly proposedAt: Temporal.Instant;
}

/**
 * A proposal to give a kind of work another class.
 *
 * - An attorney signs it off, the named one where one is named; who proposes cannot, as operations managers are no attorneys.
 * - Signed off or withdrawn is for good. Of a kind one proposal is open at most (a unique key says so): the next withdraws it, so that what
 *   an attorney signs off is what they were shown.
 */
@Entity('reclassifications')
export class Reclassification {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) readonly tenantId!: string;
  @PrimaryColumn('uuid') readonly id!: string;
  @Column('text') readonly code!: string;
  @Column('text', { name: 'from_class' }) readonly fromClass!: TaskClassName;
  @Column('text', { name: 'to_class' }) readonly toClass!: TaskClassName;
  @Column('text') readonly reason!: string;
  @Column('uuid', { name: 'attorney_id', nullable: true }) readonly attorneyId!: string | null;
  @Column('uuid', { name: 'proposed_by' }) readonly proposedBy!: string;
  @Column('timestamptz', { name: 'proposed_at', transformer: instant }) readonly proposedAt!: Temporal.Instant;
  @Column('uuid', { name: 'signed_off_by', nullable: true }) readonly signedOffBy!: string | null;
  @Column('timestamptz', { name: 'signed_off_at', transformer: instant, nullable: true })
  readonly signedOffAt!: Temporal.Instant | null;
  @Column('timestamptz', { name: 'withdrawn_at', transformer: instant, nullable: true })
  readonly withdrawnAt!: Temporal.Instant | null;

  /** @throws DomainError conflict CLASS_UNCHANGED */
  static propose(tenantId: string, id: string, proposal: Proposal): Reclassification {
    if (proposal.fromClass === proposal.toClass) {
      throw DomainError.conflict('CLASS_UNCHANGED', `${proposal.code} is ${proposal.toClass.toLowerCase()} already`);
    }
    const open = { signedOffBy: null, signedOffAt: null, withdrawnAt: null };
    return Object.assign(new Reclassification(), { tenantId, id, ...proposal, ...open });
  }

  /**
   * @returns whether anything changed: signed off before, it stays as it is
   * @throws DomainError refused RECLASSIFICATION_WITHDRAWN; forbidden NOT_THE_NAMED_ATTORNEY
   */
  signOff(attorneyId: string, at: Temporal.Instant): boolean {
    if (this.attorneyId !== null && this.attorneyId !== attorneyId) {
      throw DomainError.forbidden('NOT_THE_NAMED_ATTORNEY', 'another attorney was asked to sign this off');
    }
    if (this.withdrawnAt) {
      throw DomainError.refused('RECLASSIFICATION_WITHDRAWN', 'another proposal has taken the place of this one');
    }
    if (this.signedOffAt) return false;
    Object.assign(this, { signedOffBy: attorneyId, signedOffAt: at });
    return true;
  }
}
