import { DomainError } from '@paradesk/kernel';
import { instant, plainDate } from '@paradesk/platform';
import { Temporal } from 'temporal-polyfill';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * A lock of all days up to one, which holds once its days of grace are over.
 *
 * - It does not reach into the future: work of a day to come cannot be done with.
 * - Lifted, it is over for good; who locks again makes another one.
 */
@Entity('period_locks')
export class PeriodLock {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) readonly tenantId!: string;
  @PrimaryColumn('uuid') readonly id!: string;
  /** The last locked day. */
  @Column('date', { transformer: plainDate }) readonly through!: Temporal.PlainDate;
  /** The first day on which it holds. */
  @Column('date', { name: 'holds_from', transformer: plainDate }) readonly holdsFrom!: Temporal.PlainDate;
  @Column('timestamptz', { name: 'locked_at', transformer: instant }) readonly lockedAt!: Temporal.Instant;
  @Column('uuid', { name: 'locked_by', nullable: true }) readonly lockedBy!: string | null;
  @Column('timestamptz', { name: 'lifted_at', transformer: instant, nullable: true })
  readonly liftedAt!: Temporal.Instant | null;
  @Column('text', { name: 'lift_reason' }) readonly liftReason!: string;

  /** @throws DomainError invalid LOCK_IN_FUTURE */
  static of(
    through: Temporal.PlainDate,
    graceDays: number,
    today: Temporal.PlainDate,
    made: Pick<PeriodLock, 'tenantId' | 'id' | 'lockedAt' | 'lockedBy'>,
  ): PeriodLock {
    if (Temporal.PlainDate.compare(through, today) > 0) {
      throw DomainError.invalid('through', 'LOCK_IN_FUTURE', 'is a day to come, whose work is still to be recorded');
    }
    const holdsFrom = today.add({ days: graceDays });
    return Object.assign(new PeriodLock(), { ...made, through, holdsFrom, liftedAt: null, liftReason: '' });
  }

  /** Whether work of the day is neither recorded nor changed today. */
  locks(day: Temporal.PlainDate, today: Temporal.PlainDate): boolean {
    if (this.liftedAt) return false;
    return Temporal.PlainDate.compare(day, this.through) <= 0 && Temporal.PlainDate.compare(this.holdsFrom, today) <= 0;
  }

  /** Lifted twice it stays as it was lifted first. */
  lift(reason: string, now: Temporal.Instant): void {
    if (!this.liftedAt) Object.assign(this, { liftedAt: now, liftReason: reason });
  }
}
