import { minorDigits, requireCurrency } from './currency.js';
import { formatDecimal, parseDecimal, roundHalfUp } from './decimal.js';
import { DomainError } from './domain-error.js';

// PostgreSQL bigint and protobuf int64: an amount that cannot be stored or sent does not come into being.
const MAX_MINOR = 2n ** 63n - 1n;

/** Where the minor units go that do not divide: to the shares that lost most by rounding down, or all to the last share. */
export type RemainderTo = 'largest' | 'last';

/**
 * An amount in the minor units of one currency (1230n USD is 12.30 dollars; 1230n JPY is 1230 yen). Immutable; amounts of
 * different currencies never meet. Money is computed only from stored, already rounded units, half up, per line; totals are
 * sums of lines, so that the entry, the pre-bill, the PDF and the LEDES file show the same figures.
 *
 * Every operation refuses a result beyond 64 bits with DomainError invalid AMOUNT_OUT_OF_RANGE.
 */
export class Money {
  private constructor(
    /** Whole minor units, negative for what is owed the other way. */
    readonly amountMinor: bigint,
    /** ISO 4217, upper case. */
    readonly currency: string,
  ) {}

  /** @throws DomainError invalid UNKNOWN_CURRENCY or AMOUNT_OUT_OF_RANGE. */
  static of(amountMinor: bigint, currency: string): Money {
    return Money.within(amountMinor, requireCurrency(currency, 'currency'), 'amount');
  }

  /** @throws DomainError invalid UNKNOWN_CURRENCY. */
  static zero(currency: string): Money {
    return Money.of(0n, currency);
  }

  /**
   * Reads "12.30", "-5", "+100.00": at most the currency's decimals, unless those beyond are zeros. Nothing is rounded.
   *
   * @param field the input field that the refusal names, by default `amount`.
   * @throws DomainError invalid NOT_AN_AMOUNT, UNKNOWN_CURRENCY or AMOUNT_OUT_OF_RANGE.
   */
  static parse(decimal: string, currency: string, field = 'amount'): Money {
    const digits = minorDigits(currency);
    const parsed = parseDecimal(decimal, digits);
    if (!parsed) {
      const message = `An amount in ${currency} is a plain decimal such as ${formatDecimal(1230n, digits)}, with at most ${digits} decimals`;
      throw DomainError.invalid(field, 'NOT_AN_AMOUNT', message);
    }
    return Money.within(parsed.unscaled * 10n ** BigInt(digits - parsed.scale), currency, field);
  }

  /**
   * The sum of the list; zero of the currency when it is empty.
   *
   * @throws DomainError invalid CURRENCY_MISMATCH when one item has another currency.
   */
  static sum(currency: string, list: Iterable<Money>): Money {
    let total = Money.zero(currency);
    for (const item of list) total = total.plus(item);
    return total;
  }

  /** @throws DomainError invalid CURRENCY_MISMATCH. */
  plus(other: Money): Money {
    return this.with(this.amountMinor + this.minorOf(other));
  }

  /** @throws DomainError invalid CURRENCY_MISMATCH. */
  minus(other: Money): Money {
    return this.with(this.amountMinor - this.minorOf(other));
  }

  negate(): Money {
    return this.with(-this.amountMinor);
  }

  abs(): Money {
    return this.isNegative() ? this.negate() : this;
  }

  /**
   * Below zero when this is the smaller, above zero when it is the larger: fit for `sort`.
   *
   * @throws DomainError invalid CURRENCY_MISMATCH.
   */
  compare(other: Money): -1 | 0 | 1 {
    const minor = this.minorOf(other);
    if (this.amountMinor === minor) return 0;
    return this.amountMinor < minor ? -1 : 1;
  }

  /** Same amount and same currency; another currency is simply unequal, also at zero. */
  equals(other: Money): boolean {
    return this.currency === other.currency && this.amountMinor === other.amountMinor;
  }

  isZero(): boolean {
    return this.amountMinor === 0n;
  }

  isNegative(): boolean {
    return this.amountMinor < 0n;
  }

  /**
   * This times numerator/denominator, rounded once: half up, which is away from zero for both signs, so that a credit
   * mirrors the charge. An hourly rate for 18 minutes is `rate.timesRatio(18n, 60n)`.
   *
   * @throws RangeError when the denominator is zero.
   */
  timesRatio(numerator: bigint, denominator: bigint): Money {
    return this.with(roundHalfUp(this.amountMinor * numerator, denominator));
  }

  /**
   * Splits in proportion to the weights, in their order; the shares sum to this amount exactly. Each share is first rounded
   * towards zero. What is left goes, one minor unit each, to the largest remainders, the earlier first; or with
   * `remainderTo: 'last'` (split billing: the last payer takes the remainder) wholly to the last share. A share of weight
   * zero is always zero: who pays 0 % gets no cent, so "last" is the last with a weight.
   *
   * @throws DomainError invalid WEIGHT_NEGATIVE, or NO_WEIGHT when there is none above zero; both name `weights`.
   */
  allocate(weights: readonly bigint[], { remainderTo = 'largest' }: { remainderTo?: RemainderTo } = {}): Money[] {
    if (weights.some((weight) => weight < 0n)) {
      throw DomainError.invalid('weights', 'WEIGHT_NEGATIVE', 'A weight must not be negative');
    }
    const whole = weights.reduce((sum, weight) => sum + weight, 0n);
    if (whole === 0n) throw DomainError.invalid('weights', 'NO_WEIGHT', 'At least one weight must be above zero');

    const amount = this.abs().amountMinor;
    const shares = weights.map((weight) => (amount * weight) / whole);
    const left = amount - shares.reduce((sum, share) => sum + share, 0n);
    if (remainderTo === 'last') {
      const last = weights.findLastIndex((weight) => weight > 0n);
      shares[last] = (shares[last] ?? 0n) + left;
    } else {
      const raised = largestFirst(weights.map((weight) => (amount * weight) % whole)).slice(0, Number(left));
      for (const index of raised) shares[index] = (shares[index] ?? 0n) + 1n;
    }
    return shares.map((share) => this.with(this.isNegative() ? -share : share));
  }

  /** Plain decimal with '.' and exactly the currency's decimals: "12.30", in JPY "1230". `parse` reads it back. */
  toDecimal(): string {
    return formatDecimal(this.amountMinor, minorDigits(this.currency));
  }

  /** "USD 12.30", for logs and messages; documents format for their reader. */
  toString(): string {
    return `${this.currency} ${this.toDecimal()}`;
  }

  private minorOf(other: Money): bigint {
    if (other.currency === this.currency) return other.amountMinor;
    const message = `Amounts in ${this.currency} and ${other.currency} do not go together`;
    throw DomainError.invalid('currency', 'CURRENCY_MISMATCH', message);
  }

  private with(amountMinor: bigint): Money {
    return Money.within(amountMinor, this.currency, 'amount');
  }

  private static within(amountMinor: bigint, currency: string, field: string): Money {
    if (amountMinor <= MAX_MINOR && amountMinor >= -MAX_MINOR) return new Money(amountMinor, currency);
    throw DomainError.invalid(field, 'AMOUNT_OUT_OF_RANGE', 'The amount is larger than can be recorded');
  }
}

// The positions of the values from the largest to the smallest; equal ones stay in order, since sort is stable.
function largestFirst(values: readonly bigint[]): number[] {
  return values
    .map((value, index) => ({ value, index }))
    .sort((a, b) => Number(b.value > a.value) - Number(b.value < a.value))
    .map(({ index }) => index);
}
