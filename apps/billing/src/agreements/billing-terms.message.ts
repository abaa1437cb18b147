import { fromDate, fromMoney, toDate, toMoney } from '@paradesk/contracts';
import {
  BillingFrequency as FrequencyMessage,
  BillingTerms as TermsMessage,
  CapPeriod,
  Delivery as DeliveryMessage,
  DiscountBase,
  RetainerKind,
  type Discount as DiscountMessage,
  type LateFee as LateFeeMessage,
  type ProjectFee as ProjectFeeMessage,
} from '@paradesk/contracts/paradesk/billing/v1/agreements';
import type { Money as MoneyMessage } from '@paradesk/contracts/paradesk/common/v1/money';
import { DomainError, Money } from '@paradesk/kernel';
import { Temporal } from 'temporal-polyfill';
import { formatE4, parseE4 } from '../billable-work/line-amount.js';
import {
  PLAIN_TERMS,
  type BillingFrequency,
  type BillingTerms,
  type Delivery,
  type Discount,
  type LateFee,
  type ProjectFee,
} from './billing-terms.js';

const frequencies: Record<BillingFrequency, FrequencyMessage> = {
  monthly: FrequencyMessage.MONTHLY,
  quarterly: FrequencyMessage.QUARTERLY,
  on_completion: FrequencyMessage.ON_COMPLETION,
  hold: FrequencyMessage.HOLD,
};

const deliveries: Record<Delivery, DeliveryMessage> = {
  email: DeliveryMessage.EMAIL,
  ledes_1998b: DeliveryMessage.LEDES_1998B,
  ledes_98bi: DeliveryMessage.LEDES_98BI,
};

/** The terms that a message states, its amounts in the currency of the agreement. @throws DomainError invalid, naming the field */
export function fromBillingTerms(message: TermsMessage | undefined, currency: string): BillingTerms {
  if (!message) return PLAIN_TERMS;
  const read = new Reading(currency);
  const { subscription, retainer, cap, lateFee } = message;
  return {
    projectFees: message.projectFees.map((fee, index) => read.projectFee(fee, `terms.projectFees[${index}]`)),
    ...(subscription && {
      subscription: {
        name: subscription.name,
        monthlyFeeMinor: read.minor(subscription.monthlyFee, 'terms.subscription.monthlyFee'),
        includedHoursE4: read.decimal(subscription.includedHours, 'terms.subscription.includedHours'),
      },
    }),
    ...(retainer && {
      retainer: {
        kind: retainer.kind === RetainerKind.EVERGREEN ? 'evergreen' : 'deposit',
        thresholdMinor: read.optionalMinor(retainer.threshold, 'terms.retainer.threshold') ?? 0n,
        targetMinor: read.minor(retainer.target, 'terms.retainer.target'),
      },
    }),
    ...(cap && {
      cap: {
        amountMinor: read.minor(cap.amount, 'terms.cap.amount'),
        per: cap.per === CapPeriod.MONTH ? 'month' : 'matter',
      },
    }),
    minimumFeeMinor: read.optionalMinor(message.minimumFee, 'terms.minimumFee') ?? 0n,
    discounts: message.discounts.map((discount, index) => read.discount(discount, `terms.discounts[${index}]`)),
    taxes: message.taxes.map(({ name, percent, onFees, onExpenses }, index) => ({
      name,
      percentE4: read.decimal(percent, `terms.taxes[${index}].percent`),
      on: [...(onFees ? (['fees'] as const) : []), ...(onExpenses ? (['expenses'] as const) : [])],
    })),
    payers: message.payers.map(({ clientId, percent }, index) => ({
      clientId: clientId.toLowerCase(),
      percentE4: read.decimal(percent, `terms.payers[${index}].percent`),
    })),
    ...(lateFee && { lateFee: read.lateFee(lateFee) }),
    deliveries: keysOf(deliveries, message.deliveries),
    frequency: keysOf(frequencies, [message.frequency])[0] ?? 'monthly',
    ...(message.administrativeRate && {
      administrativeRateMinor: read.minor(message.administrativeRate, 'terms.administrativeRate'),
    }),
  };
}

export function toBillingTerms(terms: BillingTerms, currency: string): TermsMessage {
  const money = (minor: bigint) => toMoney(Money.of(minor, currency));
  const { subscription, retainer, cap, lateFee, minimumFeeMinor, administrativeRateMinor } = terms;
  return TermsMessage.fromPartial({
    projectFees: terms.projectFees.map(({ amountMinor, dueOn, milestones, taskCodes, ...named }) => ({
      ...named,
      amount: money(amountMinor),
      ...(dueOn !== undefined && { dueOn: toDate(Temporal.PlainDate.from(dueOn)) }),
      milestones: milestones.map(({ amountMinor: part, ...rest }) => ({ ...rest, amount: money(part) })),
      taskCodes: [...taskCodes],
    })),
    ...(subscription && {
      subscription: {
        name: subscription.name,
        monthlyFee: money(subscription.monthlyFeeMinor),
        includedHours: formatE4(subscription.includedHoursE4),
      },
    }),
    ...(retainer && {
      retainer: {
        kind: retainer.kind === 'evergreen' ? RetainerKind.EVERGREEN : RetainerKind.DEPOSIT,
        threshold: money(retainer.thresholdMinor),
        target: money(retainer.targetMinor),
      },
    }),
    ...(cap && {
      cap: { amount: money(cap.amountMinor), per: cap.per === 'month' ? CapPeriod.MONTH : CapPeriod.MATTER },
    }),
    ...(minimumFeeMinor > 0n && { minimumFee: money(minimumFeeMinor) }),
    discounts: terms.discounts.map((discount) => toDiscount(discount, money)),
    taxes: terms.taxes.map(({ name, percentE4, on }) => ({
      name,
      percent: formatE4(percentE4),
      onFees: on.includes('fees'),
      onExpenses: on.includes('expenses'),
    })),
    payers: terms.payers.map(({ clientId, percentE4 }) => ({ clientId, percent: formatE4(percentE4) })),
    ...(lateFee && {
      lateFee: {
        percentPerMonth: lateFee.percentPerMonthE4 > 0n ? formatE4(lateFee.percentPerMonthE4) : '',
        ...(lateFee.flatMinor > 0n && { flat: money(lateFee.flatMinor) }),
        graceDays: lateFee.graceDays,
      },
    }),
    deliveries: terms.deliveries.map((delivery) => deliveries[delivery]),
    frequency: frequencies[terms.frequency],
    ...(administrativeRateMinor !== undefined && { administrativeRate: money(administrativeRateMinor) }),
  });
}

function toDiscount(discount: Discount, money: (minor: bigint) => MoneyMessage) {
  const { name, on, percentE4, amountMinor, tiers } = discount;
  return {
    name,
    on: on === 'invoice' ? DiscountBase.INVOICE : DiscountBase.FEES,
    ...(percentE4 !== undefined && { percent: formatE4(percentE4) }),
    ...(amountMinor !== undefined && { amount: money(amountMinor) }),
    tiers: tiers.map((tier) => ({ from: money(tier.fromMinor), percent: formatE4(tier.percentE4) })),
  };
}

/** Reads amounts in the currency of one agreement. */
class Reading {
  constructor(private readonly currency: string) {}

  projectFee(fee: ProjectFeeMessage, field: string): ProjectFee {
    const { key, name, taskCodes, dueOn } = fee;
    return {
      key,
      name,
      amountMinor: this.minor(fee.amount, `${field}.amount`),
      ...(dueOn && { dueOn: fromDate(dueOn, `${field}.dueOn`).toString() }),
      milestones: fee.milestones.map((milestone, index) => ({
        key: milestone.key,
        name: milestone.name,
        amountMinor: this.minor(milestone.amount, `${field}.milestones[${index}].amount`),
      })),
      taskCodes,
    };
  }

  discount({ name, on, percent, amount, tiers }: DiscountMessage, field: string): Discount {
    const amountMinor = this.optionalMinor(amount, `${field}.amount`);
    return {
      name,
      on: on === DiscountBase.INVOICE ? 'invoice' : 'fees',
      ...(percent !== '' && { percentE4: this.decimal(percent, `${field}.percent`) }),
      ...(amountMinor !== undefined && { amountMinor }),
      tiers: tiers.map((tier, index) => ({
        fromMinor: this.minor(tier.from, `${field}.tiers[${index}].from`),
        percentE4: this.decimal(tier.percent, `${field}.tiers[${index}].percent`),
      })),
    };
  }

  lateFee({ percentPerMonth, flat, graceDays }: LateFeeMessage): LateFee {
    return {
      percentPerMonthE4: this.decimal(percentPerMonth, 'terms.lateFee.percentPerMonth'),
      flatMinor: this.optionalMinor(flat, 'terms.lateFee.flat') ?? 0n,
      graceDays,
    };
  }

  /** Zero where there is none. */
  decimal(text: string, field: string): bigint {
    return text === '' ? 0n : parseE4(text, field);
  }

  optionalMinor(message: MoneyMessage | undefined, field: string): bigint | undefined {
    return message && this.minor(message, field);
  }

  minor(message: MoneyMessage | undefined, field: string): bigint {
    const { currency, amountMinor } = fromMoney(message, field);
    if (currency === this.currency) return amountMinor;
    const text = `the agreement is in ${this.currency}, this amount in ${currency}`;
    throw DomainError.invalid(`${field}.currencyCode`, 'CURRENCY_MISMATCH', text);
  }
}

function keysOf<K extends string, V>(table: Record<K, V>, values: readonly V[]): K[] {
  return (Object.keys(table) as K[]).filter((key) => values.includes(table[key]));
}
