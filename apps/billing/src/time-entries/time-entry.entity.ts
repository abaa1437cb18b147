import { DomainError, type Money } from '@paradesk/kernel';
import { bigintColumn, plainDate, scaled4 } from '@paradesk/platform';
import type { Temporal } from 'temporal-polyfill';
import { Column, Entity } from 'typeorm';
import { CapturedWork } from '../billable-work/captured-work.js';
import { lineAmount, moneyE4 } from '../billable-work/line-amount.js';
import type { Finding, Guideline } from '../guidelines/guideline.js';

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
  /** Of the task catalogue; empty where the timekeeper's role says what class of work it is. */
  @Column('text', { name: 'task_kind' }) readonly taskKind!: string;
  /** What the client's guidelines find in it, as it was recorded or changed last. */
  @Column('jsonb') readonly findings!: readonly Finding[];

  override submit(): void {
    this.requireUnblocked();
    super.submit();
  }

  override approve(): void {
    this.requireUnblocked();
    super.approve();
  }

  /** Somebody takes a finding upon them. Waived twice it stays as it was waived first. @throws DomainError not-found */
  waive(guideline: Guideline, waiver: NonNullable<Finding['waiver']>): void {
    const finding = this.findings.find((one) => one.guideline === guideline);
    if (!finding) throw new DomainError('not-found', 'FINDING_NOT_FOUND', `the entry has no finding ${guideline}`);
    if (finding.waiver) return;
    const findings = this.findings.map((one) => (one === finding ? { ...one, waiver } : one));
    Object.assign(this, { findings });
  }

  /** What it says from now on, rounded and priced anew. Approved time says what was approved. @throws DomainError refused */
  update(restated: TimeEntry): void {
    if (this.status !== 'recorded' && this.status !== 'approved') this.requireMove('recorded');
    if (this.status === 'approved')
      throw DomainError.refused('WORK_IS_APPROVED', 'approved time is not changed any more');
    const { rateReason, hourlyRateE4 } = this;
    this.restate(restated, '');
    // What somebody decided about this entry is not undone by mending its words.
    if (rateReason !== '') this.price(hourlyRateE4, rateReason);
  }

  /**
   * What an hour of it costs, whatever rates say: a decision about this entry, with a reason.
   *
   * @throws DomainError refused WORK_IS_<STATUS> once it is approved, NOT_BILLABLE where it is not billed at all; invalid CURRENCY_MISMATCH,
   *   RATE_NEGATIVE or OUT_OF_RANGE
   */
  overrideRate(hourlyRate: Money, reason: string): void {
    if (this.status === 'approved' || this.status === 'billed' || this.status === 'discarded') {
      throw DomainError.refused(`WORK_IS_${this.status.toUpperCase()}`, `work that is ${this.status} keeps its rate`);
    }
    if (!this.billable) throw DomainError.refused('NOT_BILLABLE', 'the entry is not billed, whatever its rate');
    if (hourlyRate.currency !== this.currency) {
      const message = `the entry is in ${this.currency}, the rate in ${hourlyRate.currency}`;
      throw DomainError.invalid('hourlyRate.currencyCode', 'CURRENCY_MISMATCH', message);
    }
    if (hourlyRate.isNegative()) throw DomainError.invalid('hourlyRate', 'RATE_NEGATIVE', 'a rate is not below zero');
    this.price(moneyE4(hourlyRate, 'hourlyRate'), reason);
  }

  /** Of another matter from now on, priced by its agreement. Who approved it approved another price. @throws DomainError refused */
  transfer(restated: TimeEntry, reason: string): void {
    if (this.status !== 'recorded') this.requireMove('recorded');
    this.restate(restated, reason);
  }

  private price(hourlyRateE4: bigint, rateReason: string): void {
    const { hoursE4: unitsE4, adjustmentMinor, currency, billable } = this;
    if (!billable) return;
    const { amountMinor } = lineAmount({ unitsE4, unitCostE4: hourlyRateE4, adjustmentMinor, currency });
    Object.assign(this, { hourlyRateE4, rateReason, amountMinor });
  }

  private requireUnblocked(): void {
    const blocking = this.findings.find(({ severity, waiver }) => severity === 'block' && !waiver);
    if (!blocking) return;
    const { guideline, message } = blocking;
    throw DomainError.refused('GUIDELINE_BLOCKS', message, { id: this.id, guideline });
  }

  private restate(restated: TimeEntry, statusReason: string): void {
    const { tenantId, id, recordedAt, recordedBy, importRef } = this;
    Object.assign(this, restated, { tenantId, id, recordedAt, recordedBy, importRef, statusReason });
  }
}
