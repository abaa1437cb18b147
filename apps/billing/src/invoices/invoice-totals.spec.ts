import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { totalsOf, type InvoiceLineKind } from './invoice-totals.js';

const line = (kind: InvoiceLineKind, amountMinor: bigint) => ({ kind, amountMinor });

describe('the totals of an invoice', () => {
  it.each([
    { name: 'no lines', lines: [], expected: [0n, 0n, 0n, 0n] },
    { name: 'fees', lines: [line('fee', 63_000n), line('fee', 70_000n)], expected: [133_000n, 0n, 0n, 133_000n] },
    { name: 'an expense', lines: [line('expense', 2_495n)], expected: [0n, 2_495n, 0n, 2_495n] },
    {
      name: 'adjustments of both kinds',
      lines: [line('fee', 100n), line('fee_adjustment', -30n), line('expense_adjustment', 5n)],
      expected: [100n, 0n, -25n, 75n],
    },
    {
      name: 'a discount larger than all',
      lines: [line('fee', 1n), line('fee_adjustment', -2n)],
      expected: [1n, 0n, -2n, -1n],
    },
  ])('are sums of its lines: $name', ({ lines, expected }) => {
    const { fees, expenses, adjustments, total } = totalsOf('USD', lines);
    expect([fees, expenses, adjustments, total].map((money) => money.amountMinor)).toEqual(expected);
  });

  it('add up to the sum of all lines, whatever they are', () => {
    const kinds = fc.constantFrom<InvoiceLineKind>('fee', 'expense', 'fee_adjustment', 'expense_adjustment');
    const lines = fc.array(fc.record({ kind: kinds, amountMinor: fc.bigInt({ min: -(10n ** 12n), max: 10n ** 12n }) }));
    const check = (some: { kind: InvoiceLineKind; amountMinor: bigint }[]) => {
      const { fees, expenses, feeAdjustments, expenseAdjustments, adjustments, total } = totalsOf('JPY', some);
      expect(total.amountMinor).toBe(some.reduce((sum, one) => sum + one.amountMinor, 0n));
      expect(fees.plus(expenses).plus(adjustments).equals(total)).toBe(true);
      expect(feeAdjustments.plus(expenseAdjustments).equals(adjustments)).toBe(true);
    };
    fc.assert(fc.property(lines, check));
  });
});
