import { DomainError } from '@paradesk/kernel';
import { bigintColumn, instant } from '@paradesk/platform';
import type { Temporal } from 'temporal-polyfill';
import { Column, PrimaryColumn } from 'typeorm';

/** How far captured work has come. */
export type WorkStatus = 'recorded' | 'submitted' | 'rejected' | 'approved' | 'billed' | 'discarded';

const transitions: Record<WorkStatus, readonly WorkStatus[]> = {
  recorded: ['submitted', 'approved', 'rejected', 'discarded'],
  submitted: ['recorded', 'approved', 'rejected', 'discarded'],
  // Mended it is recorded anew; submitted as it is, the timekeeper stands by it.
  rejected: ['recorded', 'submitted', 'discarded'],
  // Only by a transfer to another matter, where it has another price.
  approved: ['billed', 'recorded'],
  billed: [],
  discarded: [],
};

/**
 * What time entries, expenses and adjustments are alike in.
 *
 * - The amount is computed when the work is captured or restated, and never again: a changed rate or rounding touches no entry.
 * - It goes from recorded over submitted to approved to billed; only before it is approved is it given back or discarded.
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

  /** Why it was given back, discarded or transferred last; empty where it was not. */
  @Column('text', { name: 'status_reason' }) readonly statusReason!: string;
  /** Why it was recorded or changed in a locked period; empty where it was not. */
  @Column('text', { name: 'lock_override_reason' }) readonly lockOverrideReason!: string;

  /** Work in progress from now on. What is approved or billed already stays as it is. */
  approve(): void {
    if (this.status !== 'approved' && this.status !== 'billed') this.move('approved', '');
  }

  /** Handed in for approval; what is handed in already stays as it is. */
  submit(): void {
    if (this.status !== 'submitted') this.move('submitted', '');
  }

  /** Given back to be mended. */
  reject(reason: string): void {
    this.move('rejected', reason);
  }

  /** Never to be billed. */
  discard(reason: string): void {
    this.move('discarded', reason);
  }

  private move(status: WorkStatus, statusReason: string): void {
    this.requireMove(status);
    Object.assign(this, { status, statusReason });
  }

  /** @throws DomainError refused WORK_IS_<STATUS> where it cannot come to this status any more */
  protected requireMove(status: WorkStatus): void {
    if (transitions[this.status].includes(status)) return;
    const message = `work that is ${this.status} cannot become ${status} any more`;
    throw DomainError.refused(`WORK_IS_${this.status.toUpperCase()}`, message, { id: this.id });
  }
}

/** What all captured work is recorded with, whoever or whatever captured it. */
export type Recording = Pick<
  CapturedWork,
  'tenantId' | 'id' | 'recordedAt' | 'recordedBy' | 'importRef' | 'statusReason' | 'lockOverrideReason'
>;
