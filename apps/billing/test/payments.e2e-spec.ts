import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { topics } from '@paradesk/contracts';
import { InvoicesServiceService, InvoiceStatus, type Invoice } from '@paradesk/contracts/paradesk/billing/v1/invoices';
import { LedgerAccount, LedgerServiceService } from '@paradesk/contracts/paradesk/billing/v1/ledger';
import { PaymentsServiceService } from '@paradesk/contracts/paradesk/billing/v1/payments';
import { newId } from '@paradesk/kernel';
import { ServiceUnderTest } from '@paradesk/testing';
import { billing } from '../src/billing.module.js';
import { aDraft, anIssuedInvoice, someTime, workday } from './billed-work.js';
import { aFirm, anAgreement, refusalOf, type Firm } from './builders.js';

let system: ServiceUnderTest;
let firm: Firm;
let invoice: Invoice;

beforeAll(async () => {
  system = await ServiceUnderTest.start(billing);
});
afterAll(() => system.stop());
beforeEach(async () => {
  firm = await aFirm(system);
  await anAgreement(system, firm);
  await someTime(system, firm);
  invoice = await anIssuedInvoice(system, firm);
  // Ids are in the order of time, which stands still here.
  system.clock.advance({ seconds: 1 });
});

const payments = () => system.client(PaymentsServiceService, firm.billingManager);
const usd = (amountMinor: bigint) => ({ amountMinor, currencyCode: 'USD' });
const aPayment = (fields = {}) => ({
  invoiceId: invoice.id,
  amount: usd(4_000n),
  receivedOn: workday,
  reference: 'CHK 1001',
  ...fields,
});
const invoiceNow = () =>
  system.client(InvoicesServiceService, firm.billingManager).getInvoice({ invoiceId: invoice.id });
const postings = async () =>
  (await system.client(LedgerServiceService, firm.billingManager).listPostings({ invoiceId: invoice.id })).postings;

describe('a payment', () => {
  it('reduces the balance, is booked, and pays the invoice when nothing is left', async () => {
    const part = await payments().recordPayment(aPayment());
    expect(await invoiceNow()).toMatchObject({
      status: InvoiceStatus.PARTLY_PAID,
      paid: usd(4_000n),
      balance: usd(6_000n),
      version: 2,
    });
    system.clock.advance({ seconds: 1 });
    const rest = await payments().recordPayment(aPayment({ amount: usd(6_000n), reference: 'CHK 1002' }));
    expect(await invoiceNow()).toMatchObject({ status: InvoiceStatus.PAID, balance: usd(0n), version: 3 });
    const booked = (await postings())
      .slice(1)
      .map(({ lines }) => lines.map(({ account, amount }) => [account, amount?.amountMinor]));
    expect(booked).toEqual([
      [
        [LedgerAccount.CASH, 4_000n],
        [LedgerAccount.RECEIVABLES, -4_000n],
      ],
      [
        [LedgerAccount.CASH, 6_000n],
        [LedgerAccount.RECEIVABLES, -6_000n],
      ],
    ]);
    expect(await payments().getPayment({ paymentId: part.id })).toEqual(part);
    expect((await payments().listPayments({ invoiceId: invoice.id })).payments).toEqual([part, rest]);
    const events = (await system.published(topics.invoices)).filter(({ aggregateId }) => aggregateId === invoice.id);
    expect(events.map(({ event, aggregateVersion }) => [aggregateVersion, event.event?.$case])).toEqual([
      [1, 'issued'],
      [2, 'paymentApplied'],
      [3, 'paymentApplied'],
    ]);
    expect(events[1]?.event.event?.value).toMatchObject({ paymentId: part.id, invoice: { balance: usd(6_000n) } });
  });

  it('told of again, by three at once too, is the payment it was', async () => {
    const told = await Promise.all([1, 2, 3].map(() => payments().recordPayment(aPayment())));
    told.push(await payments().recordPayment(aPayment({ reference: ' CHK 1001 ' })));
    for (const payment of told) expect(payment).toEqual(told[0]);
    expect((await invoiceNow()).paid).toEqual(usd(4_000n));
    expect(await postings()).toHaveLength(2);
  });

  it('that paid the invoice in full can be told of again', async () => {
    const full = await payments().recordPayment(aPayment({ amount: usd(10_000n) }));
    expect(await payments().recordPayment(aPayment({ amount: usd(10_000n) }))).toEqual(full);
  });

  it.each([
    ['another amount', { amount: usd(4_001n) }],
    ['another day', { receivedOn: { ...workday, day: 1 } }],
  ])('under a known reference with %s is a conflict', async (_name, fields) => {
    await payments().recordPayment(aPayment());
    const refusal = await refusalOf(payments().recordPayment(aPayment(fields)));
    expect(refusal).toMatchObject({ kind: 'conflict', reason: 'PAYMENT_REFERENCE_TAKEN' });
    expect((await invoiceNow()).paid).toEqual(usd(4_000n));
  });

  it('of two invoices under one reference is taken once, also at once', async () => {
    await someTime(system, firm);
    const other = await anIssuedInvoice(system, firm);
    const told = [aPayment(), aPayment({ invoiceId: other.id })].map((payment) => payments().recordPayment(payment));
    const outcomes = await Promise.allSettled(told);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const rejected = outcomes.find((outcome) => outcome.status === 'rejected');
    expect(rejected?.reason).toMatchObject({ kind: 'conflict', reason: 'PAYMENT_REFERENCE_TAKEN' });
  });

  it('is never more than the balance, though two come at once', async () => {
    const refusal = await refusalOf(payments().recordPayment(aPayment({ amount: usd(10_001n) })));
    expect(refusal).toMatchObject({ kind: 'refused', reason: 'PAYMENT_EXCEEDS_BALANCE' });
    const two = ['A', 'B'].map((reference) => payments().recordPayment(aPayment({ amount: usd(6_000n), reference })));
    const outcomes = await Promise.allSettled(two);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const rejected = outcomes.find((outcome) => outcome.status === 'rejected');
    expect(rejected?.reason).toMatchObject({ reason: 'PAYMENT_EXCEEDS_BALANCE' });
    expect((await invoiceNow()).paid).toEqual(usd(6_000n));
  });

  it.each([
    ['nothing', { amount: usd(0n) }, 'invalid', 'NOT_POSITIVE'],
    ['less than nothing', { amount: usd(-1n) }, 'invalid', 'NOT_POSITIVE'],
    ['another currency', { amount: { amountMinor: 1n, currencyCode: 'EUR' } }, 'invalid', 'CURRENCY_MISMATCH'],
    ['money of tomorrow', { receivedOn: { ...workday, day: 3 } }, 'invalid', 'RECEIVED_IN_FUTURE'],
    ['an unknown invoice', { invoiceId: newId(Date.now()) }, 'not-found', 'INVOICE_NOT_FOUND'],
  ])('of %s is refused', async (_name, fields, kind, reason) => {
    expect(await refusalOf(payments().recordPayment(aPayment(fields)))).toMatchObject({ kind, reason });
    expect(await invoiceNow()).toEqual(invoice);
  });

  it('of a draft, or of an invoice that is paid, is refused', async () => {
    await someTime(system, firm);
    const draft = await aDraft(system, firm);
    const refusal = await refusalOf(payments().recordPayment(aPayment({ invoiceId: draft.id })));
    expect(refusal).toMatchObject({ kind: 'refused', reason: 'INVOICE_NOT_OPEN' });
    await payments().recordPayment(aPayment({ amount: usd(10_000n) }));
    const more = await refusalOf(payments().recordPayment(aPayment({ amount: usd(1n), reference: 'more' })));
    expect(more).toMatchObject({ reason: 'INVOICE_NOT_OPEN' });
  });

  it('of another tenant is not there', async () => {
    const { id: paymentId } = await payments().recordPayment(aPayment());
    const stranger = await aFirm(system);
    const strange = system.client(PaymentsServiceService, stranger.billingManager);
    expect(await refusalOf(strange.getPayment({ paymentId }))).toMatchObject({ reason: 'PAYMENT_NOT_FOUND' });
    expect((await strange.listPayments({})).payments).toEqual([]);
    expect(await refusalOf(strange.recordPayment(aPayment({ reference: 'X' })))).toMatchObject({
      reason: 'INVOICE_NOT_FOUND',
    });
    const assistant = system.client(PaymentsServiceService, firm.asAssistant);
    expect((await assistant.getPayment({ paymentId })).id).toBe(paymentId);
    expect((await refusalOf(assistant.listPayments({}))).kind).toBe('forbidden');
  });
});
