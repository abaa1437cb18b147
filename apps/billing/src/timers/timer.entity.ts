import { DomainError } from '@paradesk/kernel';
import { instant } from '@paradesk/platform';
import type { Temporal } from 'temporal-polyfill';
import { Column, Entity, PrimaryColumn } from 'typeorm';

const DAY_MINUTES = 1440;

/**
 * A clock that a person lets run, or let run.
 *
 * - A person has one that runs at a time (a unique index says so).
 * - It is a moment and no counting, so nothing that is restarted makes it lose time.
 * - Stopped it becomes a time entry of the same transaction, or nothing; it never runs again.
 */
@Entity('timers')
export class Timer {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) readonly tenantId!: string;
  @PrimaryColumn('uuid') readonly id!: string;
  @Column('uuid', { name: 'person_id' }) readonly personId!: string;
  @Column('uuid', { name: 'matter_id' }) readonly matterId!: string;
  @Column('text') readonly narrative!: string;
  @Column('text', { name: 'task_code' }) readonly taskCode!: string;
  @Column('text', { name: 'activity_code' }) readonly activityCode!: string;
  @Column('timestamptz', { name: 'started_at', transformer: instant }) readonly startedAt!: Temporal.Instant;
  @Column('timestamptz', { name: 'stopped_at', transformer: instant, nullable: true })
  readonly stoppedAt!: Temporal.Instant | null;
  @Column('uuid', { name: 'time_entry_id', nullable: true }) readonly timeEntryId!: string | null;

  /**
   * Minutes that it has run, each begun one counted, at least one.
   *
   * @throws DomainError refused TIMER_FORGOTTEN where it ran for more than a day: nobody worked that long, somebody forgot it
   */
  minutesAt(now: Temporal.Instant): number {
    const minutes = Math.max(1, Math.ceil(this.startedAt.until(now).total('minutes')));
    if (minutes <= DAY_MINUTES) return minutes;
    const message = 'the timer ran for more than a day: say how many minutes were worked, or discard it';
    throw DomainError.refused('TIMER_FORGOTTEN', message, { startedAt: this.startedAt.toString() });
  }

  stop(now: Temporal.Instant, timeEntryId: string | null): void {
    Object.assign(this, { stoppedAt: now, timeEntryId });
  }
}
