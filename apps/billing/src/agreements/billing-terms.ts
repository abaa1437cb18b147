import type { Temporal } from 'temporal-polyfill';

/** Percentages are in ten-thousandths of one percent: 8.875 % is 88,750. */
export const HUNDRED_PERCENT = 1_000_000n;

/** When work is billed. */
export type BillingFrequency = 'monthly' | 'quarterly' | 'on_completion' | 'hold';

/** How an invoice goes out. */
export type Delivery = 'email' | 'ledes_1998b' | 'ledes_98bi';

/** What a fee is charged on: all fees, or the whole invoice with its expenses. */
export type DiscountBase = 'fees' | 'invoice';

/** A fee for a whole project. Becomes due once: when it is completed, on a day, or milestone by milestone. */
export interface ProjectFee {
  /** Unique among the fees of a matter, for ever: a later agreement with the same key is about the same fee. */
  readonly key: string;
  readonly name: string;
  readonly amountMinor: bigint;
  /** Day it becomes due; where there is none it is due when it is completed. */
  readonly dueOn?: string;
  /** Parts of it that are due as they are completed; they sum to the amount. Empty where it is billed whole. */
  readonly milestones: readonly Milestone[];
  /** Work with these task codes is paid for by the fee; all work where there is none. */
  readonly taskCodes: readonly string[];
}

export interface Milestone {
  /** Unique in its fee. */
  readonly key: string;
  readonly name: string;
  readonly amountMinor: bigint;
}

/** A monthly fee with hours that it pays for. It is due even if nothing is worked; more hours are billed at their own rates. */
export interface Subscription {
  readonly name: string;
  readonly monthlyFeeMinor: bigint;
  readonly includedHoursE4: bigint;
}

/** Money held in advance: drawn down, or topped up to the target when it is at or below the threshold. */
export interface RetainerTerms {
  readonly kind: 'deposit' | 'evergreen';
  readonly thresholdMinor: bigint;
  readonly targetMinor: bigint;
}

/** What the fees of a matter do not exceed: in all, or those of one calendar month. */
export interface FeeCap {
  readonly amountMinor: bigint;
  readonly per: 'matter' | 'month';
}

/** Exactly one of a percentage, an amount and tiers. */
export interface Discount {
  readonly name: string;
  readonly on: DiscountBase;
  readonly percentE4?: bigint;
  /** Off each invoice, at most what it comes to. */
  readonly amountMinor?: bigint;
  /** The percentage of the highest threshold that the invoice reaches, on all of it. */
  readonly tiers: readonly { readonly fromMinor: bigint; readonly percentE4: bigint }[];
}

/** On top of the lines, computed line by line. */
export interface Tax {
  readonly name: string;
  readonly percentE4: bigint;
  readonly on: readonly ('fees' | 'expenses')[];
}

/** Who pays which part; the parts sum to the whole, and the last payer takes what does not divide. */
export interface Payer {
  readonly clientId: string;
  readonly percentE4: bigint;
}

/** On what is overdue by more than the days of grace: a percentage of it for each month, a flat amount, or both. */
export interface LateFee {
  readonly percentPerMonthE4: bigint;
  readonly flatMinor: bigint;
  readonly graceDays: number;
}

/** What was agreed beside rates and rounding. */
export interface BillingTerms {
  readonly projectFees: readonly ProjectFee[];
  readonly subscription?: Subscription;
  readonly retainer?: RetainerTerms;
  readonly cap?: FeeCap;
  /** What the fees of a matter come to at least in a billing period that has any; zero for no minimum. */
  readonly minimumFeeMinor: bigint;
  /** Applied one after the other, each to what the ones before have left. */
  readonly discounts: readonly Discount[];
  readonly taxes: readonly Tax[];
  /** Empty where the client pays all. */
  readonly payers: readonly Payer[];
  readonly lateFee?: LateFee;
  /** Empty for e-mail alone. */
  readonly deliveries: readonly Delivery[];
  readonly frequency: BillingFrequency;
  /** What clerical work is billed at, agreed in writing; where there is none it is overhead. */
  readonly administrativeRateMinor?: bigint;
}

/** Hourly, nothing else agreed. */
export const PLAIN_TERMS: BillingTerms = {
  projectFees: [],
  minimumFeeMinor: 0n,
  discounts: [],
  taxes: [],
  payers: [],
  deliveries: [],
  frequency: 'monthly',
};

/** The terms as JSON has them: what is a bigint is digits there, and its name says so. */
export const billingTermsColumn = {
  to: (terms: BillingTerms): unknown =>
    JSON.parse(JSON.stringify(terms, (_key, value: unknown) => (typeof value === 'bigint' ? value.toString() : value))),
  from: (stored: unknown): BillingTerms => ({ ...PLAIN_TERMS, ...(withBigints('', stored) as Partial<BillingTerms>) }),
};

function withBigints(key: string, value: unknown): unknown {
  if (typeof value === 'string') return /(Minor|E4)$/.test(key) ? BigInt(value) : value;
  if (Array.isArray(value)) return value.map((item) => withBigints('', item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, withBigints(name, item)]));
}

/** The last day on which work of a day may still wait for its invoice; undefined where it waits until somebody lets it go. */
export function billableFrom(
  frequency: BillingFrequency,
  day: Temporal.PlainDate,
  validTo: Temporal.PlainDate | null,
): Temporal.PlainDate | undefined {
  if (frequency === 'hold') return undefined;
  if (frequency === 'on_completion') return validTo ?? undefined;
  if (frequency === 'monthly') return day;
  const lastMonth = Math.ceil(day.month / 3) * 3;
  return day.with({ day: 1, month: lastMonth }).add({ months: 1 }).subtract({ days: 1 });
}
