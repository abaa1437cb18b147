import { describe, expect, it } from '@jest/globals';
import { DomainError, hoursOf, minorDigits, Money, roundMinutes } from '@paradesk/kernel';
import fc from 'fast-check';
import { formatE4, lineAmount, minorOfE4, moneyE4, parseE4 } from './line-amount.js';

const currencies = fc.constantFrom('USD', 'EUR', 'JPY', 'KWD');
const unitsE4 = fc.bigInt(0n, 24_0000n * 1000n);
const unitCostE4 = fc.bigInt(0n, 10n ** 10n);
const adjustmentMinor = fc.bigInt(-(10n ** 9n), 10n ** 9n);

describe('the amount of a line', () => {
  it.each([
    ['two hours at 350', '2', '350', 0n, 'USD', 70_000n],
    ['a discount on it', '2', '350', -7_000n, 'USD', 63_000n],
    ['a tenth of an hour at 0.05, half a cent up', '0.1', '0.05', 0n, 'USD', 1n],
    ['a third of an hour as it is printed', '0.3333', '100', 0n, 'USD', 3_333n],
    ['yen, which has no minor unit', '1.5', '12345', 0n, 'JPY', 18_518n],
    ['dinar, which has thousandths', '0.25', '10.002', 0n, 'KWD', 2_501n],
    ['nothing at any price', '0', '350', 0n, 'USD', 0n],
  ])('is right for %s', (_name, units, cost, adjustment, currency, expected) => {
    const amount = lineAmount({
      unitsE4: parseE4(units, 'units'),
      unitCostE4: parseE4(cost, 'unitCost'),
      adjustmentMinor: adjustment,
      currency,
    });
    expect(amount.amountMinor).toBe(expected);
    expect(amount.currency).toBe(currency);
  });

  it('is never further than half a minor unit from units times unit cost plus the adjustment', () => {
    fc.assert(
      fc.property(unitsE4, unitCostE4, adjustmentMinor, currencies, (units, cost, adjustment, currency) => {
        const { amountMinor } = lineAmount({ unitsE4: units, unitCostE4: cost, adjustmentMinor: adjustment, currency });
        const step = 10n ** BigInt(8 - minorDigits(currency));
        const errorE8 = (amountMinor - adjustment) * step - units * cost;
        expect(errorE8 * 2n <= step && errorE8 * 2n > -step).toBe(true);
      }),
    );
  });

  it('is rate times minutes for every rounding that prints exactly: tenths and quarters of an hour', () => {
    const increments = fc.constantFrom(3, 6, 12, 15, 30, 60);
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1440 }),
        increments,
        fc.bigInt(0n, 10n ** 6n),
        (worked, increment, rate) => {
          const minutes = roundMinutes(worked, { incrementMinutes: increment, mode: 'up', enforced: false });
          const hourlyRate = Money.of(rate, 'USD');
          const amount = lineAmount({
            unitsE4: parseE4(hoursOf(minutes), 'hours'),
            unitCostE4: moneyE4(hourlyRate, 'hourlyRate'),
            adjustmentMinor: 0n,
            currency: 'USD',
          });
          expect(amount.equals(hourlyRate.timesRatio(BigInt(minutes), 60n))).toBe(true);
        },
      ),
    );
  });
});

describe('ten-thousandths', () => {
  it('are written and read back without a difference', () => {
    fc.assert(
      fc.property(fc.bigInt(-(10n ** 14n) + 1n, 10n ** 14n - 1n), (value) => {
        expect(parseE4(formatE4(value), 'units')).toBe(value);
      }),
    );
  });

  it('of an amount give its minor units back, and nothing for a part of one', () => {
    fc.assert(
      fc.property(fc.bigInt(-(10n ** 9n), 10n ** 9n), currencies, (minor, currency) => {
        const amountE4 = moneyE4(Money.of(minor, currency), 'amount');
        expect(minorOfE4(amountE4, currency)).toBe(minor);
        expect(minorOfE4(amountE4 + 1n, currency)).toBeUndefined();
      }),
    );
  });

  it.each([
    ['text', 'two', 'NOT_A_DECIMAL'],
    ['five decimals', '0.00001', 'NOT_A_DECIMAL'],
    ['eleven digits before the point', '10000000000', 'OUT_OF_RANGE'],
  ])('refuse %s, naming the field', (_name, text, reason) => {
    const refusal = refusalOf(() => parseE4(text, 'units'));
    expect(refusal.reason).toBe(reason);
    expect(refusal.violations[0]?.field).toBe('units');
  });
});

function refusalOf(work: () => unknown): DomainError {
  try {
    work();
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
  throw new Error('was not refused');
}
