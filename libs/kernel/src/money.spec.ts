import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Money, type RemainderTo } from './money.js';

const MAX_MINOR = 2n ** 63n - 1n;
const usd = (amountMinor: bigint) => Money.of(amountMinor, 'USD');
const minors = fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n });
const refusal = (reason: string, field: string) =>
  expect.objectContaining({ kind: 'invalid', reason, violations: [expect.objectContaining({ field })] });

describe('Money.parse', () => {
  it.each([
    { decimal: '12.30', currency: 'USD', minor: 1230n, printed: '12.30' },
    { decimal: '12.3', currency: 'USD', minor: 1230n, printed: '12.30' },
    { decimal: '12', currency: 'USD', minor: 1200n, printed: '12.00' },
    { decimal: '12.', currency: 'USD', minor: 1200n, printed: '12.00' },
    { decimal: '12.3000', currency: 'USD', minor: 1230n, printed: '12.30' },
    { decimal: '+0.05', currency: 'USD', minor: 5n, printed: '0.05' },
    { decimal: '-0.05', currency: 'USD', minor: -5n, printed: '-0.05' },
    { decimal: '-0.00', currency: 'USD', minor: 0n, printed: '0.00' },
    { decimal: '1230', currency: 'JPY', minor: 1230n, printed: '1230' },
    { decimal: '1230.00', currency: 'JPY', minor: 1230n, printed: '1230' },
    { decimal: '1.234', currency: 'KWD', minor: 1234n, printed: '1.234' },
    { decimal: '92233720368547758.07', currency: 'USD', minor: MAX_MINOR, printed: '92233720368547758.07' },
  ])('reads $decimal $currency as $minor minor units', ({ decimal, currency, minor, printed }) => {
    const money = Money.parse(decimal, currency);
    expect(money.amountMinor).toBe(minor);
    expect(money.currency).toBe(currency);
    expect(money.toDecimal()).toBe(printed);
    expect(money.toString()).toBe(`${currency} ${printed}`);
  });

  it.each([
    { name: 'a fraction of a cent', decimal: '12.345', currency: 'USD', reason: 'NOT_AN_AMOUNT', field: 'rate' },
    { name: 'a fraction of a yen', decimal: '12.3', currency: 'JPY', reason: 'NOT_AN_AMOUNT', field: 'rate' },
    { name: 'a grouping comma', decimal: '1,230', currency: 'USD', reason: 'NOT_AN_AMOUNT', field: 'rate' },
    { name: 'nothing', decimal: '', currency: 'USD', reason: 'NOT_AN_AMOUNT', field: 'rate' },
    {
      name: 'a cent over 64 bits',
      decimal: '92233720368547758.08',
      currency: 'USD',
      reason: 'AMOUNT_OUT_OF_RANGE',
      field: 'rate',
    },
    { name: 'an unknown currency', decimal: '1', currency: 'usd', reason: 'UNKNOWN_CURRENCY', field: 'currency' },
  ])('refuses $name', ({ decimal, currency, reason, field }) => {
    expect(() => Money.parse(decimal, currency, 'rate')).toThrow(refusal(reason, field));
  });

  it('names the field amount when the caller names none', () => {
    expect(() => Money.parse('x', 'USD')).toThrow(refusal('NOT_AN_AMOUNT', 'amount'));
  });

  it('reads back every amount that was written, in currencies of 0, 2 and 3 digits', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -MAX_MINOR, max: MAX_MINOR }),
        fc.constantFrom('JPY', 'USD', 'KWD'),
        (minor, currency) => {
          const money = Money.of(minor, currency);
          expect(Money.parse(money.toDecimal(), currency).equals(money)).toBe(true);
        },
      ),
    );
  });
});

describe('Money', () => {
  it.each([
    { name: 'plus', result: usd(5n).plus(usd(-7n)), minor: -2n },
    { name: 'minus', result: usd(5n).minus(usd(7n)), minor: -2n },
    { name: 'negate', result: usd(5n).negate(), minor: -5n },
    { name: 'negate of zero', result: usd(0n).negate(), minor: 0n },
    { name: 'abs of a negative', result: usd(-5n).abs(), minor: 5n },
    { name: 'abs of a positive', result: usd(5n).abs(), minor: 5n },
    { name: 'zero', result: Money.zero('USD'), minor: 0n },
    { name: 'the sum of nothing', result: Money.sum('USD', []), minor: 0n },
    { name: 'the sum of several', result: Money.sum('USD', [usd(1n), usd(2n), usd(-4n)]), minor: -1n },
  ])('computes $name in the same currency', ({ result, minor }) => {
    expect(result.amountMinor).toBe(minor);
    expect(result.currency).toBe('USD');
  });

  it('leaves its operands as they were', () => {
    const [first, second] = [usd(5n), usd(7n)];
    first.plus(second);
    first.negate();
    first.allocate([1n, 1n]);
    expect([first.amountMinor, second.amountMinor]).toEqual([5n, 7n]);
  });

  it.each([
    { name: 'plus', mix: () => usd(1n).plus(Money.zero('EUR')) },
    { name: 'minus', mix: () => usd(1n).minus(Money.zero('EUR')) },
    { name: 'compare', mix: () => usd(1n).compare(Money.zero('EUR')) },
    { name: 'sum', mix: () => Money.sum('USD', [usd(1n), Money.zero('EUR')]) },
  ])('refuses $name of two currencies, even at zero', ({ mix }) => {
    expect(mix).toThrow(refusal('CURRENCY_MISMATCH', 'currency'));
  });

  it.each([
    { name: 'given', make: () => usd(MAX_MINOR + 1n) },
    { name: 'the result of plus', make: () => usd(MAX_MINOR).plus(usd(1n)) },
    { name: 'the result of minus', make: () => usd(-MAX_MINOR).minus(usd(1n)) },
    { name: 'the result of timesRatio', make: () => usd(MAX_MINOR).timesRatio(2n, 1n) },
  ])('refuses an amount beyond 64 bits that is $name', ({ make }) => {
    expect(make).toThrow(refusal('AMOUNT_OUT_OF_RANGE', 'amount'));
  });

  it('refuses an unknown currency', () => {
    expect(() => Money.of(1n, 'QQQ')).toThrow(refusal('UNKNOWN_CURRENCY', 'currency'));
  });

  it('is ordered by amount', () => {
    const sorted = [usd(3n), usd(-1n), usd(2n)].sort((a, b) => a.compare(b));
    expect(sorted.map(({ amountMinor }) => amountMinor)).toEqual([-1n, 2n, 3n]);
    expect(usd(2n).compare(usd(2n))).toBe(0);
  });

  it('equals only the same amount of the same currency', () => {
    expect(usd(0n).equals(usd(0n))).toBe(true);
    expect(usd(1n).equals(usd(2n))).toBe(false);
    expect(usd(0n).equals(Money.zero('EUR'))).toBe(false);
  });

  it.each([
    { amount: usd(-1n), zero: false, negative: true },
    { amount: usd(0n), zero: true, negative: false },
    { amount: usd(1n), zero: false, negative: false },
  ])('knows whether $amount is zero or negative', ({ amount, zero, negative }) => {
    expect(amount.isZero()).toBe(zero);
    expect(amount.isNegative()).toBe(negative);
  });

  it('adds without order and takes away what was added', () => {
    fc.assert(
      fc.property(minors, minors, (a, b) => {
        expect(
          usd(a)
            .plus(usd(b))
            .equals(usd(b).plus(usd(a))),
        ).toBe(true);
        expect(usd(a).plus(usd(b)).minus(usd(b)).equals(usd(a))).toBe(true);
      }),
    );
  });
});

describe('Money.timesRatio', () => {
  it.each([
    { name: 'an hourly rate for 18 minutes', amount: Money.parse('95.00', 'USD'), ratio: [18n, 60n], result: '28.50' },
    { name: 'half a cent up', amount: usd(25n), ratio: [1n, 10n], result: '0.03' },
    { name: 'half a cent of a credit away from zero', amount: usd(-25n), ratio: [1n, 10n], result: '-0.03' },
    { name: 'less than half a cent', amount: usd(24n), ratio: [1n, 10n], result: '0.02' },
    { name: 'a yen rate, which has no smaller unit', amount: Money.of(9501n, 'JPY'), ratio: [6n, 60n], result: '950' },
    { name: 'a ratio of zero', amount: usd(25n), ratio: [0n, 10n], result: '0.00' },
    { name: 'a negative ratio', amount: usd(25n), ratio: [-1n, 10n], result: '-0.03' },
  ])('rounds once, half up: $name', ({ amount, ratio: [numerator = 0n, denominator = 0n], result }) => {
    expect(amount.timesRatio(numerator, denominator).toDecimal()).toBe(result);
    expect(amount.negate().timesRatio(numerator, denominator).negate().toDecimal()).toBe(result);
  });

  it('does not divide by zero', () => {
    expect(() => usd(1n).timesRatio(1n, 0n)).toThrow(RangeError);
  });
});

describe('Money.allocate', () => {
  type Row = { name: string; minor: bigint; weights: bigint[]; remainderTo?: RemainderTo; shares: bigint[] };

  it.each<Row>([
    { name: 'what divides', minor: 100n, weights: [1n, 3n], shares: [25n, 75n] },
    {
      name: 'the cent that is left to the earlier of equals',
      minor: 100n,
      weights: [1n, 1n, 1n],
      shares: [34n, 33n, 33n],
    },
    { name: 'the cent to the largest remainder', minor: 100n, weights: [1n, 1n, 4n], shares: [17n, 17n, 66n] },
    { name: 'the later, where its remainder is larger', minor: 10n, weights: [1n, 2n], shares: [3n, 7n] },
    { name: 'a credit as the mirror of its charge', minor: -100n, weights: [1n, 1n, 1n], shares: [-34n, -33n, -33n] },
    { name: 'nothing to a weight of zero', minor: 5n, weights: [0n, 1n, 1n, 0n], shares: [0n, 3n, 2n, 0n] },
    { name: 'zero', minor: 0n, weights: [1n, 1n], shares: [0n, 0n] },
    { name: 'less than a cent each', minor: 2n, weights: [1n, 1n, 1n], shares: [1n, 1n, 0n] },
    { name: 'all to the only one', minor: 7n, weights: [5n], shares: [7n] },
    {
      name: 'the remainder to the last payer',
      minor: 100n,
      weights: [1n, 1n, 1n],
      remainderTo: 'last',
      shares: [33n, 33n, 34n],
    },
    {
      name: 'a large remainder to the last payer',
      minor: 3n,
      weights: [1n, 1n, 1n, 1n],
      remainderTo: 'last',
      shares: [0n, 0n, 0n, 3n],
    },
    {
      name: 'the remainder of a credit to the last payer',
      minor: -100n,
      weights: [1n, 1n, 1n],
      remainderTo: 'last',
      shares: [-33n, -33n, -34n],
    },
    {
      name: 'no remainder to a payer of 0 %',
      minor: 100n,
      weights: [1n, 2n, 0n],
      remainderTo: 'last',
      shares: [33n, 67n, 0n],
    },
  ])('gives $name', ({ minor, weights, remainderTo, shares }) => {
    const split = usd(minor).allocate(weights, { remainderTo });
    expect(split.map(({ amountMinor }) => amountMinor)).toEqual(shares);
    expect(Money.sum('USD', split).amountMinor).toBe(minor);
  });

  it.each([
    { name: 'no weights', weights: [], reason: 'NO_WEIGHT' },
    { name: 'weights of zero only', weights: [0n, 0n], reason: 'NO_WEIGHT' },
    { name: 'a negative weight', weights: [2n, -1n], reason: 'WEIGHT_NEGATIVE' },
  ])('refuses $name', ({ weights, reason }) => {
    expect(() => usd(1n).allocate(weights)).toThrow(refusal(reason, 'weights'));
  });

  it('sums exactly, keeps the sign, and is off the exact share by less than a unit, or by the whole remainder on the last', () => {
    const weightLists = fc
      .array(fc.bigInt({ min: 0n, max: 10_000n }), { minLength: 1, maxLength: 12 })
      .filter((weights) => weights.some((weight) => weight > 0n));
    fc.assert(
      fc.property(
        minors,
        weightLists,
        fc.constantFrom<RemainderTo>('largest', 'last'),
        (minor, weights, remainderTo) => {
          const shares = usd(minor).allocate(weights, { remainderTo });
          expect(Money.sum('USD', shares).amountMinor).toBe(minor);

          const whole = weights.reduce((sum, weight) => sum + weight, 0n);
          const allowed = remainderTo === 'last' ? whole * BigInt(weights.length) : whole;
          shares.forEach((share, index) => {
            const weight = weights[index] ?? 0n;
            const off = share.amountMinor * whole - minor * weight;
            expect(off < allowed && off > -allowed).toBe(true);
            expect(share.amountMinor * minor >= 0n).toBe(true);
            expect(weight > 0n || share.isZero()).toBe(true);
          });
        },
      ),
    );
  });
});
