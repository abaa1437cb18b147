import { bigintColumn, instant } from '@paradesk/platform';
import type { Temporal } from 'temporal-polyfill';
import { Column, PrimaryColumn } from 'typeorm';

/** How far captured work has come. */
export type WorkStatus = 'recorded' | 'approved' | 'billed';

const transitions: Record<WorkStatus, readonly WorkStatus[]> = {
  recorded: ['approved'],
  approved: ['billed'],
  billed: [],
};

/**
 * What time entries, expenses and adjustments are alike in.
 *
 * - The amount is computed once, when the work is captured, and never again: a changed rate or rounding touches no entry.
 * - It goes from recorded to approved to billed and never back.
 * - A line of an imported file is captured at most once (a unique key on its reference says so).
 */
export abstract class CapturedWork {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) readonly tenantId!: string;
  @PrimaryColumn('uuid') readonly id!: string;
  @Column('uuid', { name: 'client_id' }) readonly clientId!: string;
  @Column('uuid', { name: 'matter_id' }) readonly matterId!: string;
  @Column('text') readonly currency!: string;
  @Column('bigint', { name: 'amount_minor', transformer: bigintColumn }) readonly amountMinor!: bigint;
  @Column('text') readonly narrative!: string;
  @Column('text') readonly status!: WorkStatus;
  @Column('timestamptz', { name: 'recorded_at', transformer: instant }) readonly recordedAt!: Temporal.Instant;
  @Column('uuid', { name: 'recorded_by', nullable: true }) readonly recordedBy!: string | null;
  /** Which line of which file it came from; null where a person recorded it. */
  @Column('text', { name: 'import_ref', nullable: true }) readonly importRef!: string | null;

  /** Work in progress from now on. What is approved or billed already stays as it is. */
  approve(): void {
    if (transitions[this.status].includes('approved')) Object.assign(this, { status: 'approved' satisfies WorkStatus });
  }
}

/** What all captured work is recorded with, whoever or whatever captured it. */
export type Recording = Pick<CapturedWork, 'tenantId' | 'id' | 'recordedAt' | 'recordedBy' | 'importRef'>;
