import { DomainError } from '@paradesk/kernel';
import { bigintColumn, instant, plainDate } from '@paradesk/platform';
import type { Temporal } from 'temporal-polyfill';
import { Column, Entity, PrimaryColumn } from 'typeorm';

export type BillingRunStatus = 'drafting' | 'drafted' | 'issuing' | 'issued' | 'cancelled';
export type BillingRunGrouping = 'client' | 'matter';
export type BillingRunItemStatus = 'waiting' | 'proposed' | 'drafted' | 'nothing' | 'parked' | 'issued';

/**
 * The invoices of a period for many accounts.
 *
 * - One is under way at a time (a unique index says so), and what it bills is what is billed on no live invoice: begun again, after
 *   whatever end, it makes what is missing and nothing twice.
 * - An account that fails is parked with its reason, and the others go on.
 * - A dry run says what it would do, and does nothing.
 */
@Entity('billing_runs')
export class BillingRun {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) readonly tenantId!: string;
  @PrimaryColumn('uuid') readonly id!: string;
  @Column('date', { name: 'billing_start', transformer: plainDate }) readonly billingStart!: Temporal.PlainDate;
  @Column('date', { name: 'billing_end', transformer: plainDate }) readonly billingEnd!: Temporal.PlainDate;
  @Column('text') readonly grouping!: BillingRunGrouping;
  @Column('boolean', { name: 'dry_run' }) readonly dryRun!: boolean;
  @Column('text') readonly status!: BillingRunStatus;
  @Column('timestamptz', { name: 'started_at', transformer: instant }) readonly startedAt!: Temporal.Instant;
  @Column('uuid', { name: 'started_by', nullable: true }) readonly startedBy!: string | null;

  get isUnderWay(): boolean {
    return this.status === 'drafting' || this.status === 'issuing';
  }

  /** Under way again; what is issuing already stays so. @throws DomainError refused RUN_NOT_DRAFTED */
  issue(): void {
    if (this.status === 'issuing') return;
    if (this.dryRun || (this.status !== 'drafted' && this.status !== 'issued' && this.status !== 'cancelled')) {
      throw DomainError.refused(
        'RUN_NOT_DRAFTED',
        `a run that is ${this.dryRun ? 'dry' : this.status} has nothing to issue`,
      );
    }
    Object.assign(this, { status: 'issuing' satisfies BillingRunStatus });
  }

  /** @throws DomainError refused RUN_NOT_DRAFTING for one that has drafted */
  cancel(): void {
    if (this.status === 'cancelled') return;
    if (this.status !== 'drafting') throw DomainError.refused('RUN_NOT_DRAFTING', `the run is ${this.status} already`);
    Object.assign(this, { status: 'cancelled' satisfies BillingRunStatus });
  }
}

/** An account of a run: a client, or a matter of one. */
@Entity('billing_run_items')
export class BillingRunItem {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) readonly tenantId!: string;
  @PrimaryColumn('uuid') readonly id!: string;
  @Column('uuid', { name: 'run_id' }) readonly runId!: string;
  @Column('uuid', { name: 'client_id' }) readonly clientId!: string;
  @Column('uuid', { name: 'matter_id', nullable: true }) readonly matterId!: string | null;
  @Column('text') readonly status!: BillingRunItemStatus;
  @Column('uuid', { name: 'invoice_id', nullable: true }) readonly invoiceId!: string | null;
  @Column('text', { nullable: true }) readonly currency!: string | null;
  @Column('bigint', { name: 'total_minor', nullable: true, transformer: bigintColumn })
  readonly totalMinor!: bigint | null;
  /** Why it is parked; empty where it is not. */
  @Column('text') readonly reason!: string;
  @Column('text') readonly message!: string;
}
