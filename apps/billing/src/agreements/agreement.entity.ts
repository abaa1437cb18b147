import { bigintColumn, plainDate } from '@paradesk/platform';
import { DomainError, Money, type TimeRounding } from '@paradesk/kernel';
import { Temporal } from 'temporal-polyfill';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { moneyE4 } from '../billable-work/line-amount.js';
import type { Person } from '../people/person.entity.js';
import { decideRate, type RateDecision, type RateRule, type WorkToPrice } from '../rates/rate-precedence.js';
import { type BillingTerms, billingTermsColumn } from './billing-terms.js';
import { checkTerms } from './check-terms.js';

/** What a client agreed to. */
export interface Terms {
  readonly currency: string;
  readonly validFrom: Temporal.PlainDate;
  readonly paymentTermsDays: number;
  readonly timeRounding: TimeRounding;
  readonly rates: readonly AgreedRate[];
  readonly billing: BillingTerms;
}

/** What an hour of a timekeeper costs. */
export interface AgreedRate {
  readonly personId: string;
  readonly hourlyRate: Money;
}

/** What of a matter decides a rate. */
export interface PricedMatter {
  readonly id: string;
  readonly practiceArea: string;
}

const emptyForNull = { to: (id: string) => (id === '' ? null : id), from: (stored: string | null) => stored ?? '' };

/**
 * What a client agreed to pay for a matter, or for all of its matters that have no agreement of their own.
 *
 * - It never changes but for its end, which is set once: a later agreement follows it, and work keeps the terms of its own day.
 * - One agreement counts for a matter on a day: of the matter's own, else of the client's, the one that begins last, but not after that day,
 *   and has not ended.
 * - A timekeeper has one rate in it, not negative, in the agreement's currency; a rate of the matter or the client stands beside those of
 *   the tenant, by the order of precedence. Who has none is not approved by the client.
 */
@Entity('agreements')
export class Agreement {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) readonly tenantId!: string;
  @PrimaryColumn('uuid') readonly id!: string;
  @Column('uuid', { name: 'client_id' }) readonly clientId!: string;
  /** Empty where it is for all of the client's; the matter that asks for it where it was looked up for one. */
  @Column('uuid', { name: 'matter_id', nullable: true, transformer: emptyForNull }) readonly matterId!: string;
  @Column('text') readonly currency!: string;
  @Column('date', { name: 'valid_from', transformer: plainDate }) readonly validFrom!: Temporal.PlainDate;
  /** Last day; null while it goes on. */
  @Column('date', { name: 'valid_to', nullable: true, transformer: plainDate })
  readonly validTo!: Temporal.PlainDate | null;
  @Column('integer', { name: 'payment_terms_days' }) readonly paymentTermsDays!: number;
  @Column('integer', { name: 'increment_minutes' }) readonly incrementMinutes!: number;
  @Column('text', { name: 'rounding_mode' }) readonly roundingMode!: TimeRounding['mode'];
  @Column('boolean', { name: 'rounding_enforced' }) readonly roundingEnforced!: boolean;
  @Column('jsonb', { transformer: billingTermsColumn }) readonly terms!: BillingTerms;

  /** In the order they were agreed. Rows of their own: the service loads and stores them with the agreement. */
  readonly rates: readonly AgreedRate[] = [];
  /** Whether it is for all of the client's matters. */
  readonly ofClient: boolean = false;
  /** All rates that may price work on the matter, its own among them; none until `onMatter`. */
  readonly rules: readonly RateRule[] = [];
  /** Of the matter. */
  readonly practiceArea: string = '';

  /**
   * @param matter without an id where it is for all of the client's
   * @throws DomainError invalid RATE_TWICE, CURRENCY_MISMATCH, RATE_NEGATIVE or OUT_OF_RANGE, naming the rate; what `checkTerms` refuses
   */
  static create(tenantId: string, id: string, matter: { id: string; clientId: string }, terms: Terms): Agreement {
    checkRates(terms);
    checkTerms(terms.billing, { ofMatter: matter.id !== '' });
    const { currency, validFrom, paymentTermsDays, timeRounding, rates } = terms;
    return Object.assign(new Agreement(), {
      tenantId,
      id,
      clientId: matter.clientId,
      matterId: matter.id,
      ofClient: matter.id === '',
      currency,
      validFrom,
      validTo: null,
      paymentTermsDays,
      incrementMinutes: timeRounding.incrementMinutes,
      roundingMode: timeRounding.mode,
      roundingEnforced: timeRounding.enforced,
      terms: terms.billing,
      rates,
    });
  }

  get timeRounding(): TimeRounding {
    return { incrementMinutes: this.incrementMinutes, mode: this.roundingMode, enforced: this.roundingEnforced };
  }

  /** What an hour of clerical work costs, in ten-thousandths; undefined where it is overhead. */
  get administrativeRateE4(): bigint | undefined {
    const { administrativeRateMinor: minor } = this.terms;
    return minor === undefined ? undefined : moneyE4(Money.of(minor, this.currency), 'terms.administrativeRate');
  }

  /** Sets its last day, once. @throws DomainError invalid ENDS_BEFORE_IT_BEGINS; refused AGREEMENT_ENDED */
  end(validTo: Temporal.PlainDate): void {
    if (this.validTo?.equals(validTo)) return;
    if (this.validTo) {
      throw DomainError.refused('AGREEMENT_ENDED', `the agreement ends on ${this.validTo.toString()} already`);
    }
    if (Temporal.PlainDate.compare(validTo, this.validFrom) < 0) {
      throw DomainError.invalid('validTo', 'ENDS_BEFORE_IT_BEGINS', 'the last day is before the first');
    }
    Object.assign(this, { validTo });
  }

  /** The rate of the timekeeper's work and why. @throws DomainError refused RATE_AMBIGUOUS */
  rateOf(timekeeper: Pick<Person, 'id' | 'timekeeperClassification'>, work: PricedWork): RateDecision {
    return decideRate(this.rules, this.toPrice(timekeeper, work));
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
    return Object.assign(this, { rates: agreed, ofClient: this.matterId === '' });
  }

  /** Its own rates: of the matter and the timekeeper, or of the client and the timekeeper. */
  get ownRules(): RateRule[] {
    const { id, currency, validFrom, validTo, clientId, matterId } = this;
    return this.rates.map(({ personId, hourlyRate }) => ({
      id,
      ...ANY,
      ...(this.ofClient ? { clientId } : { matterId }),
      personId,
      currency,
      hourlyRateE4: moneyE4(hourlyRate, 'hourlyRate'),
      validFrom,
      validTo,
    }));
  }

  /** The agreement as it counts for one of its matters. @param rules the rates beside its own that may apply there */
  onMatter({ id: matterId, practiceArea }: PricedMatter, rules: readonly RateRule[]): Agreement {
    return Object.assign(new Agreement(), this, { matterId, practiceArea, rules: [...this.ownRules, ...rules] });
  }

  private toPrice(
    { id: personId, timekeeperClassification: timekeeperClass }: Pick<Person, 'id' | 'timekeeperClassification'>,
    { taskCode, day }: PricedWork,
  ): WorkToPrice {
    const { clientId, matterId, practiceArea, currency } = this;
    return { clientId, matterId, practiceArea, personId, timekeeperClass, taskCode, day, currency };
  }
}

/** What of work decides its rate, beside who does it. */
export interface PricedWork {
  readonly taskCode: string;
  readonly day: Temporal.PlainDate;
}

const ANY = { clientId: '', matterId: '', practiceArea: '', personId: '', timekeeperClass: '', taskCode: '' };

/** A timekeeper's rate, as it is stored. */
@Entity('agreement_rates')
export class AgreementRate {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) readonly tenantId!: string;
  @PrimaryColumn('uuid', { name: 'agreement_id' }) readonly agreementId!: string;
  @PrimaryColumn('uuid', { name: 'person_id' }) readonly personId!: string;
  @Column('integer') readonly position!: number;
  @Column('bigint', { name: 'hourly_rate_minor', transformer: bigintColumn }) readonly hourlyRateMinor!: bigint;
}

/** Of a matter's agreements, its own and its client's as it has them, the one that is valid on the day; undefined where none is. */
export function inForceOn(
  agreements: readonly Agreement[],
  matterId: string,
  day: Temporal.PlainDate,
): Agreement | undefined {
  return agreements
    .filter(
      ({ matterId: id, validFrom, validTo }) =>
        id === matterId &&
        Temporal.PlainDate.compare(validFrom, day) <= 0 &&
        (validTo === null || Temporal.PlainDate.compare(day, validTo) <= 0),
    )
    .sort(
      (one, other) =>
        Number(one.ofClient) - Number(other.ofClient) || Temporal.PlainDate.compare(other.validFrom, one.validFrom),
    )[0];
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
