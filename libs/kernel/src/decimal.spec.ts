import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { formatDecimal, parseDecimal, roundHalfUp } from './decimal.js';

describe('roundHalfUp', () => {
  it.each([
    { name: 'an exact quotient stays', numerator: 6n, denominator: 3n, rounded: 2n },
    { name: 'below half goes towards zero', numerator: 7n, denominator: 3n, rounded: 2n },
    { name: 'above half goes away from zero', numerator: 8n, denominator: 3n, rounded: 3n },
    { name: 'half goes away from zero', numerator: 5n, denominator: 2n, rounded: 3n },
    { name: 'half of an odd denominator does not exist', numerator: 1n, denominator: 3n, rounded: 0n },
    { name: 'negative half goes away from zero too', numerator: -5n, denominator: 2n, rounded: -3n },
    { name: 'a negative denominator is a sign', numerator: 5n, denominator: -2n, rounded: -3n },
    { name: 'two signs cancel', numerator: -5n, denominator: -2n, rounded: 3n },
    { name: 'a small negative becomes zero', numerator: -1n, denominator: 3n, rounded: 0n },
    { name: 'zero is zero', numerator: 0n, denominator: 7n, rounded: 0n },
  ])('$name', ({ numerator, denominator, rounded }) => {
    expect(roundHalfUp(numerator, denominator)).toBe(rounded);
  });

  it('is never further than half a unit from the quotient, and mirrors for the opposite sign', () => {
    const denominators = fc.bigInt({ min: 1n, max: 10n ** 20n });
    fc.assert(
      fc.property(fc.bigInt(), denominators, (numerator, denominator) => {
        const rounded = roundHalfUp(numerator, denominator);
        const twiceOff = (numerator - rounded * denominator) * 2n;
        expect(twiceOff <= denominator && twiceOff >= -denominator).toBe(true);
        expect(roundHalfUp(-numerator, denominator)).toBe(-rounded);
      }),
    );
  });

  it('does not divide by zero', () => {
    expect(() => roundHalfUp(1n, 0n)).toThrow(RangeError);
  });
});

describe('parseDecimal', () => {
  it.each([
    { text: '1053', unscaled: 1053n, scale: 0 },
    { text: '1053.', unscaled: 1053n, scale: 0 },
    { text: '1053.0', unscaled: 10530n, scale: 1 },
    { text: '1053.0000', unscaled: 10530000n, scale: 4 },
    { text: '0.35', unscaled: 35n, scale: 2 },
    { text: '+100.00', unscaled: 10000n, scale: 2 },
    { text: '-117.000', unscaled: -117000n, scale: 3 },
    { text: '-0.0', unscaled: 0n, scale: 1 },
    { text: '007.5', unscaled: 75n, scale: 1 },
    { text: '1.2345000', unscaled: 12345n, scale: 4 },
  ])('reads $text', ({ text, unscaled, scale }) => {
    expect(parseDecimal(text, 4)).toEqual({ unscaled, scale });
  });

  it.each([
    { name: 'nothing', text: '' },
    { name: 'a lone sign', text: '-' },
    { name: 'a lone point', text: '.' },
    { name: 'no digit before the point', text: '.5' },
    { name: 'a digit too many', text: '1.23456' },
    { name: 'a grouping comma', text: '1,053.00' },
    { name: 'a decimal comma', text: '1,5' },
    { name: 'two points', text: '1.2.3' },
    { name: 'two signs', text: '--1' },
    { name: 'an exponent', text: '1e3' },
    { name: 'a hexadecimal', text: '0x10' },
    { name: 'a space around', text: ' 1 ' },
    { name: 'a line end', text: '1\n' },
    { name: 'digits of another script', text: '١٢' },
    { name: 'a word', text: 'NaN' },
    { name: 'a text without end', text: '9'.repeat(100_000) },
  ])('does not read $name', ({ text }) => {
    expect(parseDecimal(text, 4)).toBeUndefined();
  });
});

describe('formatDecimal', () => {
  it.each([
    { unscaled: 1250n, scale: 2, trim: false, text: '12.50' },
    { unscaled: 1250n, scale: 2, trim: true, text: '12.5' },
    { unscaled: 1200n, scale: 2, trim: true, text: '12' },
    { unscaled: 1200n, scale: 0, trim: true, text: '1200' },
    { unscaled: 5n, scale: 4, trim: false, text: '0.0005' },
    { unscaled: -5n, scale: 2, trim: false, text: '-0.05' },
    { unscaled: 0n, scale: 2, trim: false, text: '0.00' },
    { unscaled: 0n, scale: 2, trim: true, text: '0' },
  ])('writes $unscaled of scale $scale as $text (trim $trim)', ({ unscaled, scale, trim, text }) => {
    expect(formatDecimal(unscaled, scale, { trim })).toBe(text);
  });

  it.each([{ scale: -1 }, { scale: 1.5 }, { scale: Number.NaN }])('has no scale of $scale', ({ scale }) => {
    expect(() => formatDecimal(1n, scale)).toThrow(RangeError);
  });

  it('writes what parseDecimal reads back, trimmed or not', () => {
    const values = fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n });
    fc.assert(
      fc.property(values, fc.integer({ min: 0, max: 8 }), fc.boolean(), (unscaled, scale, trim) => {
        const read = parseDecimal(formatDecimal(unscaled, scale, { trim }), scale);
        expect(read && read.unscaled * 10n ** BigInt(scale - read.scale)).toBe(unscaled);
      }),
    );
  });
});
