import { DomainError, Money } from '@paradesk/kernel';
import { bigintColumn, instant, plainDate } from '@paradesk/platform';
import { Temporal } from 'temporal-polyfill';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { moneyE4 } from '../billable-work/line-amount.js';
import { rateLevel, type RateLevel, type RateRule, type RateScope } from './rate-precedence.js';

const emptyForNull = { to: (id: string) => (id === '' ? null : id), from: (stored: string | null) => stored ?? '' };

/** A rate as a person states it. */
export interface RateToCreate {
  readonly scope: RateScope;
  readonly hourlyRate: Money;
  readonly validFrom: Temporal.PlainDate;
  readonly validTo: Temporal.PlainDate | null;
}

/**
 * What an hour costs: for a matter, a client, a practice area, or for all; of a timekeeper, a class of them, or a task.
 *
 * - What it is for and what it costs never change; only its end is set, once. Work that is captured keeps its price.
 * - Of the same scope and currency one rate is valid on a day.
 */
@Entity('rates')
export class Rate {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) readonly tenantId!: string;
  @PrimaryColumn('uuid') readonly id!: string;
  @Column('uuid', { name: 'client_id', nullable: true, transformer: emptyForNull }) readonly clientId!: string;
  @Column('uuid', { name: 'matter_id', nullable: true, transformer: emptyForNull }) readonly matterId!: string;
  @Column('text', { name: 'practice_area' }) readonly practiceArea!: string;
  @Column('uuid', { name: 'person_id', nullable: true, transformer: emptyForNull }) readonly personId!: string;
  @Column('text', { name: 'timekeeper_class' }) readonly timekeeperClass!: string;
  @Column('text', { name: 'task_code' }) readonly taskCode!: string;
  @Column('text') readonly currency!: string;
  @Column('bigint', { name: 'hourly_rate_minor', transformer: bigintColumn }) readonly hourlyRateMinor!: bigint;
  @Column('date', { name: 'valid_from', transformer: plainDate }) readonly validFrom!: Temporal.PlainDate;
  /** Last day; null while it goes on. */
  @Column('date', { name: 'valid_to', nullable: true, transformer: plainDate })
  readonly validTo!: Temporal.PlainDate | null;
  @Column('timestamptz', { name: 'created_at', transformer: instant }) readonly createdAt!: Temporal.Instant;
  @Column('uuid', { name: 'created_by', nullable: true }) readonly createdBy!: string | null;

  /** @throws DomainError invalid RATE_SCOPE, RATE_NEGATIVE, OUT_OF_RANGE or ENDS_BEFORE_IT_BEGINS */
  static create(by: Pick<Rate, 'tenantId' | 'id' | 'createdAt' | 'createdBy'>, rate: RateToCreate): Rate {
    const { scope, hourlyRate, validFrom, validTo } = rate;
    rateLevel(scope);
    if (hourlyRate.isNegative()) throw DomainError.invalid('hourlyRate', 'RATE_NEGATIVE', 'a rate is not below zero');
    moneyE4(hourlyRate, 'hourlyRate');
    refuseEndBefore(validFrom, validTo);
    const { currency, amountMinor: hourlyRateMinor } = hourlyRate;
    return Object.assign(new Rate(), { ...by, ...scope, currency, hourlyRateMinor, validFrom, validTo });
  }

  get level(): RateLevel {
    return rateLevel(this);
  }

  get hourlyRate(): Money {
    return Money.of(this.hourlyRateMinor, this.currency);
  }

  get rule(): RateRule {
    const { id, clientId, matterId, practiceArea, personId, timekeeperClass, taskCode, currency } = this;
    const { hourlyRate, validFrom, validTo } = this;
    const scope = { clientId, matterId, practiceArea, personId, timekeeperClass, taskCode };
    return { id, ...scope, currency, hourlyRateE4: moneyE4(hourlyRate, 'hourlyRate'), validFrom, validTo };
  }

  /** Whether both are for the same and some day is of both. */
  overlaps(other: Rate): boolean {
    const same = (['clientId', 'matterId', 'practiceArea', 'personId', 'timekeeperClass', 'taskCode'] as const).every(
      (field) => this[field] === other[field],
    );
    return same && this.currency === other.currency && begins(this, other) && begins(other, this);
  }

  /** Sets its last day, once. @throws DomainError invalid ENDS_BEFORE_IT_BEGINS; refused RATE_ENDED */
  end(validTo: Temporal.PlainDate): void {
    if (this.validTo?.equals(validTo)) return;
    if (this.validTo) throw DomainError.refused('RATE_ENDED', `the rate ends on ${this.validTo.toString()} already`);
    refuseEndBefore(this.validFrom, validTo);
    Object.assign(this, { validTo });
  }
}

/** Whether the one begins before the other is over. */
function begins({ validFrom }: Rate, { validTo }: Rate): boolean {
  return validTo === null || Temporal.PlainDate.compare(validFrom, validTo) <= 0;
}

function refuseEndBefore(validFrom: Temporal.PlainDate, validTo: Temporal.PlainDate | null): void {
  if (validTo === null || Temporal.PlainDate.compare(validFrom, validTo) <= 0) return;
  throw DomainError.invalid('validTo', 'ENDS_BEFORE_IT_BEGINS', 'the last day is before the first');
}
