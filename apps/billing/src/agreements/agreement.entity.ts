import { bigintColumn, plainDate } from '@paradesk/platform';
import { DomainError, Money, type TimeRounding } from '@paradesk/kernel';
import { Temporal } from 'temporal-polyfill';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { moneyE4 } from '../billable-work/line-amount.js';

/** What a client agreed to. */
export interface Terms {
  readonly currency: string;
  readonly validFrom: Temporal.PlainDate;
  readonly paymentTermsDays: number;
  readonly timeRounding: TimeRounding;
  readonly rates: readonly AgreedRate[];
}

/** What an hour of a timekeeper costs. */
export interface AgreedRate {
  readonly personId: string;
  readonly hourlyRate: Money;
}

/**
 * What a client agreed to pay for a matter by the hour.
 *
 * - It never changes: a later agreement follows it, and work keeps the terms of its own day.
 * - One agreement is valid on a day: of a matter's agreements the one that begins last, but not after that day.
 * - A timekeeper has one rate, not negative, in the agreement's currency. Who has none is not approved by the client.
 */
@Entity('agreements')
export class Agreement {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) readonly tenantId!: string;
  @PrimaryColumn('uuid') readonly id!: string;
  @Column('uuid', { name: 'client_id' }) readonly clientId!: string;
  @Column('uuid', { name: 'matter_id' }) readonly matterId!: string;
  @Column('text') readonly currency!: string;
  @Column('date', { name: 'valid_from', transformer: plainDate }) readonly validFrom!: Temporal.PlainDate;
  @Column('integer', { name: 'payment_terms_days' }) readonly paymentTermsDays!: number;
  @Column('integer', { name: 'increment_minutes' }) readonly incrementMinutes!: number;
  @Column('text', { name: 'rounding_mode' }) readonly roundingMode!: TimeRounding['mode'];
  @Column('boolean', { name: 'rounding_enforced' }) readonly roundingEnforced!: boolean;

  /** In the order they were agreed. Rows of their own: the service loads and stores them with the agreement. */
  readonly rates: readonly AgreedRate[] = [];

  /** @throws DomainError invalid RATE_TWICE, CURRENCY_MISMATCH, RATE_NEGATIVE or OUT_OF_RANGE, naming the rate */
  static create(tenantId: string, id: string, matter: { id: string; clientId: string }, terms: Terms): Agreement {
    checkRates(terms);
    const { currency, validFrom, paymentTermsDays, timeRounding, rates } = terms;
    return Object.assign(new Agreement(), {
      tenantId,
      id,
      clientId: matter.clientId,
      matterId: matter.id,
      currency,
      validFrom,
      paymentTermsDays,
      incrementMinutes: timeRounding.incrementMinutes,
      roundingMode: timeRounding.mode,
      roundingEnforced: timeRounding.enforced,
      rates,
    });
  }

  get timeRounding(): TimeRounding {
    return { incrementMinutes: this.incrementMinutes, mode: this.roundingMode, enforced: this.roundingEnforced };
  }

  /** Price of an hour of the timekeeper in ten-thousandths; undefined where none was agreed. */
  rateE4Of(personId: string): bigint | undefined {
    const rate = this.rates.find((one) => one.personId === personId);
    return rate && moneyE4(rate.hourlyRate, 'hourlyRate');
  }

  /** The agreement with its rates, as they were loaded. */
  withRates(rates: readonly AgreementRate[]): this {
    const own = rates
      .filter((rate) => rate.agreementId === this.id)
      .sort((one, other) => one.position - other.position);
    const agreed = own.map((rate) => ({
      personId: rate.personId,
      hourlyRate: Money.of(rate.hourlyRateMinor, this.currency),
    }));
    return Object.assign(this, { rates: agreed });
  }
}

/** A timekeeper's rate, as it is stored. */
@Entity('agreement_rates')
export class AgreementRate {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) readonly tenantId!: string;
  @PrimaryColumn('uuid', { name: 'agreement_id' }) readonly agreementId!: string;
  @PrimaryColumn('uuid', { name: 'person_id' }) readonly personId!: string;
  @Column('integer') readonly position!: number;
  @Column('bigint', { name: 'hourly_rate_minor', transformer: bigintColumn }) readonly hourlyRateMinor!: bigint;
}

/** Of a matter's agreements the one that is valid on the day; undefined where none is yet. */
export function inForceOn(
  agreements: readonly Agreement[],
  matterId: string,
  day: Temporal.PlainDate,
): Agreement | undefined {
  return agreements
    .filter(({ matterId: id, validFrom }) => id === matterId && Temporal.PlainDate.compare(validFrom, day) <= 0)
    .sort((one, other) => Temporal.PlainDate.compare(other.validFrom, one.validFrom))[0];
}

function checkRates({ currency, rates }: Terms): void {
  const seen = new Set<string>();
  rates.forEach(({ personId, hourlyRate }, index) => {
    const field = `rates[${index}]`;
    if (seen.has(personId)) {
      throw DomainError.invalid(`${field}.personId`, 'RATE_TWICE', 'the timekeeper has a rate already');
    }
    seen.add(personId);
    if (hourlyRate.currency !== currency) {
      const message = `the agreement is in ${currency}, the rate in ${hourlyRate.currency}`;
      throw DomainError.invalid(`${field}.hourlyRate.currencyCode`, 'CURRENCY_MISMATCH', message);
    }
    if (hourlyRate.isNegative()) {
      throw DomainError.invalid(`${field}.hourlyRate`, 'RATE_NEGATIVE', 'a rate must not be negative');
    }
    moneyE4(hourlyRate, `${field}.hourlyRate`);
  });
}
