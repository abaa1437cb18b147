import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { topics } from '@paradesk/contracts';
import { InvoicesServiceService, InvoiceStatus, type Invoice } from '@paradesk/contracts/paradesk/billing/v1/invoices';
import { LedgerAccount, LedgerServiceService, PostingKind } from '@paradesk/contracts/paradesk/billing/v1/ledger';
import { PaymentsServiceService } from '@paradesk/contracts/paradesk/billing/v1/payments';
import { ClientsServiceService } from '@paradesk/contracts/paradesk/identity/v1/clients';
import { DomainError, newId } from '@paradesk/kernel';
import { Database } from '@paradesk/platform';
import { ServiceUnderTest } from '@paradesk/testing';
import { billing } from '../src/billing.module.js';
import { anIssuedInvoice, someTime, workday } from './billed-work.js';
import { aClient, aFirm, anAgreement, refusalOf, type Firm } from './builders.js';

let system: ServiceUnderTest;
let firm: Firm;
/** Of 100.00, due on the same day as the second. */
let first: Invoice;
/** Of 50.00. */
let second: Invoice;

beforeAll(async () => {
  system = await ServiceUnderTest.start(billing);
});
afterAll(() => system.stop());
beforeEach(async () => {
  firm = await aFirm(system);
  await anAgreement(system, firm);
  await someTime(system, firm);
  first = await anIssuedInvoice(system, firm);
  // Ids are in the order of time, which stands still here.
  system.clock.advance({ seconds: 1 });
  await someTime(system, firm, 30);
  second = await anIssuedInvoice(system, firm);
  system.clock.advance({ seconds: 1 });
});

// Whatever happened: books balance, and every figure that is kept is the sum of the rows behind it.
afterEach(async () => {
  expect((await ledger().getTrialBalance({})).balanced).toBe(true);
  const { rows } = await system.db.query(`
    select 'invoice' as of, i.id from invoices i
      where paid_minor <> (select coalesce(sum(amount_minor), 0) from allocations a where a.invoice_id = i.id)
      or (number is not null and total_minor - paid_minor <> (select coalesce(sum(amount_minor), 0) from posting_lines l
        join postings p on (p.tenant_id, p.id) = (l.tenant_id, l.posting_id) where p.invoice_id = i.id and account = 'receivables'))
    union all select 'payment', p.id from payments p
      where allocated_minor <> (select coalesce(sum(amount_minor), 0) from allocations a where a.payment_id = p.id)
      or refunded_minor <> (select coalesce(sum(amount_minor), 0) from refunds r where r.payment_id = p.id)
    union all select 'credit', t.tenant_id
      from (select tenant_id, sum(amount_minor - allocated_minor - refunded_minor - charged_back_minor) as rest from payments group by tenant_id) t
      where rest <> -(select coalesce(sum(amount_minor), 0) from posting_lines l where l.tenant_id = t.tenant_id and account = 'unapplied_cash')`);
  expect(rows).toEqual([]);
});

const payments = () => system.client(PaymentsServiceService, firm.billingManager);
const ledger = () => system.client(LedgerServiceService, firm.billingManager);
const usd = (amountMinor: bigint) => ({ amountMinor, currencyCode: 'USD' });
const share = (invoice: Invoice, amountMinor: bigint) => ({ invoiceId: invoice.id, amount: usd(amountMinor) });
const aPayment = (fields = {}) => ({
  clientId: firm.client.id,
  amount: usd(12_000n),
  receivedOn: workday,
  reference: 'WIRE-1',
  ...fields,
});
const pay = (fields = {}) => payments().recordPayment(aPayment(fields));
const credit = async () => (await payments().getClientCredit({ clientId: firm.client.id })).amounts;
const paidOf = async ({ id }: Invoice) => {
  const { paid, status } = await system
    .client(InvoicesServiceService, firm.billingManager)
    .getInvoice({ invoiceId: id });
  return [paid?.amountMinor, status];
};
const { ISSUED, PARTLY_PAID, PAID } = InvoiceStatus;

describe('a payment of a client', () => {
  it('is credit until it is allocated', async () => {
    const payment = await pay();
    expect(payment).toMatchObject({ invoiceId: '', allocated: usd(0n), rest: usd(12_000n) });
    expect(await credit()).toEqual([usd(12_000n)]);
    expect(await paidOf(first)).toEqual([0n, ISSUED]);
    expect((await payments().listPayments({ clientId: firm.client.id })).payments).toEqual([payment]);
    const posting = (await ledger().listPostings({})).postings.at(-1);
    expect(posting).toMatchObject({ kind: PostingKind.PAYMENT_RECEIVED, invoiceId: '', sourceId: payment.id });
    expect(posting?.lines.map(({ account }) => account)).toEqual([LedgerAccount.CASH, LedgerAccount.UNAPPLIED_CASH]);
  });

  it.each([
    ['oldest first', { oldestFirst: true }, [10_000n, PAID], [2_000n, PARTLY_PAID], []],
    ['as stated', 'stated', [0n, ISSUED], [5_000n, PAID], [usd(7_000n)]],
    [
      'oldest first, more than all of them are',
      { oldestFirst: true, amount: usd(15_001n) },
      [10_000n, PAID],
      [5_000n, PAID],
      [usd(1n)],
    ],
  ])('is allocated %s', async (_name, fields, ofFirst, ofSecond, left) => {
    const payment = await pay(fields === 'stated' ? { allocations: [share(second, 5_000n)] } : (fields as object));
    expect([await paidOf(first), await paidOf(second), await credit()]).toEqual([ofFirst, ofSecond, left]);
    const { allocations } = await payments().listAllocations({ paymentId: payment.id });
    const sum = allocations.reduce((total, { amount }) => total + (amount?.amountMinor ?? 0n), 0n);
    expect(payment.allocated).toEqual(usd(sum));
  });

  it('told of again, by three at once too, is allocated once', async () => {
    const told = await Promise.all([1, 2, 3].map(() => pay({ oldestFirst: true })));
    for (const payment of told) expect(payment.id).toBe(told[0]!.id);
    expect(await paidOf(second)).toEqual([2_000n, PARTLY_PAID]);
    const refusal = await refusalOf(pay({ amount: usd(1n) }));
    expect(refusal).toMatchObject({ kind: 'conflict', reason: 'PAYMENT_REFERENCE_TAKEN' });
  });

  it.each<[string, { shares?: bigint[] } & Record<string, unknown>, string, string]>([
    ['without client and invoice', { clientId: '' }, 'invalid', 'INVOICE_OR_CLIENT'],
    ['of an unknown client', { clientId: newId(Date.now()) }, 'not-found', 'CLIENT_NOT_FOUND'],
    ['of nothing', { amount: usd(0n) }, 'invalid', 'NOT_POSITIVE'],
    ['of tomorrow', { receivedOn: { ...workday, day: 3 } }, 'invalid', 'RECEIVED_IN_FUTURE'],
    ['for more than a balance', { shares: [10_001n] }, 'refused', 'PAYMENT_EXCEEDS_BALANCE'],
    ['for more than it is', { amount: usd(5n), shares: [6n] }, 'refused', 'CREDIT_EXCEEDED'],
    ['for an invoice twice', { shares: [1n, 1n] }, 'invalid', 'NAMED_TWICE'],
    ['stated and oldest first', { shares: [1n], oldestFirst: true }, 'invalid', 'ALLOCATIONS_STATED'],
  ])('%s is refused, and nothing is left of it', async (_name, { shares = [], ...fields }, kind, reason) => {
    // The owner of clients is asked for one that billing has not heard of, and has not either.
    system.peers.stub(ClientsServiceService, {
      getClient: ({ clientId }) => {
        throw DomainError.notFound('client', clientId);
      },
    });
    const allocations = shares.map((amount) => share(first, amount));
    expect(await refusalOf(pay({ ...fields, allocations }))).toMatchObject({ kind, reason });
    expect([await credit(), await paidOf(first)]).toEqual([[], [0n, ISSUED]]);
  });

  it('does not pay the invoice of another client', async () => {
    const other = await aClient(system, firm.tenantId, { code: 'OTHER' });
    const refusal = await refusalOf(pay({ clientId: other.id, allocations: [share(first, 1n)] }));
    expect(refusal).toMatchObject({ kind: 'refused', reason: 'CLIENT_MISMATCH' });
  });

  it('of another tenant is not there', async () => {
    const { id: paymentId } = await pay();
    const stranger = await aFirm(system);
    const strange = system.client(PaymentsServiceService, stranger.billingManager);
    const money = { amount: usd(1n), reference: 'R' };
    const calls = [
      strange.refundPayment({ paymentId, ...money, refundedOn: workday }),
      strange.chargeBackPayment({ paymentId, chargedBackOn: workday, reason: 'fraud' }),
    ];
    for (const call of calls) expect(await refusalOf(call)).toMatchObject({ reason: 'PAYMENT_NOT_FOUND' });
    const { id: clientId } = firm.client;
    expect(await refusalOf(strange.getClientCredit({ clientId }))).toMatchObject({ reason: 'CLIENT_NOT_FOUND' });
    expect((await strange.listAllocations({})).allocations).toEqual([]);
  });
});

describe("a client's credit", () => {
  const apply = (fields = {}) => payments().applyCredit({ clientId: firm.client.id, currencyCode: 'USD', ...fields });

  it('is applied to invoices, the oldest money first', async () => {
    const earlier = await pay({ amount: usd(3_000n), receivedOn: { ...workday, day: 1 }, reference: 'B' });
    const later = await pay({ amount: usd(9_000n), reference: 'A' });
    const { allocations } = await apply({ allocations: [share(first, 8_000n)] });
    expect(allocations.map(({ paymentId, amount }) => [paymentId, amount])).toEqual([
      [earlier.id, usd(3_000n)],
      [later.id, usd(5_000n)],
    ]);
    await apply({ paymentId: later.id, oldestFirst: true });
    expect([await paidOf(first), await paidOf(second)]).toEqual([
      [10_000n, PAID],
      [2_000n, PARTLY_PAID],
    ]);
    expect(await refusalOf(apply())).toMatchObject({ kind: 'refused', reason: 'NO_CREDIT' });
  });

  it('is spent once, though many apply it at once', async () => {
    await pay({ amount: usd(6_000n) });
    const calls = [first, second, first, second].map((invoice) => apply({ allocations: [share(invoice, 4_000n)] }));
    const outcomes = await Promise.allSettled(calls);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await credit()).toEqual([usd(2_000n)]);
  });
});

describe('money that goes back', () => {
  const refund = (paymentId: string, fields = {}) =>
    payments().refundPayment({ paymentId, amount: usd(2_000n), refundedOn: workday, reference: 'OUT-1', ...fields });
  const chargeBack = (paymentId: string) =>
    payments().chargeBackPayment({ paymentId, chargedBackOn: workday, reason: 'disputed by the cardholder' });

  it('is refunded of what is left, once for a reference', async () => {
    const { id } = await pay({ allocations: [share(first, 10_000n)] });
    const told = await Promise.all([1, 2].map(() => refund(id)));
    expect(told[1]).toEqual(told[0]);
    expect(await payments().getPayment({ paymentId: id })).toMatchObject({ refunded: usd(2_000n), rest: usd(0n) });
    const again = await refusalOf(refund(id, { reference: 'OUT-2' }));
    expect(again).toMatchObject({ kind: 'refused', reason: 'REFUND_EXCEEDS_REST' });
    const other = await refusalOf(refund(id, { amount: usd(1n) }));
    expect(other).toMatchObject({ kind: 'conflict', reason: 'REFUND_REFERENCE_TAKEN' });
  });

  it.each([
    ['nothing', { amount: usd(0n) }, 'NOT_POSITIVE'],
    ['another currency', { amount: { amountMinor: 1n, currencyCode: 'EUR' } }, 'CURRENCY_MISMATCH'],
    ['money of tomorrow', { refundedOn: { ...workday, day: 3 } }, 'REFUNDED_IN_FUTURE'],
  ])('as a refund of %s is refused', async (_name, fields, reason) => {
    const { id } = await pay();
    expect(await refusalOf(refund(id, fields))).toMatchObject({ kind: 'invalid', reason });
  });

  it('by a chargeback is owed again, once, and tells who hears of invoices', async () => {
    const { id } = await pay({ oldestFirst: true });
    system.clock.advance({ seconds: 1 });
    const told = await Promise.all([1, 2].map(() => chargeBack(id)));
    for (const payment of told)
      expect(payment).toMatchObject({ id, allocated: usd(0n), chargedBack: usd(12_000n), rest: usd(0n) });
    expect([await paidOf(first), await paidOf(second), await credit()]).toEqual([[0n, ISSUED], [0n, ISSUED], []]);
    const { allocations } = await payments().listAllocations({ invoiceId: first.id });
    expect(allocations.map(({ amount, reason }) => [amount?.amountMinor, reason])).toEqual([
      [10_000n, ''],
      [-10_000n, 'disputed by the cardholder'],
    ]);
    const events = (await system.published(topics.invoices)).filter(({ aggregateId }) => aggregateId === first.id);
    expect(events.map(({ event }) => event.event?.$case)).toEqual(['issued', 'paymentApplied', 'paymentReversed']);
    const more = await pay({ amount: usd(10_000n), allocations: [share(first, 10_000n)], reference: 'WIRE-2' });
    expect(more.rest).toEqual(usd(0n));
  });

  it('of a payment of one invoice opens that invoice again', async () => {
    const { id } = await pay({ clientId: '', invoiceId: first.id, amount: usd(10_000n) });
    expect(await paidOf(first)).toEqual([10_000n, PAID]);
    await chargeBack(id);
    expect(await paidOf(first)).toEqual([0n, ISSUED]);
  });

  it('was refunded whole: nothing is left to charge back', async () => {
    const { id } = await pay({ amount: usd(2_000n) });
    await refund(id);
    expect(await refusalOf(chargeBack(id))).toMatchObject({ kind: 'refused', reason: 'PAYMENT_REFUNDED' });
  });
});

describe('the database', () => {
  it.each([
    ['changes what was paid', '23001', 'update payments set amount_minor = amount_minor + 1'],
    ['spends more than came', '23514', 'update payments set allocated_minor = amount_minor + 1'],
    [
      'takes a refund back',
      '23001',
      'update payments set refunded_minor = refunded_minor - 1 where refunded_minor > 0',
    ],
    ['changes an allocation', '23001', 'update allocations set amount_minor = 1'],
    ['removes an allocation', '23001', 'delete from allocations'],
    ['removes a refund', '23001', 'delete from refunds'],
  ])('refuses the service when it %s', async (_name, code, sql) => {
    const { id: paymentId } = await pay({ allocations: [share(first, 10n)] });
    await payments().refundPayment({ paymentId, amount: usd(1n), refundedOn: workday, reference: 'OUT-1' });
    const asService = system.running.app.get(Database).transaction(firm, (tx) => tx.query(sql));
    await expect(asService).rejects.toMatchObject({ code });
  });
});
