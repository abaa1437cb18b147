import { DomainError } from '@paradesk/kernel';
import { bigintColumn, plainDate, scaled4 } from '@paradesk/platform';
import type { Temporal } from 'temporal-polyfill';
import { Column, Entity } from 'typeorm';
import { CapturedWork } from '../billable-work/captured-work.js';

/** Class of the recorded work, which decides who pays for it. */
export type WorkClass = 'administrative' | 'substantive';

/**
 * Time of one timekeeper on one day for one matter.
 *
 * - Hours are rounded first, as the agreement of the day says, and stored; the amount is made of the stored hours only.
 * - Clerical work is overhead: what is not billable has an amount of zero (the table says so too).
 */
@Entity('time_entries')
export class TimeEntry extends CapturedWork {
  @Column('uuid', { name: 'person_id' }) readonly personId!: string;
  @Column('date', { name: 'worked_on', transformer: plainDate }) readonly workedOn!: Temporal.PlainDate;
  /** As worked, before rounding. */
  @Column('integer', { name: 'worked_minutes' }) readonly workedMinutes!: number;
  /** As billed, in ten-thousandths. */
  @Column('numeric', { name: 'hours', transformer: scaled4 }) readonly hoursE4!: bigint;
  @Column('numeric', { name: 'hourly_rate', transformer: scaled4 }) readonly hourlyRateE4!: bigint;
  /** Why the rate is not the agreement's; empty where it is. */
  @Column('text', { name: 'rate_reason' }) readonly rateReason!: string;
  @Column('bigint', { name: 'adjustment_minor', transformer: bigintColumn }) readonly adjustmentMinor!: bigint;
  @Column('text', { name: 'task_code' }) readonly taskCode!: string;
  @Column('text', { name: 'activity_code' }) readonly activityCode!: string;
  @Column('text', { name: 'task_class' }) readonly taskClass!: WorkClass;
  @Column('boolean') readonly billable!: boolean;

  /** What it says from now on, rounded and priced anew. Approved time says what was approved. @throws DomainError refused */
  update(restated: TimeEntry): void {
    if (this.status !== 'recorded' && this.status !== 'approved') this.requireMove('recorded');
    if (this.status === 'approved')
      throw DomainError.refused('WORK_IS_APPROVED', 'approved time is not changed any more');
    this.restate(restated, '');
  }

  /** Of another matter from now on, priced by its agreement. Who approved it approved another price. @throws DomainError refused */
  transfer(restated: TimeEntry, reason: string): void {
    if (this.status !== 'recorded') this.requireMove('recorded');
    this.restate(restated, reason);
  }

  private restate(restated: TimeEntry, statusReason: string): void {
    const { tenantId, id, recordedAt, recordedBy, importRef } = this;
    Object.assign(this, restated, { tenantId, id, recordedAt, recordedBy, importRef, statusReason });
  }
}
