import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  BillingRunGrouping,
  BillingRunItemStatus as Item,
  BillingRunsServiceService,
  BillingRunStatus as Run,
  type BillingRun,
} from '@paradesk/contracts/paradesk/billing/v1/billing_runs';
import { InvoicesServiceService, InvoiceStatus, type Invoice } from '@paradesk/contracts/paradesk/billing/v1/invoices';
import { LedgerServiceService } from '@paradesk/contracts/paradesk/billing/v1/ledger';
import { ServiceUnderTest } from '@paradesk/testing';
import { billing } from '../src/billing.module.js';
import { aDraft, anAdjustment, anExpense, someTime } from './billed-work.js';
import { aClient, aFirm, aMatter, anAgreement, refusalOf, type Firm } from './builders.js';

let system: ServiceUnderTest;
let firm: Firm;

beforeAll(async () => {
  system = await ServiceUnderTest.start(billing);
});
beforeEach(async () => {
  firm = await aFirm(system);
  await anAgreement(system, firm);
});
afterAll(() => system.stop());

const runs = () => system.client(BillingRunsServiceService, firm.billingManager);
const invoices = () => system.client(InvoicesServiceService, firm.billingManager);
const march = { billingStart: { year: 2026, month: 3, day: 1 }, billingEnd: { year: 2026, month: 3, day: 31 } };

/** Starts a run and lets its jobs be done. */
async function run(request = {}): Promise<BillingRun> {
  const { id } = await runs().startBillingRun({ ...march, ...request });
  await system.drainJobs();
  return runs().getBillingRun({ billingRunId: id });
}

async function issued(billingRunId: string): Promise<BillingRun> {
  await runs().approveBillingRun({ billingRunId });
  await runs().issueBillingRun({ billingRunId });
  await system.drainJobs();
  return runs().getBillingRun({ billingRunId });
}

/** Another client with a matter and an agreement of its own. */
async function anotherAccount(code: string, currencyCode = 'USD'): Promise<Firm> {
  const client = await aClient(system, firm.tenantId, { code });
  const matter = await aMatter(system, client, firm.tenantId, { code: `${code}-1` });
  const other = { ...firm, client, matter };
  await anAgreement(system, other, { matterId: matter.id, currencyCode });
  return other;
}

const counts = ({ counts: all }: BillingRun) =>
  Object.fromEntries(all.map(({ status, accounts }) => [Item[status], accounts]));
const figures = ({ lines, fees, expenses, adjustments, total }: Invoice) => ({
  lines: lines.map(({ id: _id, entryId: _entryId, ...line }) => line),
  fees,
  expenses,
  adjustments,
  total,
});

describe('a billing run', () => {
  it('drafts each client with work in the period, and issues them without a gap', async () => {
    await someTime(system, firm);
    const other = await anotherAccount('BOLT');
    await someTime(system, other, 30);
    const quiet = await anotherAccount('QUIET');
    const drafted = await run();
    expect(drafted).toMatchObject({ status: Run.DRAFTED, dryRun: false });
    expect(counts(drafted)).toEqual({ DRAFTED: 2 });
    expect(drafted.totals).toEqual([{ amountMinor: 15_000n, currencyCode: 'USD' }]);

    const done = await issued(drafted.id);
    expect([done.status, counts(done)]).toEqual([Run.ISSUED, { ISSUED: 2 }]);
    const all = (await invoices().listInvoices({})).invoices;
    expect(all.map(({ number }) => number).sort()).toEqual(['INV-2026-00001', 'INV-2026-00002']);
    expect(all.map(({ clientId }) => clientId)).not.toContain(quiet.client.id);
    const { balances } = await system.client(LedgerServiceService, firm.billingManager).getTrialBalance({});
    expect(balances.reduce((sum, { balance }) => sum + (balance?.amountMinor ?? 0n), 0n)).toBe(0n);
    expect(balances.find(({ balance }) => balance?.amountMinor === 15_000n)).toBeDefined();
  });

  it.each<[string, (of: Firm) => Promise<unknown>]>([
    ['one hour', (of) => someTime(system, of)],
    ['minutes that are rounded', (of) => someTime(system, of, 7)],
    ['time and expenses', async (of) => [await someTime(system, of, 50), await anExpense(system, of, '3', '0.335')]],
    ['a discount', async (of) => [await someTime(system, of, 90), await anAdjustment(system, of, -1_001n)]],
    [
      'more discounts than fees',
      async (of) => [await someTime(system, of, 6), await anAdjustment(system, of, -9_999n)],
    ],
    [
      'work of two days out of order',
      async (of) => [
        await someTime(system, of, 12, { workedOn: { year: 2026, month: 3, day: 2 }, narrative: 'Second' }),
        await someTime(system, of, 12, { workedOn: { year: 2026, month: 3, day: 1 }, narrative: 'First' }),
      ],
    ],
  ])('bills %s as a single invoice does, to the line and the minor unit', async (_name, work) => {
    const single = await anotherAccount('ONE');
    const many = await anotherAccount('MANY');
    await work(single);
    await work(many);
    const draft = await aDraft(system, single);
    const drafted = await run({ clientIds: [many.client.id] });
    const { items } = await runs().listBillingRunItems({ billingRunId: drafted.id });
    const byRun = await invoices().getInvoice({ invoiceId: items[0]!.invoiceId });
    const matterless = ({ lines, ...rest }: ReturnType<typeof figures>) => ({
      ...rest,
      lines: lines.map(({ matterId: _matterId, ...line }) => line),
    });
    expect(matterless(figures(byRun))).toEqual(matterless(figures(draft)));
    expect(items[0]?.total).toEqual(byRun.total);
  });

  it('asked again bills what is new and nothing twice', async () => {
    await someTime(system, firm);
    const first = await run();
    expect(counts(await run())).toEqual({});
    await someTime(system, firm, 6);
    const second = await run();
    expect([counts(first), counts(second)]).toEqual([{ DRAFTED: 1 }, { DRAFTED: 1 }]);
    expect(second.totals).toEqual([{ amountMinor: 1_000n, currencyCode: 'USD' }]);
  });

  it('dry says what it would do, and does nothing', async () => {
    await someTime(system, firm);
    const dry = await run({ dryRun: true });
    expect(counts(dry)).toEqual({ PROPOSED: 1 });
    expect(dry.totals).toEqual([{ amountMinor: 10_000n, currencyCode: 'USD' }]);
    expect((await invoices().listInvoices({})).invoices).toEqual([]);
    expect((await refusalOf(runs().issueBillingRun({ billingRunId: dry.id }))).reason).toBe('RUN_NOT_DRAFTED');
    expect(counts(await run())).toEqual({ DRAFTED: 1 });
  });

  it('makes an invoice of each matter where it is asked to', async () => {
    await someTime(system, firm);
    const matter = await aMatter(system, firm.client, firm.tenantId, { code: 'M-2' });
    await anAgreement(system, firm, { matterId: matter.id });
    await someTime(system, { ...firm, matter }, 30);
    expect(counts(await run({ dryRun: true }))).toEqual({ PROPOSED: 1 });
    const byMatter = await run({ grouping: BillingRunGrouping.MATTER });
    expect(counts(byMatter)).toEqual({ DRAFTED: 2 });
    const { items } = await runs().listBillingRunItems({ billingRunId: byMatter.id });
    expect(new Set(items.map(({ matterId }) => matterId))).toEqual(new Set([firm.matter.id, matter.id]));
  });

  it('parks an account that cannot be billed with its reason, and the others go on', async () => {
    await someTime(system, firm);
    const mixed = await anotherAccount('MIXED');
    await someTime(system, mixed);
    const yen = await aMatter(system, mixed.client, firm.tenantId, { code: 'YEN' });
    await anAgreement(system, mixed, { matterId: yen.id, currencyCode: 'JPY' });
    await someTime(system, { ...mixed, matter: yen });
    const negative = await anotherAccount('CREDIT');
    await anAdjustment(system, negative, -500n);

    const drafted = await run();
    expect(counts(drafted)).toEqual({ DRAFTED: 2, PARKED: 1 });
    const parked = await runs().listBillingRunItems({ billingRunId: drafted.id, status: Item.PARKED });
    expect(parked.items).toMatchObject([{ clientId: mixed.client.id, reason: 'MIXED_CURRENCIES', invoiceId: '' }]);
    const done = await issued(drafted.id);
    expect(counts(done)).toEqual({ ISSUED: 1, PARKED: 2 });
    const { items } = await runs().listBillingRunItems({ billingRunId: drafted.id, status: Item.PARKED });
    expect(items.map(({ reason }) => reason).sort()).toEqual(['INVOICE_NEGATIVE', 'MIXED_CURRENCIES']);
  });

  it('issues only what was approved, and the rest when it is', async () => {
    await someTime(system, firm);
    const other = await anotherAccount('BOLT');
    await someTime(system, other);
    const drafted = await run();
    const { items } = await runs().listBillingRunItems({ billingRunId: drafted.id });
    await invoices().approveInvoice({ invoiceId: items[0]!.invoiceId });
    await runs().issueBillingRun({ billingRunId: drafted.id });
    await system.drainJobs();
    expect(counts(await runs().getBillingRun({ billingRunId: drafted.id }))).toEqual({ ISSUED: 1, DRAFTED: 1 });
    expect(counts(await issued(drafted.id))).toEqual({ ISSUED: 2 });
    const all = (await invoices().listInvoices({})).invoices;
    expect(all.every(({ status }) => status === InvoiceStatus.ISSUED)).toBe(true);
  });

  it('is one at a time: of several started at once one runs, and the others say which', async () => {
    await someTime(system, firm);
    const started = await Promise.allSettled(Array.from({ length: 4 }, () => runs().startBillingRun(march)));
    const [running, ...more] = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    expect(more).toEqual([]);
    for (const one of started) {
      if (one.status === 'rejected')
        expect(one.reason).toMatchObject({ reason: 'RUN_IN_PROGRESS', metadata: { billingRunId: running?.id } });
    }
    await system.drainJobs();
    expect((await invoices().listInvoices({})).invoices).toHaveLength(1);
  });

  it('broken off is gone on with by the next attempt, and ends in the same set', async () => {
    const accounts = [firm];
    for (const code of ['B', 'C', 'D']) accounts.push(await anotherAccount(code));
    for (const account of accounts) await someTime(system, account);
    const { id } = await runs().startBillingRun(march);
    // As a process leaves it that dies after its first accounts: half of the items drafted, the job still there.
    await system.db.query(
      `create function break_off() returns trigger language plpgsql as $$ begin
         if (select count(*) from invoices where tenant_id = new.tenant_id) >= 2 then
           raise exception 'the process dies' using errcode = 'admin_shutdown'; end if; return new; end $$`,
    );
    await system.db.query(
      'create trigger break_off before insert on invoices for each row execute function break_off()',
    );
    await system.drainJobs();
    expect(counts(await runs().getBillingRun({ billingRunId: id }))).toEqual({ WAITING: 4 });
    await system.db.query('drop trigger break_off on invoices');
    await system.db.query('drop function break_off');
    system.clock.advance({ minutes: 5 });
    await system.drainJobs();
    const ended = await runs().getBillingRun({ billingRunId: id });
    expect([ended.status, counts(ended)]).toEqual([Run.DRAFTED, { DRAFTED: 4 }]);
    expect((await invoices().listInvoices({})).invoices).toHaveLength(4);
  });

  it('is stopped by who wants it, and what it drafted stays', async () => {
    await someTime(system, firm);
    const { id } = await runs().startBillingRun(march);
    const cancelled = await runs().cancelBillingRun({ billingRunId: id });
    await system.drainJobs();
    expect([cancelled.status, counts(await runs().getBillingRun({ billingRunId: id }))]).toEqual([
      Run.CANCELLED,
      { WAITING: 1 },
    ]);
    expect(counts(await run())).toEqual({ DRAFTED: 1 });
  });

  it('is watched until it rests', async () => {
    await someTime(system, firm);
    const { id } = await runs().startBillingRun(march);
    const seen: string[] = [];
    for await (const { contentType, data } of runs().watchBillingRun({ billingRunId: id })) {
      if (seen.length === 0) expect(contentType).toBe('application/x-ndjson');
      const line = JSON.parse(Buffer.from(data).toString()) as { status: string };
      seen.push(line.status);
      if (seen.length === 1) await system.drainJobs();
    }
    expect(seen[0]).toBe('BILLING_RUN_STATUS_DRAFTING');
    expect(seen.at(-1)).toBe('BILLING_RUN_STATUS_DRAFTED');
  });

  it('is refused for a period that ends before it begins', async () => {
    const refusal = await refusalOf(
      runs().startBillingRun({ billingStart: march.billingEnd, billingEnd: march.billingStart }),
    );
    expect([refusal.reason, refusal.fields]).toEqual(['BILLING_PERIOD', ['billingEnd']]);
  });
});
