import { DomainError, Money } from '@paradesk/kernel';

/** What one invoice is to get. */
export interface InvoiceShare {
  readonly invoiceId: string;
  readonly amount: Money;
}

/** What a payment has left. */
export interface PaymentRest {
  readonly paymentId: string;
  readonly rest: Money;
}

/** What one invoice gets of one payment. */
export interface PlannedAllocation extends InvoiceShare {
  readonly paymentId: string;
}

/** What is left of an amount when open invoices, in the order given, each got as much of it as they need. */
export function sharesInOrder(
  amount: Money,
  open: readonly { readonly id: string; readonly balance: Money }[],
): InvoiceShare[] {
  let left = amount;
  const shares: InvoiceShare[] = [];
  for (const { id: invoiceId, balance } of open) {
    const share = left.compare(balance) < 0 ? left : balance;
    if (share.amountMinor <= 0n) continue;
    shares.push({ invoiceId, amount: share });
    left = left.minus(share);
  }
  return shares;
}

/**
 * Which payment, in the order given, pays how much of which share: no more of a payment than it has left, and each share whole.
 *
 * @throws DomainError invalid NOT_POSITIVE, CURRENCY_MISMATCH or NAMED_TWICE; refused CREDIT_EXCEEDED
 */
export function planAllocations(
  currency: string,
  payments: readonly PaymentRest[],
  shares: readonly InvoiceShare[],
): PlannedAllocation[] {
  checkShares(currency, payments, shares);
  const rests = payments.map(({ paymentId, rest }) => ({ paymentId, left: rest.amountMinor }));
  return shares.flatMap(({ invoiceId, amount }) => {
    let wanted = amount.amountMinor;
    return rests.flatMap((rest) => {
      const taken = rest.left < wanted ? rest.left : wanted;
      if (taken <= 0n) return [];
      rest.left -= taken;
      wanted -= taken;
      return [{ paymentId: rest.paymentId, invoiceId, amount: Money.of(taken, currency) }];
    });
  });
}

function checkShares(currency: string, payments: readonly PaymentRest[], shares: readonly InvoiceShare[]): void {
  for (const [index, { amount }] of shares.entries()) {
    const field = `allocations[${index}].amount`;
    if (amount.currency !== currency) {
      const message = `the payment is in ${currency}, the allocation in ${amount.currency}`;
      throw DomainError.invalid(`${field}.currencyCode`, 'CURRENCY_MISMATCH', message);
    }
    if (amount.amountMinor <= 0n) throw DomainError.invalid(field, 'NOT_POSITIVE', 'an allocation is more than zero');
  }
  if (new Set(shares.map(({ invoiceId }) => invoiceId)).size < shares.length)
    throw DomainError.invalid('allocations', 'NAMED_TWICE', 'an invoice is named twice');
  const wanted = shares.reduce((sum, { amount }) => sum + amount.amountMinor, 0n);
  const credit = payments.reduce((sum, { rest }) => sum + rest.amountMinor, 0n);
  if (wanted <= credit) return;
  const there = Money.of(credit, currency);
  throw DomainError.refused('CREDIT_EXCEEDED', `${there.toString()} can be allocated`, { credit: there.toDecimal() });
}
