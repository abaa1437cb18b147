import { describe, expect, it } from '@jest/globals';
import { minorDigits, requireCurrency } from './currency.js';

describe('minorDigits', () => {
  it.each([
    { currency: 'USD', digits: 2, why: 'the rule' },
    { currency: 'JPY', digits: 0, why: 'the yen has no minor unit' },
    { currency: 'CLP', digits: 0, why: 'the Chilean peso has none either' },
    { currency: 'KWD', digits: 3, why: 'a dinar has 1000 fils' },
    { currency: 'HUF', digits: 2, why: 'ISO 4217 keeps fillér that no display shows' },
    { currency: 'IQD', digits: 3, why: 'ISO 4217 keeps fils that no display shows' },
  ])('of $currency is $digits: $why', ({ currency, digits }) => {
    expect(minorDigits(currency)).toBe(digits);
  });
});

describe('requireCurrency', () => {
  it('gives a known code back', () => {
    expect(requireCurrency('EUR', 'currency')).toBe('EUR');
  });

  it.each([
    { name: 'lower case', currency: 'usd' },
    { name: 'a code that nobody uses', currency: 'QQQ' },
    { name: 'empty', currency: '' },
    { name: 'a symbol', currency: '$' },
    { name: 'padded', currency: 'USD ' },
  ])('refuses what is $name and names the field', ({ currency }) => {
    expect(() => requireCurrency(currency, 'agreement.currency')).toThrow(
      expect.objectContaining({
        kind: 'invalid',
        reason: 'UNKNOWN_CURRENCY',
        violations: [expect.objectContaining({ field: 'agreement.currency' })],
      }),
    );
  });
});
