import { topics } from '@paradesk/contracts';
import { ClientEvent } from '@paradesk/contracts/paradesk/identity/events/v1/clients';
import { newId } from '@paradesk/kernel';
import type { StandaloneFile } from '@paradesk/standalone';
import pg from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiCaller, type ApiRequest } from '../api-caller.js';
import { canary } from './canaries.js';

const DAY = { year: 2026, month: 11, day: 20 };
const USD = (amountMinor: string) => ({ amountMinor, currencyCode: 'USD' });

/** The trace that the caller of `issue` began, and the span in which it did. */
export const CALLER = { traceId: 'cafe0123456789abcafe0123456789ab', spanId: '00f067aa0ba902b7' };

/** A system of which the case knows no more than where it is. */
export interface DrivenSystem {
  readonly file: StandaloneFile;
  /** All that its processes have said. */
  readonly output: string;
  databaseUrl(service: string): string;
}

/**
 * One case from the client to the paid invoice. Whatever people write in it is a canary. The mail fails once, for want of somebody to
 * send it to.
 *
 * @returns the id of the client
 */
export async function billWithCanaries(system: DrivenSystem): Promise<string> {
  const { api, keys, mail } = system.file;
  const operations = new ApiCaller(api, keys.operationsManager);
  const billing = new ApiCaller(api, keys.billingManager);
  const client = await operations.post('/v1/clients', {
    code: 'KV',
    name: canary('Client'),
    kind: 'CLIENT_KIND_LAW_FIRM',
    addressLines: [canary('Address')],
  });
  const attorney = await operations.post('/v1/people', {
    firstName: canary('First'),
    lastName: canary('Last'),
    email: `${canary('attorney')}@example.com`,
    role: 'ROLE_ATTORNEY',
    clientId: client.id,
  });
  const matter = await operations.post('/v1/matters', {
    clientId: client.id,
    code: '2026-0700',
    name: canary('Matter'),
    practiceArea: 'PRACTICE_AREA_PROBATE',
    jurisdiction: canary('Jurisdiction'),
    instructions: canary('Instructions'),
    parties: [{ name: canary('Party'), side: 'PARTY_SIDE_REPRESENTED' }],
    supervisingAttorneyId: attorney.id,
  });
  const paralegal = await operations.post('/v1/people', {
    firstName: canary('Para'),
    lastName: canary('Legal'),
    email: `${canary('paralegal')}@example.com`,
    role: 'ROLE_PARALEGAL',
    timekeeperCode: 'KV01',
    timekeeperClassification: 'PARALG',
  });
  await operations.post(`/v1/matters/${matter.id}/assignments`, { personId: paralegal.id, work: canary('Work') });
  await billing.post('/v1/agreements', {
    matterId: matter.id,
    currencyCode: 'USD',
    validFrom: { year: 2026, month: 1, day: 1 },
    paymentTermsDays: 30,
    rates: [{ personId: paralegal.id, hourlyRate: USD('12000') }],
  });
  const { key } = await operations.post<{ key: string }>('/v1/apiKeys', {
    personId: paralegal.id,
    name: canary('Key'),
  });
  const entry = await new ApiCaller(api, key).post('/v1/timeEntries', {
    matterId: matter.id,
    workedOn: DAY,
    minutes: 60,
    narrative: canary('Narrative'),
    taskCode: 'L110',
    activityCode: 'A103',
  });
  const expense = await new ApiCaller(api, key).post('/v1/expenses', {
    matterId: matter.id,
    incurredOn: DAY,
    expenseCode: 'E101',
    units: '3',
    unitCost: '0.15',
    narrative: canary('Expense'),
  });
  const upload = await billing.send({
    method: 'POST',
    path: `/v1/documents?clientId=${client.id}&name=${canary('File')}.txt&folder=${canary('Folder')}`,
    bytes: canary('Content'),
    headers: { 'content-type': 'text/plain' },
  });
  if (upload.status !== 200) throw new Error(`the upload answered ${upload.status}: ${upload.text}`);
  await billing.post('/v1/timeEntries:approve', { timeEntryIds: [entry.id] });
  await billing.post('/v1/expenses:approve', { expenseIds: [expense.id] });
  const invoice = await billing.post('/v1/invoices', {
    clientId: client.id,
    billingStart: { year: 2026, month: 11, day: 1 },
    billingEnd: { year: 2026, month: 11, day: 30 },
  });
  await billing.post(`/v1/invoices/${invoice.id}:approve`, {});
  const traceparent = `00-${CALLER.traceId}-${CALLER.spanId}-01`;
  await billing.post(`/v1/invoices/${invoice.id}:issue`, {}, { traceparent });
  await until('the mail fails', async () => system.output.includes('"reason":"NO_BILLING_CONTACT"'));
  const contact = {
    name: canary('Contact'),
    email: `${canary('contact')}@example.com`,
    purpose: 'CONTACT_PURPOSE_BILLING',
  };
  await operations.post(`/v1/clients/${client.id}/contacts`, contact);
  await until('the mail is there', async () =>
    (await (await fetch(`${mail}/mails.json`)).text()).includes(canary('Contact')),
  );
  await billing.post('/v1/payments', {
    invoiceId: invoice.id,
    amount: USD('100'),
    receivedOn: DAY,
    reference: canary('Reference'),
  });
  return client.id;
}

/** Requests that are refused, with canaries wherever a caller can put text. @returns their statuses */
export async function provokeRefusals({ file: { api, keys } }: DrivenSystem, clientId: string): Promise<number[]> {
  const operations = new ApiCaller(api, keys.operationsManager);
  const json = { 'content-type': 'application/json' };
  const long = canary('Long').repeat(200);
  const client = { code: 'KV', name: canary('Again'), kind: 'CLIENT_KIND_LAW_FIRM', addressLines: [canary('Street')] };
  const requests: ApiRequest[] = [
    { method: 'POST', path: '/v1/clients', json: client },
    { method: 'POST', path: '/v1/clients', json: { ...client, code: long, name: long } },
    { method: 'POST', path: '/v1/clients', json: { ...client, code: 'KW', name: `${canary('Nul')}\u0000` } },
    { method: 'POST', path: '/v1/clients', json: { ...client, [canary('field')]: canary('Value') } },
    { method: 'POST', path: '/v1/clients', json: { ...client, kind: canary('Kind') } },
    { method: 'POST', path: '/v1/clients', bytes: `{"name": "${canary('Broken')}"`, headers: json },
    {
      method: 'POST',
      path: `/v1/clients/${clientId}/contacts`,
      json: { name: canary('No'), email: canary('Address') },
    },
    { method: 'GET', path: `/v1/clients/${canary('Id')}` },
    { method: 'POST', path: '/v1/clients', json: client, headers: { authorization: `Bearer ${keys.paralegal}` } },
    { method: 'GET', path: `/${canary('Path')}?q=${canary('Query')}` },
    { method: 'GET', path: `/v1/clients?${canary('parameter')}=${canary('Value')}` },
    { method: 'GET', path: `/v1/clients?page.token=${canary('Token')}` },
    { method: 'POST', path: '/v1/clients', json: client, headers: { 'idempotency-key': `${canary('Key')} ` + long } },
    { method: 'POST', path: '/v1/clients', json: client, headers: { 'content-type': `text/${canary('type')}` } },
    { method: 'GET', path: '/v1/clients', headers: { authorization: `Bearer ${canary('Secret')}` } },
    { method: 'GET', path: '/v1/clients', headers: { authorization: `Bearer pd_live_${canary('Secret')}` } },
    { method: 'GET', path: `/v1/clients/${newId(Date.now())}`, headers: { traceparent: canary('trace') } },
  ];
  const statuses: number[] = [];
  for (const request of requests) statuses.push((await operations.send(request)).status);
  return statuses;
}

/** A fault of ours, in whose error PostgreSQL quotes the whole row. @returns the status of the answer */
export async function provokeFault(system: DrivenSystem): Promise<number> {
  const { api, keys } = system.file;
  await withDatabase(system.databaseUrl('identity'), (database) =>
    database.query(`alter table clients add constraint no_faults check (name not like '%Fault') not valid`),
  );
  const json = { code: 'KF', name: canary('Fault'), kind: 'CLIENT_KIND_LAW_FIRM', addressLines: [canary('Row')] };
  return (await new ApiCaller(api, keys.operationsManager).send({ method: 'POST', path: '/v1/clients', json })).status;
}

/**
 * Events that consumers cannot take: one whose effect the database refuses, the one behind it, one that is no message, and the client's
 * once more. They are put into identity's outbox, as if it had written them.
 */
export async function provokePoison(system: DrivenSystem, clientId: string): Promise<void> {
  const { tenantId } = system.file;
  const poisoned = newId(Date.now());
  // PostgreSQL takes no character 0.
  const text = `${canary('Poison')}\u0000`;
  const contact = { id: newId(Date.now()), name: text, email: text, purpose: 1 };
  const client = { id: poisoned, code: 'KP', name: text, contacts: [contact] };
  const payload = Buffer.from(
    ClientEvent.encode(ClientEvent.fromPartial({ event: { $case: 'created', value: { client } } })).finish(),
  );
  await withDatabase(system.databaseUrl('identity'), async (database) => {
    const add = `insert into messaging.outbox
      (event_id, tenant_id, topic, aggregate_id, aggregate_version, occurred_at, payload, traceparent, schema_version)
      values ($1, $2, '${topics.clients.name}', $3, $4, now(), $5, $6, 1)`;
    for (const [aggregateId, version, bytes] of [
      [poisoned, 1, payload],
      [poisoned, 2, payload],
      [newId(Date.now()), 1, Buffer.from(canary('Undecodable'))],
    ] as const) {
      await database.query(add, [newId(Date.now()), tenantId, aggregateId, version, bytes, canary('trace')]);
    }
    await database.query('update messaging.outbox set published_at = null where aggregate_id = $1', [clientId]);
    await until('all is published', async () => {
      const { rows } = await database.query('select from messaging.outbox where published_at is null');
      return rows.length === 0;
    });
  });
  await until('the poison is parked', async () => (await parkedReasons(system, 'billing')).length >= 3);
}

/** Reasons of what is parked at a service, and errors of its jobs. */
export async function parkedReasons(system: DrivenSystem, service: string): Promise<string[]> {
  return withDatabase(system.databaseUrl(service), async (database) => {
    const { rows } = await database.query<{ reason: string }>(
      `select reason from messaging.parked_events union all
       select last_error from graphile_worker._private_jobs where last_error is not null`,
    );
    return rows.map(({ reason }) => reason);
  });
}

async function withDatabase<T>(url: string, work: (database: pg.Client) => Promise<T>): Promise<T> {
  const database = new pg.Client(url);
  await database.connect();
  try {
    return await work(database);
  } finally {
    await database.end();
  }
}

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  for (const end = performance.now() + 40_000; performance.now() < end; await sleep(100)) if (await isSo()) return;
  throw new Error(`it has not come about in time that ${what}`);
}
