import { afterEach, describe, expect, it } from '@jest/globals';
import { DomainError, Money, newId } from '@paradesk/kernel';
import { Temporal } from 'temporal-polyfill';
import { InvoiceLine } from './invoice-line.entity.js';
import { Invoice, type InvoiceStatus } from './invoice.entity.js';

const day = (text: string) => Temporal.PlainDate.from(text);
const usd = (amountMinor: bigint) => Money.of(amountMinor, 'USD');
const terms = { number: 'INV-2026-00001', issuedOn: day('2026-03-31'), dueOn: day('2026-04-30') };
const files = { pdfDocumentId: newId(1), ledesDocumentId: newId(2) };

let invoice: Invoice;

function aDraft(amounts: readonly bigint[] = [7_500n, 2_500n]): Invoice {
  const lines = amounts.map((amountMinor) =>
    Object.assign(new InvoiceLine(), { kind: 'fee', amountMinor, live: true }),
  );
  const period = { billingStart: day('2026-03-01'), billingEnd: day('2026-03-31') };
  const draftedAt = Temporal.Instant.from('2026-04-01T00:00:00Z');
  return Invoice.draft(
    { tenantId: newId(3), id: newId(4), clientId: newId(5), currency: 'USD', ...period, draftedAt },
    lines,
  );
}

/** An invoice that has come so far. */
function anInvoice(status: InvoiceStatus): Invoice {
  invoice = aDraft();
  if (status === 'draft') return invoice;
  if (status === 'discarded') invoice.discard();
  else invoice.approve();
  if (['issued', 'partly_paid', 'paid'].includes(status)) invoice.issue(terms);
  if (status === 'partly_paid') invoice.receive(usd(1n));
  if (status === 'paid') invoice.receive(usd(10_000n));
  return invoice;
}

function outcomeOf(act: () => unknown): string {
  try {
    act();
    return invoice.status;
  } catch (error) {
    if (error instanceof DomainError) return error.reason;
    throw error;
  }
}

// The invariants of the entity, after every case.
afterEach(() => {
  const { lines, totalMinor, paidMinor, status, number, version } = invoice;
  expect(lines.reduce((sum, line) => sum + line.amountMinor, 0n)).toBe(totalMinor);
  expect(invoice.feesMinor + invoice.expensesMinor + invoice.adjustmentsMinor).toBe(totalMinor);
  expect(number !== null).toBe(['issued', 'partly_paid', 'paid'].includes(status));
  expect(number !== null).toBe(version > 0);
  expect(paidMinor >= 0n && (paidMinor <= totalMinor || paidMinor === 0n)).toBe(true);
  expect(status === 'paid').toBe(invoice.isIssued && paidMinor === totalMinor);
  expect(status === 'partly_paid').toBe(paidMinor > 0n && paidMinor < totalMinor);
  expect(lines.every((line) => line.live)).toBe(status !== 'discarded');
});

describe('an invoice', () => {
  it.each<[InvoiceStatus, string, string, string, string]>([
    ['draft', 'approved', 'INVOICE_NOT_APPROVED', 'discarded', 'INVOICE_NOT_OPEN'],
    ['approved', 'approved', 'issued', 'discarded', 'INVOICE_NOT_OPEN'],
    ['issued', 'issued', 'INVOICE_NOT_APPROVED', 'INVOICE_ISSUED', 'partly_paid'],
    ['partly_paid', 'partly_paid', 'INVOICE_NOT_APPROVED', 'INVOICE_ISSUED', 'partly_paid'],
    ['paid', 'paid', 'INVOICE_NOT_APPROVED', 'INVOICE_ISSUED', 'INVOICE_NOT_OPEN'],
    ['discarded', 'INVOICE_DISCARDED', 'INVOICE_NOT_APPROVED', 'discarded', 'INVOICE_NOT_OPEN'],
  ])('that is %s becomes %s when approved, %s when issued, %s when discarded, %s when paid', (status, ...expected) => {
    const outcomes = [
      outcomeOf(() => anInvoice(status).approve()),
      outcomeOf(() => anInvoice(status).issue(terms)),
      outcomeOf(() => anInvoice(status).discard()),
      outcomeOf(() => anInvoice(status).receive(usd(5n))),
    ];
    expect(outcomes).toEqual(expected);
  });

  it('gets number, dates and its first version when it is issued', () => {
    expect(anInvoice('issued')).toMatchObject({ ...terms, version: 1 });
  });

  it('raises its version by one with every change since', () => {
    anInvoice('issued');
    invoice.receive(usd(4_000n));
    expect(invoice.version).toBe(2);
    expect(invoice.file(files)).toBe(true);
    expect(invoice.file({ pdfDocumentId: newId(9), ledesDocumentId: null })).toBe(false);
    expect(invoice).toMatchObject({ ...files, version: 3 });
    invoice.receive(usd(6_000n));
    expect(invoice.version).toBe(4);
  });

  it.each([
    ['one cent more than is left', usd(10_001n), 'PAYMENT_EXCEEDS_BALANCE'],
    ['zero', usd(0n), 'NOT_POSITIVE'],
    ['less than zero', usd(-1n), 'NOT_POSITIVE'],
    ['another currency', Money.of(1n, 'EUR'), 'CURRENCY_MISMATCH'],
    ['all that is left', usd(10_000n), 'paid'],
    ['one cent less than is left', usd(9_999n), 'partly_paid'],
  ])('that gets %s', (_name, amount, outcome) => {
    anInvoice('issued');
    expect(outcomeOf(() => invoice.receive(amount))).toBe(outcome);
  });

  it.each([
    ['zero is paid when it is issued', [100n, -100n], 'paid'],
    ['one cent is open', [100n, -99n], 'issued'],
    ['less than zero is refused', [100n, -101n], 'INVOICE_NEGATIVE'],
  ])('that comes to %s', (_name, amounts, outcome) => {
    invoice = aDraft(amounts);
    invoice.approve();
    expect(outcomeOf(() => invoice.issue(terms))).toBe(outcome);
  });
});
