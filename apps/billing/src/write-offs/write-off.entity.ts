import { DomainError, Money } from '@paradesk/kernel';
import { bigintColumn } from '@paradesk/platform';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** How far a write-off has come. */
export type WriteOffStatus = 'requested' | 'approved' | 'declined' | 'reversed';

const transitions: Record<WriteOffStatus, readonly WriteOffStatus[]> = {
  requested: ['approved', 'declined'],
  approved: ['reversed'],
  declined: [],
  reversed: [],
};

/** What is asked for. */
export type NewWriteOff = Pick<WriteOff, 'tenantId' | 'id' | 'clientId' | 'invoiceId' | 'reason' | 'requestedBy'>;

/**
 * What of an invoice will not be paid and is asked for no more.
 *
 * - It takes effect when another person than who asked for it approves it. Of an invoice one at most waits for that (a unique index says so).
 * - What is asked for never changes. What took effect is taken back as a whole, and what it wrote off is owed again.
 */
@Entity('write_offs')
export class WriteOff {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) readonly tenantId!: string;
  @PrimaryColumn('uuid') readonly id!: string;
  @Column('uuid', { name: 'client_id' }) readonly clientId!: string;
  @Column('uuid', { name: 'invoice_id' }) readonly invoiceId!: string;
  @Column('text') readonly currency!: string;
  @Column('bigint', { name: 'amount_minor', transformer: bigintColumn }) readonly amountMinor!: bigint;
  @Column('text') readonly reason!: string;
  @Column('text') readonly status!: WriteOffStatus;
  /** The person who asked for it; null for a service. */
  @Column('uuid', { name: 'requested_by', nullable: true }) readonly requestedBy!: string | null;
  /** Who decided last; null before. */
  @Column('uuid', { name: 'decided_by', nullable: true }) readonly decidedBy!: string | null;
  /** Why it was declined or taken back; empty otherwise. */
  @Column('text', { name: 'status_reason' }) readonly statusReason!: string;

  static request({ amountMinor, currency }: Money, asked: NewWriteOff): WriteOff {
    const waiting = { status: 'requested' as const, decidedBy: null, statusReason: '' };
    return Object.assign(new WriteOff(), { ...asked, ...waiting, amountMinor, currency });
  }

  get amount(): Money {
    return Money.of(this.amountMinor, this.currency);
  }

  /**
   * @returns false where it has come there before: told again, it has no second effect
   * @throws DomainError refused WRITE_OFF_STATUS
   */
  become(status: WriteOffStatus, decidedBy: string | null, statusReason: string): boolean {
    if (this.status === status) return false;
    if (!transitions[this.status].includes(status)) {
      throw DomainError.refused('WRITE_OFF_STATUS', `a write-off that is ${this.status} does not become ${status}`);
    }
    Object.assign(this, { status, decidedBy, statusReason });
    return true;
  }
}
