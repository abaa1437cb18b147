import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readLedes1998b } from '@paradesk/billing';
import pg from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiCaller } from './api-caller.js';
import { SystemUnderTest } from './running-system.js';

interface Money {
  readonly amountMinor: string;
  readonly currencyCode: string;
}

interface Invoice {
  readonly id: string;
  readonly number: string;
  readonly status: string;
  readonly total: Money;
  readonly balance: Money;
  readonly lines: readonly unknown[];
  readonly pdfDocumentId: string;
  readonly ledesDocumentId: string;
}

interface Mail {
  readonly id: string;
  readonly to: string;
  readonly subject: string;
  readonly attachments: readonly { readonly filename: string; readonly contentType: string }[];
}

const DAY = { year: 2026, month: 11, day: 20 };
const MONTH = { billingStart: { year: 2026, month: 11, day: 1 }, billingEnd: { year: 2026, month: 11, day: 30 } };
const USD = (amountMinor: string): Money => ({ amountMinor, currencyCode: 'USD' });

describe('a matter from its intake to the payment', () => {
  let system: SystemUnderTest;
  let operations: ApiCaller;
  let billing: ApiCaller;
  let paralegal: ApiCaller;
  const found = { clientId: '', attorneyId: '', matterId: '', personId: '', timeEntryId: '', expenseId: '' };
  let invoice: Invoice;

  const invoiceNow = () => billing.get<Invoice>(`/v1/invoices/${invoice.id}`);

  beforeAll(async () => {
    system = await SystemUnderTest.start();
    const { api, keys } = system.system.file;
    operations = new ApiCaller(api, keys.operationsManager);
    billing = new ApiCaller(api, keys.billingManager);
  });
  afterAll(() => system.stop());

  it('begins with a client, its billing contact, its attorney and a matter', async () => {
    const client = {
      code: 'CEDAR',
      name: 'Cedar & Wren LLP',
      kind: 'CLIENT_KIND_LAW_FIRM',
      addressLines: ['4 Mill Road', 'Salem, OR 97301'],
    };
    found.clientId = (await operations.post('/v1/clients', client)).id;
    const contact = { name: 'Accounts Payable', email: 'ap@cedarwren.example', purpose: 'CONTACT_PURPOSE_BILLING' };
    await operations.post(`/v1/clients/${found.clientId}/contacts`, contact);
    const attorney = {
      firstName: 'Ada',
      lastName: 'Wren',
      email: 'ada@cedarwren.example',
      role: 'ROLE_ATTORNEY',
      clientId: found.clientId,
    };
    found.attorneyId = (await operations.post('/v1/people', attorney)).id;
    const intake = {
      clientId: found.clientId,
      code: '2026-0500',
      clientMatterCode: 'CW-12',
      name: 'Estate of Lindqvist',
      practiceArea: 'PRACTICE_AREA_PROBATE',
      jurisdiction: 'Marion County, Oregon',
      instructions: 'Inventory of the estate.',
      parties: [{ name: 'Maja Lindqvist', side: 'PARTY_SIDE_REPRESENTED' }],
      supervisingAttorneyId: found.attorneyId,
    };
    const matter = await operations.post<{ id: string; supervisingAttorneyId: string }>('/v1/matters', intake);
    expect(matter.supervisingAttorneyId).toBe(found.attorneyId);
    found.matterId = matter.id;
  });

  it('gets a paralegal, with a key of her own, and an agreement', async () => {
    const person = {
      firstName: 'Vera',
      lastName: 'Holt',
      email: 'vera@harbor.example',
      role: 'ROLE_PARALEGAL',
      timekeeperCode: 'VH01',
      timekeeperClassification: 'PARALG',
    };
    found.personId = (await operations.post('/v1/people', person)).id;
    const { key } = await operations.post<{ key: string }>('/v1/apiKeys', {
      personId: found.personId,
      name: 'journey',
    });
    paralegal = new ApiCaller(system.system.file.api, key);
    const assignment = { personId: found.personId, work: 'Inventory of the estate' };
    const { assignments } = await operations.post<{ assignments: { personId: string }[] }>(
      `/v1/matters/${found.matterId}/assignments`,
      assignment,
    );
    expect(assignments.map((one) => one.personId)).toEqual([found.personId]);
    await billing.post('/v1/agreements', {
      matterId: found.matterId,
      currencyCode: 'USD',
      validFrom: { year: 2026, month: 1, day: 1 },
      paymentTermsDays: 30,
      rates: [{ personId: found.personId, hourlyRate: USD('12000') }],
    });
  });

  it('is worked on: time by the paralegal herself, rounded up to tenths, and an expense', async () => {
    const work = {
      matterId: found.matterId,
      workedOn: DAY,
      minutes: 95,
      narrative: 'Draft inventory of the household',
      taskCode: 'L110',
      activityCode: 'A103',
    };
    const entry = await paralegal.post<{ id: string; personId: string; hours: string; amount: Money }>(
      '/v1/timeEntries',
      work,
    );
    expect(entry).toMatchObject({ personId: found.personId, hours: '1.6', amount: USD('19200') });
    found.timeEntryId = entry.id;
    const copies = {
      matterId: found.matterId,
      incurredOn: DAY,
      expenseCode: 'E101',
      units: '31',
      unitCost: '0.15',
      narrative: 'Copies of the deeds',
    };
    const expense = await paralegal.post<{ id: string; amount: Money }>('/v1/expenses', copies);
    expect(expense.amount).toEqual(USD('465'));
    found.expenseId = expense.id;
  });

  it('is billed: approved, drafted, approved, issued with a number', async () => {
    const early = await billing.send<{ reason: string }>({
      method: 'POST',
      path: '/v1/invoices',
      json: { clientId: found.clientId, ...MONTH },
    });
    expect([early.status, early.body.reason]).toEqual([422, 'NOTHING_TO_BILL']);
    await billing.post('/v1/timeEntries:approve', { timeEntryIds: [found.timeEntryId] });
    await billing.post('/v1/expenses:approve', { expenseIds: [found.expenseId] });
    invoice = await billing.post<Invoice>('/v1/invoices', { clientId: found.clientId, ...MONTH });
    expect(invoice).toMatchObject({ number: '', status: 'INVOICE_STATUS_DRAFT', total: USD('19665') });
    await billing.post(`/v1/invoices/${invoice.id}:approve`, {});
    invoice = await billing.post<Invoice>(`/v1/invoices/${invoice.id}:issue`, {});
    expect(invoice.status).toBe('INVOICE_STATUS_ISSUED');
    expect(invoice.number).toMatch(/\d+$/);
  });

  it('has its PDF and its LEDES file in the case file', async () => {
    const filed = await until(async () => {
      const now = await invoiceNow();
      return now.pdfDocumentId && now.ledesDocumentId ? now : undefined;
    });
    const documents = await billing.all<{ id: string; name: string }>(
      `/v1/documents?clientId=${found.clientId}`,
      'documents',
    );
    expect(documents.map(({ id }) => id).sort()).toEqual([filed.pdfDocumentId, filed.ledesDocumentId].sort());
    const pdf = await billing.download(`/v1/documents/${filed.pdfDocumentId}/content`);
    expect(Buffer.from(pdf.subarray(0, 4)).toString()).toBe('%PDF');
    const fileName = documents.find(({ id }) => id === filed.ledesDocumentId)?.name;
    const bytes = await billing.download(`/v1/documents/${filed.ledesDocumentId}/content`);
    const { file, findings } = readLedes1998b(bytes, { fileName, minorDigits: 2 });
    expect(findings.filter(({ severity }) => severity === 'reject')).toEqual([]);
    expect(file?.invoices.map(({ number, totalE4 }) => [number, totalE4])).toEqual([
      [filed.number.replaceAll('-', ''), 1_966_500n],
    ]);
  });

  it('is mailed once to the billing contact, with the PDF', async () => {
    const { mail } = system.system.file;
    const mailsAbout = async () => {
      const mails = (await (await fetch(`${mail}/mails.json`)).json()) as Mail[];
      return mails.filter((one) => one.subject.includes(invoice.number));
    };
    await until(async () => ((await mailsAbout()).length > 0 ? true : undefined));
    await until(async () => {
      const [message] = await billing.all<{ status: string }>(`/v1/messages?invoiceId=${invoice.id}`, 'messages');
      return message?.status === 'MESSAGE_STATUS_SENT' ? true : undefined;
    });
    const [sent, ...others] = await mailsAbout();
    expect(others).toEqual([]);
    expect(sent?.to).toContain('ap@cedarwren.example');
    const at = sent!.attachments.findIndex(({ contentType }) => contentType === 'application/pdf');
    const attached = await (await fetch(`${mail}/mails/${sent!.id}/attachments/${at}`)).arrayBuffer();
    const { pdfDocumentId } = await invoiceNow();
    expect(
      Buffer.from(attached).equals(Buffer.from(await billing.download(`/v1/documents/${pdfDocumentId}/content`))),
    ).toBe(true);
  });

  it('is paid in full, once, whatever the bank tells twice', async () => {
    const payment = { invoiceId: invoice.id, amount: invoice.total, receivedOn: DAY, reference: 'WIRE-77' };
    const first = await billing.post('/v1/payments', payment);
    expect((await billing.post('/v1/payments', payment)).id).toBe(first.id);
    expect(await invoiceNow()).toMatchObject({ status: 'INVOICE_STATUS_PAID', balance: USD('0') });
  });

  it('leaves a ledger that balances, with the issue and the payment in it', async () => {
    const { balanced, balances } = await billing.get<{
      balanced: boolean;
      balances: { account: string; balance: Money }[];
    }>('/v1/ledger/trialBalance');
    expect(balanced).toBe(true);
    const byAccount = Object.fromEntries(
      balances.map(({ account, balance }) => [account.replace('LEDGER_ACCOUNT_', ''), balance.amountMinor]),
    );
    expect(byAccount).toEqual({ RECEIVABLES: '0', FEE_INCOME: '-19200', EXPENSE_RECOVERY: '-465', CASH: '19665' });
    const postings = await billing.all<{ kind: string }>(`/v1/ledger/postings?invoiceId=${invoice.id}`, 'postings');
    expect(postings.map(({ kind }) => kind)).toEqual(['POSTING_KIND_INVOICE_ISSUED', 'POSTING_KIND_PAYMENT_RECEIVED']);
  });

  describe('and more invoices', () => {
    it('issued by three at once has one number, one posting and one mail', async () => {
      const id = await approvedInvoice();
      const issued = await Promise.all([1, 2, 3].map(() => billing.post<Invoice>(`/v1/invoices/${id}:issue`, {})));
      expect(new Set(issued.map(({ number }) => number)).size).toBe(1);
      expect(sequenceOf(issued[0]!)).toBe(sequenceOf(invoice) + 1);
      expect((await billing.all(`/v1/ledger/postings?invoiceId=${id}`, 'postings')).length).toBe(1);
    });

    it('issued at the same time have consecutive numbers', async () => {
      const ids = [await approvedInvoice(), await approvedInvoice(), await approvedInvoice()];
      const issued = await Promise.all(ids.map((id) => billing.post<Invoice>(`/v1/invoices/${id}:issue`, {})));
      const sequences = issued.map(sequenceOf).sort((one, other) => one - other);
      expect(sequences).toEqual([2, 3, 4].map((step) => sequenceOf(invoice) + step));
    });

    it('are told of under the trace that the caller began', async () => {
      const id = await approvedInvoice();
      const traceId = 'ab'.repeat(16);
      await billing.post(`/v1/invoices/${id}:issue`, {}, { traceparent: `00-${traceId}-00f067aa0ba902b7-01` });
      const url = new URL(system.system.databaseUrl);
      url.pathname = '/paradesk_billing';
      const client = new pg.Client(url.href);
      await client.connect();
      try {
        const { rows } = await client.query<{ traceparent: string }>(
          'select traceparent from messaging.outbox where aggregate_id = $1 order by aggregate_version',
          [id],
        );
        expect(rows[0]?.traceparent.split('-')[1]).toBe(traceId);
      } finally {
        await client.end();
      }
    });

    it('were mailed once each', async () => {
      const issued = (await billing.all<Invoice>(`/v1/invoices?clientId=${found.clientId}`, 'invoices')).map(
        ({ number }) => number,
      );
      expect(issued.length).toBe(6);
      const subjects = async () =>
        ((await (await fetch(`${system.system.file.mail}/mails.json`)).json()) as Mail[]).map(({ subject }) => subject);
      await until(async () => {
        const sent = await subjects();
        return issued.every((number) => sent.some((subject) => subject.includes(number))) ? true : undefined;
      });
      const sent = await subjects();
      for (const number of issued) expect(sent.filter((subject) => subject.includes(number)).length).toBe(1);
    });

    async function approvedInvoice(): Promise<string> {
      const copies = {
        matterId: found.matterId,
        incurredOn: DAY,
        expenseCode: 'E101',
        units: '4',
        unitCost: '0.25',
        narrative: 'Copies',
      };
      const expense = await paralegal.post('/v1/expenses', copies);
      await billing.post('/v1/expenses:approve', { expenseIds: [expense.id] });
      const { id } = await billing.post<Invoice>('/v1/invoices', {
        clientId: found.clientId,
        ...MONTH,
        entryIds: [expense.id],
      });
      await billing.post(`/v1/invoices/${id}:approve`, {});
      return id;
    }
  });
});

function sequenceOf({ number }: Invoice): number {
  return Number(/\d+$/.exec(number)?.[0]);
}

async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (let waitedMs = 0; waitedMs < 30_000; waitedMs += 100) {
    const seen = await look();
    if (seen !== undefined) return seen;
    await sleep(100);
  }
  throw new Error('it did not come about within 30 s');
}
