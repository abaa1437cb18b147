import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { topics } from '@paradesk/contracts';
import { InvoicesServiceService, InvoiceStatus, type Invoice } from '@paradesk/contracts/paradesk/billing/v1/invoices';
import { LedgerAccount, LedgerServiceService } from '@paradesk/contracts/paradesk/billing/v1/ledger';
import { PaymentsServiceService } from '@paradesk/contracts/paradesk/billing/v1/payments';
import { WriteOffsServiceService, WriteOffStatus } from '@paradesk/contracts/paradesk/billing/v1/write_offs';
import { Role } from '@paradesk/contracts/paradesk/common/v1/rule';
import { newId } from '@paradesk/kernel';
import { Database } from '@paradesk/platform';
import { aCaller, ServiceUnderTest } from '@paradesk/testing';
import { billing } from '../src/billing.module.js';
import { anIssuedInvoice, someTime, workday } from './billed-work.js';
import { aFirm, anAgreement, refusalOf, type Firm } from './builders.js';

let system: ServiceUnderTest;
let firm: Firm;
/** Of 100.00. */
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
  system.clock.advance({ seconds: 1 });
});

// Whatever happened: books balance, and every figure that is kept is the sum of the rows behind it.
afterEach(async () => {
  expect((await ledger().getTrialBalance({})).balanced).toBe(true);
  const { rows } = await system.db.query(`
    select i.id from invoices i where number is not null and (
      written_off_minor <> (select coalesce(sum(amount_minor), 0) from write_offs w where w.invoice_id = i.id and w.status = 'approved')
      or total_minor - paid_minor - written_off_minor <> (select coalesce(sum(amount_minor), 0) from posting_lines l
        join postings p on (p.tenant_id, p.id) = (l.tenant_id, l.posting_id) where p.invoice_id = i.id and account = 'receivables')
      or written_off_minor <> (select coalesce(sum(amount_minor), 0) from posting_lines l
        join postings p on (p.tenant_id, p.id) = (l.tenant_id, l.posting_id) where p.invoice_id = i.id and account = 'bad_debt'))`);
  expect(rows).toEqual([]);
});

const another = () => aCaller({ tenantId: firm.tenantId, role: Role.OPERATIONS_MANAGER });
const asks = () => system.client(WriteOffsServiceService, firm.billingManager);
const decides = () => system.client(WriteOffsServiceService, another());
const ledger = () => system.client(LedgerServiceService, firm.billingManager);
const usd = (amountMinor: bigint) => ({ amountMinor, currencyCode: 'USD' });
const ask = (fields = {}) =>
  asks().requestWriteOff({ invoiceId: invoice.id, reason: 'The client is bankrupt', ...fields });
const pay = (amountMinor: bigint) =>
  system
    .client(PaymentsServiceService, firm.billingManager)
    .recordPayment({ invoiceId: invoice.id, amount: usd(amountMinor), receivedOn: workday, reference: newId(1) });
const state = async () => {
  const invoices = system.client(InvoicesServiceService, firm.billingManager);
  const { status, paid, writtenOff, balance } = await invoices.getInvoice({ invoiceId: invoice.id });
  return [InvoiceStatus[status], paid?.amountMinor, writtenOff?.amountMinor, balance?.amountMinor];
};

describe('a write-off', () => {
  it('waits for somebody else, and then nothing is owed any more', async () => {
    await pay(3_000n);
    const asked = await ask();
    expect(asked).toMatchObject({ amount: usd(7_000n), status: WriteOffStatus.REQUESTED, decidedBy: '' });
    expect(await state()).toEqual(['PARTLY_PAID', 3_000n, 0n, 7_000n]);
    expect((await refusalOf(asks().approveWriteOff({ writeOffId: asked.id }))).reason).toBe('SELF_APPROVAL');

    const approver = another();
    const approves = system.client(WriteOffsServiceService, approver);
    const approved = await approves.approveWriteOff({ writeOffId: asked.id });
    expect(approved).toEqual({ ...asked, status: WriteOffStatus.APPROVED, decidedBy: approver.personId });
    expect(await state()).toEqual(['WRITTEN_OFF', 3_000n, 7_000n, 0n]);
    expect(await approves.approveWriteOff({ writeOffId: asked.id })).toEqual(approved);
    expect(await asks().getWriteOff({ writeOffId: asked.id })).toEqual(approved);
    const balances = (await ledger().getTrialBalance({})).balances.map(({ account, balance }) => [
      LedgerAccount[account],
      balance?.amountMinor,
    ]);
    expect(Object.fromEntries(balances)).toMatchObject({ BAD_DEBT: 7_000n, RECEIVABLES: 0n });
    expect((await refusalOf(pay(1n))).reason).toBe('INVOICE_NOT_OPEN');
  });

  it('in part leaves the rest to be paid, and tells who hears of invoices', async () => {
    const { id: writeOffId } = await ask({ amount: usd(2_500n) });
    await decides().approveWriteOff({ writeOffId });
    expect(await state()).toEqual(['ISSUED', 0n, 2_500n, 7_500n]);
    expect((await refusalOf(pay(7_501n))).reason).toBe('PAYMENT_EXCEEDS_BALANCE');
    await pay(7_500n);
    expect(await state()).toEqual(['WRITTEN_OFF', 7_500n, 2_500n, 0n]);
    const events = (await system.published(topics.invoices)).filter(({ aggregateId }) => aggregateId === invoice.id);
    expect(events.map(({ event }) => event.event?.$case)).toEqual(['issued', 'writtenOff', 'paymentApplied']);
  });

  it('that is taken back is owed again, once', async () => {
    const { id: writeOffId } = await ask();
    await decides().approveWriteOff({ writeOffId });
    for (let times = 0; times < 2; times++) {
      const reversed = await asks().reverseWriteOff({ writeOffId, reason: 'The client pays after all' });
      expect(reversed).toMatchObject({ status: WriteOffStatus.REVERSED, statusReason: 'The client pays after all' });
    }
    expect(await state()).toEqual(['ISSUED', 0n, 0n, 10_000n]);
    expect((await refusalOf(decides().approveWriteOff({ writeOffId }))).reason).toBe('WRITE_OFF_STATUS');
  });

  it('that is declined changes nothing, and another may be asked for', async () => {
    const { id: writeOffId } = await ask();
    expect((await refusalOf(ask())).reason).toBe('WRITE_OFF_WAITING');
    await decides().declineWriteOff({ writeOffId, reason: 'Call them first' });
    expect(await state()).toEqual(['ISSUED', 0n, 0n, 10_000n]);
    const again = await ask();
    const { writeOffs } = await asks().listWriteOffs({ invoiceId: invoice.id, status: WriteOffStatus.REQUESTED });
    expect(writeOffs).toEqual([again]);
    expect((await asks().listWriteOffs({ clientId: firm.client.id })).writeOffs).toHaveLength(2);
  });

  it('is refused where it is more than what is owed by now, and stays to be declined', async () => {
    const { id: writeOffId } = await ask();
    await pay(1n);
    expect((await refusalOf(decides().approveWriteOff({ writeOffId }))).reason).toBe('WRITE_OFF_EXCEEDS_BALANCE');
    expect((await asks().getWriteOff({ writeOffId })).status).toBe(WriteOffStatus.REQUESTED);
  });

  it('and a payment at once never come to more than the invoice', async () => {
    const { id: writeOffId } = await ask({ amount: usd(6_000n) });
    const outcomes = await Promise.allSettled([
      decides().approveWriteOff({ writeOffId }),
      decides().approveWriteOff({ writeOffId }),
      pay(6_000n),
      pay(6_000n),
    ]);
    expect(outcomes.filter(({ status }) => status === 'rejected').length).toBeGreaterThanOrEqual(1);
    const [, paid, writtenOff] = await state();
    expect(Number(paid) + Number(writtenOff)).toBe(6_000);
  });

  it.each([
    ['nothing', { amount: usd(0n) }, 'NOT_POSITIVE'],
    ['more than is owed', { amount: usd(10_001n) }, 'WRITE_OFF_EXCEEDS_BALANCE'],
    ['another currency', { amount: { amountMinor: 1n, currencyCode: 'EUR' } }, 'CURRENCY_MISMATCH'],
    ['an unknown invoice', { invoiceId: newId(1) }, 'INVOICE_NOT_FOUND'],
  ])('of %s is refused', async (_name, fields, reason) => {
    expect((await refusalOf(ask(fields))).reason).toBe(reason);
  });

  it('of another tenant is not there', async () => {
    const { id: writeOffId } = await ask();
    const stranger = await aFirm(system);
    const strange = system.client(WriteOffsServiceService, stranger.billingManager);
    expect((await refusalOf(strange.getWriteOff({ writeOffId }))).reason).toBe('WRITE_OFF_NOT_FOUND');
    expect((await strange.listWriteOffs({})).writeOffs).toEqual([]);
  });

  it.each([
    ['changes what was asked for', `update write_offs set amount_minor = 1, status = 'approved'`],
    ['decides twice', `update write_offs set status = 'requested'`],
    ['removes one', 'delete from write_offs'],
  ])('does not let the service that %s', async (_name, sql) => {
    await ask();
    const broken = system.running.app.get(Database).transaction(firm, (tx) => tx.query(sql));
    await expect(broken).rejects.toMatchObject({ code: '23001' });
  });
});
