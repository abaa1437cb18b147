import { setTimeout as sleep } from 'node:timers/promises';
import type { IdsByNoun } from './sample-request.js';
import type { SystemUnderTest } from './running-system.js';

/** A tenant with one of everything. */
export interface Case {
  readonly tenantId: string;
  /** An id of each noun that requests name. */
  readonly ids: IdsByNoun;
}

type Item = { id: string };
type Page = Record<string, Item[]>;

/** Brings the demo's first tenant to one of everything: from its matter to an issued, filed, mailed and partly paid invoice. */
export async function makeCase(system: SystemUnderTest): Promise<Case> {
  const { operationsManager, billingManager } = system.system.file.keys;
  const get = async <T>(key: string, path: string): Promise<T> => (await expectOk<T>(system, key, 'GET', path)).body;
  const post = async <T = Item>(path: string, body: unknown): Promise<T> =>
    (await expectOk<T>(system, billingManager, 'POST', path, body)).body;
  const first = async (key: string, path: string, list: string): Promise<Item & Record<string, string>> => {
    const item = (await get<Page>(key, path))[list]?.[0];
    if (!item) throw new Error(`${path} is empty`);
    return item as Item & Record<string, string>;
  };
  const matter = await first(operationsManager, '/v1/matters', 'matters');
  const date = { year: 2026, month: 11, day: 20 };
  const expense = await post('/v1/expenses', {
    matterId: matter.id,
    incurredOn: date,
    expenseCode: 'E101',
    units: '12',
    unitCost: '0.15',
    narrative: 'Copies of the production',
  });
  const adjustment = await post('/v1/adjustments', {
    matterId: matter.id,
    kind: 'ADJUSTMENT_KIND_FEE',
    appliesOn: date,
    amount: { amountMinor: '-500', currencyCode: 'USD' },
    narrative: 'Courtesy discount',
  });
  const entries = (await get<Page>(billingManager, '/v1/timeEntries')).timeEntries!;
  await post('/v1/timeEntries:approve', { timeEntryIds: entries.map((entry) => entry.id) });
  await post('/v1/expenses:approve', { expenseIds: [expense.id] });
  await post('/v1/adjustments:approve', { adjustmentIds: [adjustment.id] });
  const start = { year: 2026, month: 1, day: 1 };
  const end = { year: 2026, month: 12, day: 31 };
  const invoice = await post('/v1/invoices', { clientId: matter.clientId, billingStart: start, billingEnd: end });
  await post(`/v1/invoices/${invoice.id}:approve`, {});
  await post(`/v1/invoices/${invoice.id}:issue`, {});
  const message = await until(
    async () => (await get<Page>(billingManager, `/v1/messages?invoiceId=${invoice.id}`)).messages?.[0],
  );
  const payment = await post('/v1/payments', {
    invoiceId: invoice.id,
    amount: { amountMinor: '100', currencyCode: 'USD' },
    receivedOn: date,
    reference: 'CHECK-1',
  });
  const cent = { amountMinor: '1', currencyCode: 'USD' };
  const writeOff = await post('/v1/writeOffs', { invoiceId: invoice.id, amount: cent, reason: 'Rounding' });
  const document = await first(billingManager, `/v1/documents?clientId=${matter.clientId}`, 'documents');
  const [entry] = entries;
  const person = await first(operationsManager, '/v1/people?role=ROLE_PARALEGAL', 'people');
  const invite = `/v1/people/${person.id}:invite`;
  const invited = await expectOk<{ invitation: Item }>(system, operationsManager, 'POST', invite, {});
  const made = async (path: string, body: unknown): Promise<Item> =>
    (await expectOk<Item>(system, operationsManager, 'POST', path, body)).body;
  const qualification = await made(`/v1/people/${person.id}/qualifications`, {
    kind: 'QUALIFICATION_KIND_CERTIFICATE',
    jurisdiction: matter.jurisdiction,
    issuer: 'Paralegal Institute',
    validFrom: start,
  });
  const wanted = { code: 'office.book_vendor', taskClass: 'TASK_CLASS_SUBSTANTIVE', reason: 'Rule of the state' };
  const reclassification = await made('/v1/reclassifications', wanted);
  const boundaryStatement = await made('/v1/boundaryStatements:publish', {});
  const billed = async (path: string, body: unknown): Promise<Item> =>
    (await expectOk<Item>(system, billingManager, 'POST', path, body)).body;
  // Of long ago, so that nothing of the case is in them.
  const longAgo = { year: 1990, month: 1, day: 1 };
  const periodLock = await billed('/v1/periodLocks', { through: longAgo });
  const billingRun = await billed('/v1/billingRuns', { billingStart: longAgo, billingEnd: longAgo });
  const rate = await billed('/v1/rates', {
    scope: { matterId: matter.id, timekeeperClass: 'PARALG' },
    hourlyRate: { amountMinor: '15000', currencyCode: 'USD' },
    validFrom: longAgo,
    validTo: longAgo,
  });
  const screened = await made('/v1/people', {
    firstName: 'Wanda',
    lastName: 'Wall',
    email: 'wanda.wall@paradesk.example',
    role: 'ROLE_BILLING_MANAGER',
  });
  const wall = await made(`/v1/matters/${matter.id}/walls`, { personId: screened.id, reason: 'Worked for Bayline' });
  const assigned = await get<{ assignments: Item[] }>(operationsManager, `/v1/matters/${matter.id}`);
  const { tenantId } = system.system.file;
  return {
    tenantId,
    ids: new Map([
      ['tenant', tenantId],
      ['client', matter.clientId!],
      ['person', person.id],
      ['invitation', invited.body.invitation.id],
      ['session', (await first(operationsManager, `/v1/sessions?personId=${person.id}`, 'sessions')).id],
      ['supervising_attorney', matter.supervisingAttorneyId!],
      ['attorney', matter.supervisingAttorneyId!],
      ['qualification', qualification.id],
      ['reclassification', reclassification.id],
      ['boundary_statement', boundaryStatement.id],
      ['api_key', (await first(operationsManager, '/v1/apiKeys', 'apiKeys')).id],
      ['matter', matter.id],
      ['assignment', assigned.assignments[0]!.id],
      ['wall', wall.id],
      ['rate', rate.id],
      // Nobody shares the invoice, so nothing has this id.
      ['split', rate.id],
      ['agreement', (await first(billingManager, '/v1/agreements', 'agreements')).id],
      ['time_entry', entry!.id],
      ['entry', entry!.id],
      ['expense', expense.id],
      ['adjustment', adjustment.id],
      ['invoice', invoice.id],
      ['payment', payment.id],
      ['write_off', writeOff.id],
      ['period_lock', periodLock.id],
      ['billing_run', billingRun.id],
      ['approved_person', person.id],
      ['document', document.id],
      ['message', message.id],
      // Of events that are parked; none is.
      ['aggregate', matter.id],
      ['event', invoice.id],
    ]),
  };
}

async function expectOk<T>(
  system: SystemUnderTest,
  key: string,
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; body: T }> {
  const answer = await system.rest<T>(key, method, path, body);
  if (answer.status >= 300)
    throw new Error(`${method} ${path} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  return answer;
}

async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (let waitedMs = 0; waitedMs < 30_000; waitedMs += 100) {
    const found = await look();
    if (found !== undefined) return found;
    await sleep(100);
  }
  throw new Error('it did not come about within 30 s');
}
