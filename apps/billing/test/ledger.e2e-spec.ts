import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Invoice } from '@paradesk/contracts/paradesk/billing/v1/invoices';
import { LedgerAccount, LedgerServiceService, PostingKind } from '@paradesk/contracts/paradesk/billing/v1/ledger';
import { PaymentsServiceService } from '@paradesk/contracts/paradesk/billing/v1/payments';
import { newId } from '@paradesk/kernel';
import { Database, type Tx } from '@paradesk/platform';
import { ServiceUnderTest } from '@paradesk/testing';
import { billing } from '../src/billing.module.js';
import { anAdjustment, anExpense, anIssuedInvoice, someTime, workday } from './billed-work.js';
import { aFirm, anAgreement, refusalOf, type Firm } from './builders.js';

let system: ServiceUnderTest;
let firm: Firm;
let invoice: Invoice;

beforeAll(async () => {
  system = await ServiceUnderTest.start(billing);
  firm = await aFirm(system);
  await anAgreement(system, firm);
  await someTime(system, firm);
  await anExpense(system, firm, '100', '1');
  await anAdjustment(system, firm, -2_500n);
  invoice = await anIssuedInvoice(system, firm);
  // Ids are in the order of time, which stands still here.
  system.clock.advance({ seconds: 1 });
  await system.client(PaymentsServiceService, firm.billingManager).recordPayment({
    invoiceId: invoice.id,
    amount: { amountMinor: 7_500n, currencyCode: 'USD' },
    receivedOn: workday,
    reference: 'WIRE-1',
  });
});
afterAll(() => system.stop());

const ledger = () => system.client(LedgerServiceService, firm.billingManager);
/** As the service's own role, in a transaction of the tenant. */
const asService = (work: (tx: Tx) => Promise<unknown>) => system.running.app.get(Database).transaction(firm, work);

describe('the ledger', () => {
  it('sums up by account to a balance of zero', async () => {
    const { balances, balanced } = await ledger().getTrialBalance({});
    expect(balances.map(({ account, balance }) => [LedgerAccount[account], balance?.amountMinor])).toEqual([
      ['CASH', 7_500n],
      ['EXPENSE_RECOVERY', -10_000n],
      ['FEE_INCOME', -7_500n],
      ['RECEIVABLES', 10_000n],
    ]);
    expect(balanced).toBe(true);
  });

  it('lists postings the oldest first, by page and invoice', async () => {
    const { postings } = await ledger().listPostings({});
    expect(postings.map(({ kind, invoiceId }) => [kind, invoiceId])).toEqual([
      [PostingKind.INVOICE_ISSUED, invoice.id],
      [PostingKind.PAYMENT_RECEIVED, invoice.id],
    ]);
    const first = await ledger().listPostings({ page: { size: 1, token: '' } });
    const second = await ledger().listPostings({ page: { size: 1, token: first.page?.nextToken ?? '' } });
    expect([...first.postings, ...second.postings]).toEqual(postings);
    expect((await ledger().listPostings({ invoiceId: newId(Date.now()) })).postings).toEqual([]);
  });

  it('of another tenant is empty, and only billing managers see one', async () => {
    const stranger = await aFirm(system);
    const strange = system.client(LedgerServiceService, stranger.billingManager);
    expect(await strange.getTrialBalance({})).toEqual({ balances: [], balanced: true });
    expect((await strange.listPostings({})).postings).toEqual([]);
    const assistant = system.client(LedgerServiceService, firm.asAssistant);
    expect((await refusalOf(assistant.getTrialBalance({}))).kind).toBe('forbidden');
  });
});

describe('the database', () => {
  it.each([
    ['changes a posting', '23001', `update postings set posted_at = posted_at + interval '1 day'`],
    ['removes a posting', '23001', 'delete from postings'],
    ['changes an amount', '23001', 'update posting_lines set amount_minor = amount_minor * 2'],
    ['moves an amount', '23001', `update posting_lines set account = 'cash'`],
    ['removes a line', '23001', 'delete from posting_lines'],
    ['removes a payment', '23001', 'delete from payments'],
    ['changes a payment', '23001', 'update payments set amount_minor = amount_minor + 1'],
    ['empties the ledger', '42501', 'truncate posting_lines, postings'],
    ['switches the guards off', '42501', 'alter table postings disable trigger all'],
    ['books an invoice twice', '23505', againSql('invoice_issued')],
    ['books a payment twice', '23505', againSql('payment_received')],
    [
      'adds lines that cancel each other out',
      '23514',
      `insert into posting_lines
         select tenant_id, posting_id, position + 10 + n, account, client_id, currency, case n when 1 then 5 else -5 end
         from (select * from posting_lines limit 1) line, (values (1), (2)) numbers(n)`,
    ],
  ])('refuses the service when it %s', async (_name, code, sql) => {
    const before = await system.db.query('select * from posting_lines order by posting_id, position');
    await expect(asService((tx) => tx.query(sql))).rejects.toMatchObject({ code });
    const after = await system.db.query('select * from posting_lines order by posting_id, position');
    expect(after.rows).toEqual(before.rows);
    expect((await ledger().getTrialBalance({})).balanced).toBe(true);
  });

  it('refuses even its owner to empty the ledger', async () => {
    await expect(system.db.query('truncate postings, posting_lines')).rejects.toMatchObject({ code: '23001' });
  });

  it.each([
    ['that do not sum to zero', [100n, -99n], 'USD', 'USD'],
    ['that sum to zero over two currencies only', [100n, -100n], 'USD', 'EUR'],
    ['of which one is missing', [100n], 'USD', 'USD'],
    ['of which there are none', [], 'USD', 'USD'],
  ])('refuses lines %s, at the commit', async (_name, amounts, first, second) => {
    const { rows } = await system.db.query<{ count: string }>('select count(*) from postings');
    const refused = asService(async (tx) => {
      const paymentId = newId(Date.now());
      const { tenantId } = firm;
      await tx.query(
        `insert into payments (tenant_id, id, client_id, invoice_id, currency, amount_minor, received_on, reference)
         values ($1, $2, $3, $4, 'USD', 100, '2026-03-02', $5)`,
        [tenantId, paymentId, firm.client.id, invoice.id, paymentId],
      );
      const id = newId(Date.now());
      await tx.query(
        `insert into postings (tenant_id, id, kind, invoice_id, payment_id, posted_at, line_count)
         values ($1, $2, 'payment_received', $3, $4, now(), 2)`,
        [tenantId, id, invoice.id, paymentId],
      );
      for (const [position, amount] of amounts.entries()) {
        await tx.query(`insert into posting_lines values ($1, $2, $3, 'cash', $4, $5, $6)`, [
          tenantId,
          id,
          position,
          firm.client.id,
          position === 0 ? first : second,
          amount.toString(),
        ]);
      }
    });
    await expect(refused).rejects.toMatchObject({ code: '23514' });
    expect((await system.db.query<{ count: string }>('select count(*) from postings')).rows).toEqual(rows);
  });
});

/** Books what is booked of this kind once more. */
function againSql(kind: string): string {
  return `insert into postings select tenant_id, gen_random_uuid(), kind, invoice_id, payment_id, posted_at, line_count
    from postings where kind = '${kind}'`;
}
