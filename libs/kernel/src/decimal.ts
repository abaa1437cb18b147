/** A decimal as an integer: `unscaled` divided by ten to the power of `scale`. 1.25 is 125n with scale 2. */
export type Decimal = { readonly unscaled: bigint; readonly scale: number };

// "1053." and "+100.00" are written by e-billing vendors and read by the LEDES parsers in use, so they are accepted.
const DECIMAL = /^([+-]?)(\d+)(?:\.(\d*))?$/;

// Longer than any amount or quantity of the business; keeps a hostile text from costing quadratic time in BigInt().
const MAX_LENGTH = 60;

/**
 * Divides and rounds to the nearest integer, .5 away from zero for both signs (5/2 is 3, -5/2 is -3), so that a credit
 * note mirrors its invoice to the minor unit.
 *
 * @throws RangeError when the denominator is zero.
 */
export function roundHalfUp(numerator: bigint, denominator: bigint): bigint {
  if (denominator === 0n) throw new RangeError('Division by zero');
  const negative = numerator < 0n !== denominator < 0n;
  const dividend = magnitude(numerator);
  const divisor = magnitude(denominator);
  const rounded = (dividend * 2n + divisor) / (divisor * 2n);
  return negative ? -rounded : rounded;
}

/**
 * Reads a plain decimal: ASCII digits, at most one '.' after a digit, optional leading sign; no spaces, grouping or exponent.
 * The scale is the number of decimals as written; zeros beyond `maxScale` are dropped, other digits there are not rounded
 * but make it undefined, as does any other text or one longer than 60 characters.
 */
export function parseDecimal(text: string, maxScale: number): Decimal | undefined {
  const match = text.length <= MAX_LENGTH ? DECIMAL.exec(text) : null;
  if (!match) return undefined;
  const [, sign = '', whole = '', fraction = ''] = match;
  if (/[1-9]/.test(fraction.slice(maxScale))) return undefined;
  const kept = fraction.slice(0, maxScale);
  const digits = BigInt(whole + kept);
  return { unscaled: sign === '-' ? -digits : digits, scale: kept.length };
}

/**
 * Writes a decimal with '.' and exactly `scale` decimals: 1250n with scale 2 is "12.50". With `trim` the zeros at its end
 * go, and the point with the last of them: "12.5", "12".
 *
 * @throws RangeError when the scale is not a whole number from zero up.
 */
export function formatDecimal(unscaled: bigint, scale: number, { trim = false }: { trim?: boolean } = {}): string {
  if (!Number.isInteger(scale) || scale < 0)
    throw new RangeError(`A scale is a whole number from zero up, not ${scale}`);
  const digits = magnitude(unscaled)
    .toString()
    .padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  const decimals = digits.slice(digits.length - scale);
  const fraction = trim ? decimals.replace(/0+$/, '') : decimals;
  return `${unscaled < 0n ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`;
}

function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}
