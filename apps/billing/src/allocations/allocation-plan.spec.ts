import { describe, expect, it } from '@jest/globals';
import { DomainError, Money } from '@paradesk/kernel';
import fc from 'fast-check';
import { planAllocations, sharesInOrder } from './allocation-plan.js';

const usd = (amountMinor: bigint) => Money.of(amountMinor, 'USD');
const payment = (paymentId: string, amountMinor: bigint) => ({ paymentId, rest: usd(amountMinor) });
const share = (invoiceId: string, amount: bigint | Money) => ({
  invoiceId,
  amount: typeof amount === 'bigint' ? usd(amount) : amount,
});

describe('an allocation', () => {
  it.each([
    ['one payment to one invoice', [payment('p', 10n)], [share('a', 10n)], ['p a 10']],
    ['a part, the rest of the payment stays', [payment('p', 10n)], [share('a', 4n)], ['p a 4']],
    ['one payment to two invoices', [payment('p', 10n)], [share('a', 4n), share('b', 6n)], ['p a 4', 'p b 6']],
    ['two payments to one invoice', [payment('p', 3n), payment('q', 5n)], [share('a', 7n)], ['p a 3', 'q a 4']],
    ['a used-up payment is passed over', [payment('p', 0n), payment('q', 5n)], [share('a', 5n)], ['q a 5']],
    ['nothing to nobody', [payment('p', 3n)], [], []],
  ])('of %s', (_name, payments, shares, expected) => {
    const plan = planAllocations('USD', payments, shares);
    expect(plan.map(({ paymentId, invoiceId, amount }) => `${paymentId} ${invoiceId} ${amount.amountMinor}`)).toEqual(
      expected,
    );
  });

  it.each([
    ['more than there is', [share('a', 6n)], 'CREDIT_EXCEEDED'],
    ['zero', [share('a', 0n)], 'NOT_POSITIVE'],
    ['less than zero', [share('a', -1n)], 'NOT_POSITIVE'],
    ['another currency', [share('a', Money.of(1n, 'EUR'))], 'CURRENCY_MISMATCH'],
    ['an invoice twice', [share('a', 1n), share('a', 1n)], 'NAMED_TWICE'],
  ])('of %s is refused', (_name, shares, reason) => {
    const refusal = catchRefusal(() => planAllocations('USD', [payment('p', 5n)], shares));
    expect(refusal.reason).toBe(reason);
  });

  it('oldest first is whole: no invoice gets more than its balance, no payment gives more than it has, and nothing is left on both sides', () => {
    const amounts = fc.array(fc.bigInt(0n, 50n), { maxLength: 6 });
    fc.assert(
      fc.property(amounts, amounts, (rests, balances) => {
        const payments = rests.map((rest, index) => payment(`p${index}`, rest));
        const open = balances.map((balance, index) => ({ id: `i${index}`, balance: usd(balance) }));
        const credit = rests.reduce((sum, rest) => sum + rest, 0n);
        const owed = balances.reduce((sum, balance) => sum + balance, 0n);
        const plan = planAllocations('USD', payments, sharesInOrder(usd(credit), open));
        const sumOf = (key: 'paymentId' | 'invoiceId', id: string) =>
          plan.filter((one) => one[key] === id).reduce((sum, { amount }) => sum + amount.amountMinor, 0n);
        for (const { paymentId, rest } of payments)
          expect(sumOf('paymentId', paymentId)).toBeLessThanOrEqual(rest.amountMinor);
        for (const { id, balance } of open) expect(sumOf('invoiceId', id)).toBeLessThanOrEqual(balance.amountMinor);
        const allocated = plan.reduce((sum, { amount }) => sum + amount.amountMinor, 0n);
        expect(allocated).toBe(credit < owed ? credit : owed);
      }),
    );
  });
});

function catchRefusal(act: () => unknown): DomainError {
  try {
    act();
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
  throw new Error('was not refused');
}
