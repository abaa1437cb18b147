import { DomainError, formatDecimal, minorDigits, Money, parseDecimal, roundHalfUp } from '@paradesk/kernel';

// numeric(14,4), as LEDES writes units and unit costs: ten digits before the point and four behind it.
const MAX_E4 = 10n ** 14n;

/** What makes the amount of a line. */
export interface LineFactors {
  /** Hours or pieces in ten-thousandths, rounded before. */
  readonly unitsE4: bigint;
  /** Price of one in ten-thousandths of the currency. */
  readonly unitCostE4: bigint;
  /** Discount (negative) or premium. */
  readonly adjustmentMinor: bigint;
  readonly currency: string;
}

/**
 * The amount of a line: stored units times unit cost, half up to the currency's minor unit, plus the adjustment. Everything
 * that bills computes it here, so that entry, pre-bill, PDF and LEDES file show the same figure.
 *
 * @throws DomainError invalid AMOUNT_OUT_OF_RANGE where it does not fit 64 bits
 */
export function lineAmount({ unitsE4, unitCostE4, adjustmentMinor, currency }: LineFactors): Money {
  const product = roundHalfUp(unitsE4 * unitCostE4, 10n ** BigInt(8 - minorDigits(currency)));
  return Money.of(product + adjustmentMinor, currency);
}

/**
 * Reads units or a unit cost in ten-thousandths.
 *
 * @throws DomainError invalid NOT_A_DECIMAL or OUT_OF_RANGE, naming `field`
 */
export function parseE4(text: string, field: string): bigint {
  const decimal = parseDecimal(text, 4);
  if (!decimal)
    throw DomainError.invalid(field, 'NOT_A_DECIMAL', 'must be a decimal number with at most four decimals');
  return withinE4(decimal.unscaled * 10n ** BigInt(4 - decimal.scale), field);
}

/** A price in ten-thousandths. @throws DomainError invalid OUT_OF_RANGE, naming `field` */
export function moneyE4(money: Money, field: string): bigint {
  return withinE4(money.amountMinor * 10n ** BigInt(4 - minorDigits(money.currency)), field);
}

/** The minor units of an amount in ten-thousandths; undefined where it is no whole number of them. */
export function minorOfE4(amountE4: bigint, currency: string): bigint | undefined {
  const step = 10n ** BigInt(4 - minorDigits(currency));
  return amountE4 % step === 0n ? amountE4 / step : undefined;
}

/** Units or a unit cost as text: `0.25`. */
export function formatE4(valueE4: bigint): string {
  return formatDecimal(valueE4, 4, { trim: true });
}

function withinE4(valueE4: bigint, field: string): bigint {
  if (valueE4 > -MAX_E4 && valueE4 < MAX_E4) return valueE4;
  throw DomainError.invalid(field, 'OUT_OF_RANGE', 'has more than ten digits before the point');
}
