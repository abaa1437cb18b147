import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { topics } from '@paradesk/contracts';
import { AgreementsServiceService } from '@paradesk/contracts/paradesk/billing/v1/agreements';
import { InvoicesServiceService, InvoiceStatus } from '@paradesk/contracts/paradesk/billing/v1/invoices';
import { LedgerAccount, LedgerServiceService } from '@paradesk/contracts/paradesk/billing/v1/ledger';
import { TimeEntriesServiceService, WorkStatus } from '@paradesk/contracts/paradesk/billing/v1/time_entries';
import { Role } from '@paradesk/contracts/paradesk/common/v1/rule';
import { newId } from '@paradesk/kernel';
import { Database, Jobs } from '@paradesk/platform';
import { aCaller, ServiceUnderTest } from '@paradesk/testing';
import fc from 'fast-check';
import { billing } from '../src/billing.module.js';
import { fileInvoice } from '../src/invoices/invoice-announcements.js';
import { readLedes1998b } from '../src/ledes/ledes-reader.js';
import {
  aDraft,
  anAdjustment,
  anApprovedInvoice,
  anExpense,
  anIssuedInvoice,
  someTime,
  workday,
} from './billed-work.js';
import { aFirm, aMatter, anAgreement, refusalOf, type Firm } from './builders.js';
import { CaseFile } from './case-file.js';

let system: ServiceUnderTest;
let caseFile: CaseFile;
let firm: Firm;

beforeAll(async () => {
  system = await ServiceUnderTest.start(billing);
  caseFile = new CaseFile(system);
});
afterAll(() => system.stop());
beforeEach(async () => {
  system.clock.set('2026-03-02T15:00:00Z');
  firm = await aFirm(system);
  await anAgreement(system, firm);
});

const invoices = () => system.client(InvoicesServiceService, firm.billingManager);
const ledger = () => system.client(LedgerServiceService, firm.billingManager);
const asService = <T>(sql: string, parameters: unknown[] = []) =>
  system.running.app.get(Database).transaction(firm, (tx) => tx.query<T>(sql, parameters));

describe('drafting', () => {
  it('takes all approved work of the period, by date, and sums up its lines', async () => {
    const later = await someTime(system, firm, 90);
    const earlier = await someTime(system, firm, 60, { workedOn: { ...workday, day: 1 } });
    const expense = await anExpense(system, firm, '25', '0.15');
    const discount = await anAdjustment(system, firm, -1_000n);
    const draft = await aDraft(system, firm);
    expect(draft.lines.map((line) => line.entryId)).toEqual([earlier, later, expense, discount]);
    expect(draft.lines.map((line) => line.amount?.amountMinor)).toEqual([10_000n, 15_000n, 375n, -1_000n]);
    expect(draft.lines.map((line) => [line.units, line.unitCost])).toEqual([
      ['1', '100'],
      ['1.5', '100'],
      ['25', '0.15'],
      ['', ''],
    ]);
    expect(draft).toMatchObject({ number: '', status: InvoiceStatus.DRAFT, version: 0, issuedOn: undefined });
    const figures = [draft.fees, draft.expenses, draft.adjustments, draft.total, draft.balance];
    expect(figures.map((money) => money?.amountMinor)).toEqual([25_000n, 375n, -1_000n, 24_375n, 24_375n]);
    expect(await invoices().getInvoice({ invoiceId: draft.id })).toEqual(draft);
  });

  it('a second time finds nothing to bill, until the draft is discarded', async () => {
    await someTime(system, firm);
    const draft = await aDraft(system, firm);
    expect(await refusalOf(aDraft(system, firm))).toMatchObject({ kind: 'refused', reason: 'NOTHING_TO_BILL' });
    for (let time = 0; time < 2; time++) {
      const discarded = await invoices().discardInvoice({ invoiceId: draft.id });
      expect(discarded.status).toBe(InvoiceStatus.DISCARDED);
    }
    const again = await aDraft(system, firm);
    expect(again.lines.map((line) => line.entryId)).toEqual(draft.lines.map((line) => line.entryId));
    expect(await refusalOf(invoices().approveInvoice({ invoiceId: draft.id }))).toMatchObject({
      reason: 'INVOICE_DISCARDED',
    });
  });

  it('by three at once puts an entry on one invoice', async () => {
    await someTime(system, firm);
    const drafts = await Promise.allSettled([1, 2, 3].map(() => aDraft(system, firm)));
    expect(drafts.filter((draft) => draft.status === 'fulfilled')).toHaveLength(1);
    for (const draft of drafts) {
      if (draft.status === 'rejected') expect(draft.reason).toMatchObject({ reason: 'NOTHING_TO_BILL' });
    }
  });

  it('takes only the entries that are asked for, and says which cannot be billed', async () => {
    const [one, two] = [await someTime(system, firm), await someTime(system, firm)];
    expect((await aDraft(system, firm, [one])).lines.map((line) => line.entryId)).toEqual([one]);
    expect(await refusalOf(aDraft(system, firm, [one]))).toMatchObject({ reason: 'NOTHING_TO_BILL' });
    const refusal = await refusalOf(aDraft(system, firm, [one, two]));
    expect(refusal).toMatchObject({ kind: 'refused', reason: 'NOT_BILLABLE' });
    expect(refusal.message).toContain(one);
    expect(refusal.message).not.toContain(two);
    expect((await aDraft(system, firm, [two.toUpperCase()])).lines).toHaveLength(1);
  });

  it('refuses work in two currencies, a period that ends before it begins, and an unknown client', async () => {
    await someTime(system, firm);
    const matter = await aMatter(system, firm.client, firm.tenantId, { code: 'M-2' });
    await anAgreement(system, { ...firm, matter }, { currencyCode: 'EUR' });
    await someTime(system, { ...firm, matter });
    expect(await refusalOf(aDraft(system, firm))).toMatchObject({ kind: 'refused', reason: 'MIXED_CURRENCIES' });
    const period = { clientId: firm.client.id, billingStart: { ...workday, day: 3 }, billingEnd: workday };
    expect(await refusalOf(invoices().draftInvoice(period))).toMatchObject({
      reason: 'BILLING_PERIOD',
      fields: ['billingEnd'],
    });
    const unknown = { clientId: newId(Date.now()), billingStart: workday, billingEnd: workday };
    expect((await refusalOf(invoices().draftInvoice(unknown))).kind).toBe('not-found');
  });
});

describe('issuing', () => {
  it('numbers, dates, books and announces an approved invoice, and its work is billed', async () => {
    const entry = await someTime(system, firm);
    await anExpense(system, firm, '100', '1');
    const { id } = await anApprovedInvoice(system, firm);
    system.clock.set('2026-04-01T03:30:00Z');
    const issued = await invoices().issueInvoice({ invoiceId: id });
    // In New York it is still the evening of March 31.
    expect(issued).toMatchObject({ number: 'INV-2026-00001', status: InvoiceStatus.ISSUED, version: 1 });
    expect([issued.issuedOn, issued.dueOn]).toEqual([
      { year: 2026, month: 3, day: 31 },
      { year: 2026, month: 4, day: 30 },
    ]);
    const time = system.client(TimeEntriesServiceService, firm.billingManager);
    expect((await time.getTimeEntry({ timeEntryId: entry })).status).toBe(WorkStatus.BILLED);
    const { postings } = await ledger().listPostings({ invoiceId: id });
    expect(postings.map(({ lines }) => lines.map(({ account, amount }) => [account, amount?.amountMinor]))).toEqual([
      [
        [LedgerAccount.RECEIVABLES, 20_000n],
        [LedgerAccount.FEE_INCOME, -10_000n],
        [LedgerAccount.EXPENSE_RECOVERY, -10_000n],
      ],
    ]);
    const [event, ...others] = await eventsOf(id);
    expect(others).toEqual([]);
    expect(event?.event.event).toEqual({ $case: 'issued', value: { invoice: { ...issued, lines: [] } } });
    expect(event?.aggregateVersion).toBe(1);
  });

  it('of one invoice by three at once, and once more, has one effect and four equal answers', async () => {
    await someTime(system, firm);
    const { id } = await anApprovedInvoice(system, firm);
    const answers = await Promise.all([1, 2, 3].map(() => invoices().issueInvoice({ invoiceId: id })));
    answers.push(await invoices().issueInvoice({ invoiceId: id }));
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    expect(answers[0]?.number).toBe('INV-2026-00001');
    expect((await ledger().listPostings({ invoiceId: id })).postings).toHaveLength(1);
    expect(await eventsOf(id)).toHaveLength(1);
  });

  it('of many invoices at once gives numbers without a gap or a double', async () => {
    const ids: string[] = [];
    for (let index = 0; index < 12; index++)
      ids.push((await anApprovedInvoice(system, firm, [await someTime(system, firm)])).id);
    const issued = await Promise.all(ids.map((invoiceId) => invoices().issueInvoice({ invoiceId })));
    const expected = ids.map((_, index) => `INV-2026-${String(index + 1).padStart(5, '0')}`);
    expect(issued.map((invoice) => invoice.number).sort()).toEqual(expected);
  });

  it('that is rolled back leaves no gap, no event and nothing billed', async () => {
    await anIssuedInvoice(system, firm, [await someTime(system, firm)]);
    const entry = await someTime(system, firm);
    const { id } = await anApprovedInvoice(system, firm, [entry]);
    await system.db.query('alter table postings add constraint ledger_is_down check (false) not valid');
    try {
      await expect(invoices().issueInvoice({ invoiceId: id })).rejects.toThrow();
    } finally {
      await system.db.query('alter table postings drop constraint ledger_is_down');
    }
    expect(await invoices().getInvoice({ invoiceId: id })).toMatchObject({
      number: '',
      status: InvoiceStatus.APPROVED,
    });
    expect(await eventsOf(id)).toEqual([]);
    expect((await invoices().issueInvoice({ invoiceId: id })).number).toBe('INV-2026-00002');
  });

  it('begins a new count in a new year of the tenant', async () => {
    const ids = [];
    for (let index = 0; index < 2; index++)
      ids.push((await anApprovedInvoice(system, firm, [await someTime(system, firm)])).id);
    const [first = '', second = ''] = ids;
    system.clock.set('2027-01-01T04:59:59Z');
    expect((await invoices().issueInvoice({ invoiceId: first })).number).toBe('INV-2026-00001');
    system.clock.set('2027-01-01T05:00:00Z');
    expect((await invoices().issueInvoice({ invoiceId: second })).number).toBe('INV-2027-00001');
  });

  it('is due by the shortest terms of its matters', async () => {
    await someTime(system, firm);
    const matter = await aMatter(system, firm.client, firm.tenantId, { code: 'M-2' });
    await anAgreement(system, { ...firm, matter }, { paymentTermsDays: 10 });
    await someTime(system, { ...firm, matter });
    expect((await anIssuedInvoice(system, firm)).dueOn).toEqual({ year: 2026, month: 3, day: 12 });
  });

  it('of an invoice that comes to zero books only what is not zero, and nothing is owed', async () => {
    await someTime(system, firm);
    await anAdjustment(system, firm, -10_000n);
    const issued = await anIssuedInvoice(system, firm);
    expect(issued).toMatchObject({ status: InvoiceStatus.PAID, number: 'INV-2026-00001' });
    expect((await ledger().listPostings({ invoiceId: issued.id })).postings).toEqual([]);
  });

  it('refuses a draft and what comes to less than zero', async () => {
    await someTime(system, firm);
    const draft = await aDraft(system, firm);
    expect(await refusalOf(invoices().issueInvoice({ invoiceId: draft.id }))).toMatchObject({
      kind: 'refused',
      reason: 'INVOICE_NOT_APPROVED',
    });
    const negative = await anApprovedInvoice(system, firm, [await anAdjustment(system, firm, -1n)]);
    expect(await refusalOf(invoices().issueInvoice({ invoiceId: negative.id }))).toMatchObject({
      reason: 'INVOICE_NEGATIVE',
    });
    await someTime(system, firm);
    const issued = await anIssuedInvoice(system, firm);
    expect(await refusalOf(invoices().discardInvoice({ invoiceId: issued.id }))).toMatchObject({
      reason: 'INVOICE_ISSUED',
    });
    expect((await invoices().approveInvoice({ invoiceId: issued.id })).status).toBe(InvoiceStatus.ISSUED);
  });
});

describe('the files of an issued invoice', () => {
  it('are in the case file of its matter, and the same once more when half of them were there', async () => {
    await system.drainJobs();
    await someTime(system, firm);
    const { id, number } = await anIssuedInvoice(system, firm);
    caseFile.failsOnce = '.txt';
    await system.drainJobs();
    expect(await invoices().getInvoice({ invoiceId: id })).toMatchObject({ pdfDocumentId: '', version: 1 });
    system.clock.advance({ minutes: 1 });
    await system.drainJobs();
    const [pdf, samePdf] = caseFile.named(firm.client.id, `${number}.pdf`);
    const [ledes] = caseFile.named(firm.client.id, `${number}.txt`);
    if (!pdf || !samePdf || !ledes) throw new Error('not all files were uploaded');
    expect(samePdf.bytes.equals(pdf.bytes)).toBe(true);
    const place = { clientId: firm.client.id, matterId: firm.matter.id, folder: 'invoices' };
    expect(pdf).toMatchObject({ ...place, contentType: 'application/pdf' });
    expect(ledes).toMatchObject({ ...place, contentType: 'text/plain' });
    expect(pdf.bytes.subarray(0, 5).toString()).toBe('%PDF-');
    const { file } = readLedes1998b(ledes.bytes);
    expect(file?.invoices[0]).toMatchObject({ number: 'INV202600001', totalE4: 1_000_000n, lawFirmId: '24-6437381' });
    expect(ledes.bytes.toString('latin1')).toContain('|PL1|');
    const filed = await invoices().getInvoice({ invoiceId: id });
    expect(filed).toMatchObject({ pdfDocumentId: pdf.documentId, ledesDocumentId: ledes.documentId, version: 2 });
  });

  it('are announced once, though the job runs again', async () => {
    await someTime(system, firm);
    const { id, number } = await anIssuedInvoice(system, firm);
    await system.drainJobs();
    const jobs = system.running.app.get(Jobs);
    await system.running.app.get(Database).transaction(firm, (tx) => jobs.add(tx, fileInvoice, { invoiceId: id }));
    await system.drainJobs();
    expect(caseFile.named(firm.client.id, `${number}.pdf`)).toHaveLength(1);
    const filed = await invoices().getInvoice({ invoiceId: id });
    const events = await eventsOf(id);
    expect(events.map(({ event, aggregateVersion }) => [event.event?.$case, aggregateVersion])).toEqual([
      ['issued', 1],
      ['filed', 2],
    ]);
    expect(events[1]?.event.event?.value.invoice).toEqual({ ...filed, lines: [] });
  });

  it('are the PDF alone where no vendor would take a LEDES file', async () => {
    const matter = await aMatter(system, firm.client, firm.tenantId, { code: 'M-2', clientMatterCode: '' });
    await anAgreement(system, { ...firm, matter });
    await someTime(system, { ...firm, matter });
    const { id } = await anIssuedInvoice(system, firm);
    await system.drainJobs();
    const filed = await invoices().getInvoice({ invoiceId: id });
    expect(filed).toMatchObject({ ledesDocumentId: '', version: 2 });
    expect(filed.pdfDocumentId).not.toBe('');
  });

  it('belong to the client where the invoice is on several matters', async () => {
    const matter = await aMatter(system, firm.client, firm.tenantId, { code: 'M-2' });
    await anAgreement(system, { ...firm, matter });
    await someTime(system, firm);
    await someTime(system, { ...firm, matter });
    const { number } = await anIssuedInvoice(system, firm);
    await system.drainJobs();
    expect(caseFile.named(firm.client.id, `${number}.pdf`)).toMatchObject([{ matterId: '' }]);
  });
});

describe('every figure', () => {
  it('of an invoice is the same on its lines, in the ledger and in its LEDES file', async () => {
    const matter = await aMatter(system, firm.client, firm.tenantId, { code: 'M-2' });
    const hourlyRate = { amountMinor: 13_337n, currencyCode: 'USD' };
    const rates = [{ personId: firm.paralegal.id, hourlyRate }];
    await system.client(AgreementsServiceService, firm.billingManager).createAgreement({
      matterId: matter.id,
      currencyCode: 'USD',
      validFrom: { year: 2026, month: 1, day: 1 },
      timeRounding: { incrementMinutes: 1, mode: 0, enforced: false },
      rates,
    });
    const odd = { ...firm, matter };
    const work = fc.record({
      minutes: fc.array(fc.integer({ min: 1, max: 1440 }), { minLength: 1, maxLength: 4 }),
      units: fc.array(fc.integer({ min: 1, max: 99_999 }), { maxLength: 3 }),
      adjustments: fc.array(fc.integer({ min: 1, max: 5_000 }), { maxLength: 2 }),
    });
    const check = async ({
      minutes,
      units,
      adjustments,
    }: {
      minutes: number[];
      units: number[];
      adjustments: number[];
    }) => {
      const ids: string[] = [];
      for (const time of minutes) ids.push(await someTime(system, odd, time));
      for (const unit of units) ids.push(await anExpense(system, odd, `${unit / 100}`, '0.1275'));
      for (const amount of adjustments) ids.push(await anAdjustment(system, odd, BigInt(amount)));
      const invoice = await anIssuedInvoice(system, odd, ids);
      await system.drainJobs();
      const total = invoice.total?.amountMinor;
      expect(invoice.lines.reduce((sum, line) => sum + (line.amount?.amountMinor ?? 0n), 0n)).toBe(total);
      const { postings } = await ledger().listPostings({ invoiceId: invoice.id });
      const lines = postings.flatMap((posting) => posting.lines);
      expect(lines.find((line) => line.account === LedgerAccount.RECEIVABLES)?.amount?.amountMinor).toBe(total);
      expect(lines.reduce((sum, line) => sum + (line.amount?.amountMinor ?? 0n), 0n)).toBe(0n);
      const written = caseFile.named(firm.client.id, `${invoice.number}.txt`).at(-1);
      expect(readLedes1998b(written?.bytes ?? Buffer.alloc(0)).file?.invoices[0]?.totalE4).toBe((total ?? 0n) * 100n);
    };
    await fc.assert(fc.asyncProperty(work, check), { numRuns: 8 });
    expect((await ledger().getTrialBalance({})).balanced).toBe(true);
  });
});

describe('an issued invoice', () => {
  it.each([
    ['its total', `update invoices set total_minor = total_minor + 1, fees_minor = fees_minor + 1`],
    ['its number', `update invoices set number = 'INV-1'`],
    ['its due date', `update invoices set due_on = due_on + 1`],
    ['its status, back to a draft', `update invoices set status = 'draft'`],
    ['itself away', `delete from invoices`],
    ['the amount of a line', `update invoice_lines set amount_minor = 1`],
    ['the narrative of a line', `update invoice_lines set narrative = 'Nothing'`],
    ['a line free', `update invoice_lines set live = false`],
    ['a line away', `delete from invoice_lines`],
    [
      'a line more',
      `insert into invoice_lines select tenant_id, gen_random_uuid(), invoice_id, position + 1, kind, gen_random_uuid(), matter_id,
         date, person_id, narrative, task_code, activity_code, expense_code, units, unit_cost, 0, 0, live from invoice_lines`,
    ],
  ])('does not let the service change %s', async (_name, sql) => {
    await someTime(system, firm);
    const issued = await anIssuedInvoice(system, firm);
    await expect(asService(sql)).rejects.toMatchObject({ code: expect.stringMatching(/^(23001|23514)$/) });
    expect(await invoices().getInvoice({ invoiceId: issued.id })).toEqual(issued);
  });
});

describe('invoices', () => {
  it('are listed the newest first, by page, client and status', async () => {
    const ids: string[] = [];
    for (let index = 0; index < 3; index++)
      ids.unshift((await aDraft(system, firm, [await someTime(system, firm)])).id);
    const first = await invoices().listInvoices({ page: { size: 2, token: '' } });
    const second = await invoices().listInvoices({ page: { size: 2, token: first.page?.nextToken ?? '' } });
    expect([...first.invoices, ...second.invoices].map((invoice) => invoice.id)).toEqual(ids);
    expect(first.invoices[0]?.lines).toEqual([]);
    expect(second.page?.nextToken).toBe('');
    const [newest = ''] = ids;
    await invoices().approveInvoice({ invoiceId: newest });
    const approved = await invoices().listInvoices({ clientId: firm.client.id, status: InvoiceStatus.APPROVED });
    expect(approved.invoices.map((invoice) => invoice.id)).toEqual([newest]);
    expect((await invoices().listInvoices({ clientId: newId(Date.now()) })).invoices).toEqual([]);
    const token = Buffer.from('1:nonsense').toString('base64url');
    expect(await refusalOf(invoices().listInvoices({ page: { size: 2, token } }))).toMatchObject({
      reason: 'PAGE_TOKEN',
    });
  });

  it('of another tenant are not there, and a paralegal may not see any', async () => {
    await someTime(system, firm);
    const { id: invoiceId } = await anApprovedInvoice(system, firm);
    const stranger = await aFirm(system);
    const strange = system.client(InvoicesServiceService, stranger.billingManager);
    for (const call of [strange.getInvoice, strange.issueInvoice, strange.approveInvoice, strange.discardInvoice]) {
      expect(await refusalOf(call({ invoiceId }))).toMatchObject({ kind: 'not-found', reason: 'INVOICE_NOT_FOUND' });
    }
    expect((await strange.listInvoices({})).invoices).toEqual([]);
    const paralegal = system.client(InvoicesServiceService, firm.asParalegal);
    expect((await refusalOf(paralegal.getInvoice({ invoiceId }))).kind).toBe('forbidden');
    const operations = system.client(InvoicesServiceService, aCaller({ ...firm, role: Role.OPERATIONS_MANAGER }));
    expect((await operations.getInvoice({ invoiceId })).id).toBe(invoiceId);
    expect((await refusalOf(operations.issueInvoice({ invoiceId }))).kind).toBe('forbidden');
  });
});

async function eventsOf(invoiceId: string) {
  const events = await system.published(topics.invoices);
  return events.filter((event) => event.aggregateId === invoiceId);
}
