import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '@paradesk/kernel';
import { ApiCaller, type ApiAnswer, type ApiRequest, type ProblemBody } from './api-caller.js';
import { makeCase, type Case } from './one-case.js';
import { SystemUnderTest } from './running-system.js';

/** Everything that refusals are about, for the tables below. */
interface Scene {
  readonly firm: Case;
  readonly matterId: string;
  readonly personId: string;
  readonly clientCode: string;
}

type BadRequest = (scene: Scene) => Omit<ApiRequest, 'method'> & { method?: string };

const TOO_MUCH = 10 * 1024 * 1024 + 1;
const DAY = { year: 2026, month: 11, day: 20 };
const CSV_HEADER = 'kind,client,matter,timekeeper,date,minutes,task,activity,expense,units,unit_cost,narrative';
const LEDES_HEADER = `LEDES1998B[]\r\nINVOICE_DATE|INVOICE_NUMBER|CLIENT_ID|LAW_FIRM_MATTER_ID|INVOICE_TOTAL|BILLING_START_DATE|BILLING_END_DATE|INVOICE_DESCRIPTION|LINE_ITEM_NUMBER|EXP/FEE/INV_ADJ_TYPE|LINE_ITEM_NUMBER_OF_UNITS|LINE_ITEM_ADJUSTMENT_AMOUNT|LINE_ITEM_TOTAL|LINE_ITEM_DATE|LINE_ITEM_TASK_CODE|LINE_ITEM_EXPENSE_CODE|LINE_ITEM_ACTIVITY_CODE|TIMEKEEPER_ID|LINE_ITEM_DESCRIPTION|LAW_FIRM_ID|LINE_ITEM_UNIT_COST|TIMEKEEPER_NAME|TIMEKEEPER_CLASSIFICATION|CLIENT_MATTER_ID[]`;

let system: SystemUnderTest;
let scene: Scene;
let billing: ApiCaller;
let operations: ApiCaller;
let secondBilling: ApiCaller;
let secondOperations: ApiCaller;

beforeAll(async () => {
  system = await SystemUnderTest.start();
  const { api, keys } = system.system.file;
  billing = new ApiCaller(api, keys.billingManager);
  operations = new ApiCaller(api, keys.operationsManager);
  secondBilling = new ApiCaller(api, keys.secondTenantBillingManager);
  secondOperations = new ApiCaller(api, keys.secondTenantOperationsManager);
  const firm = await makeCase(system);
  const client = await billing.get<{ code: string }>(`/v1/clients/${firm.ids.get('client')}`);
  scene = { firm, matterId: firm.ids.get('matter')!, personId: firm.ids.get('person')!, clientCode: client.code };
});
afterAll(() => system.stop());

const time =
  (changed: Record<string, unknown> = {}): BadRequest =>
  ({ matterId, personId }) => ({
    path: '/v1/timeEntries',
    json: { matterId, personId, workedOn: DAY, minutes: 30, narrative: 'Review of the record', ...changed },
  });
const expense =
  (changed: Record<string, unknown> = {}): BadRequest =>
  ({ matterId }) => ({
    path: '/v1/expenses',
    json: {
      matterId,
      incurredOn: DAY,
      expenseCode: 'E101',
      units: '2',
      unitCost: '0.25',
      narrative: 'Copies',
      ...changed,
    },
  });
const agreement =
  (changed: Record<string, unknown> = {}): BadRequest =>
  ({ matterId }) => ({
    path: '/v1/agreements',
    json: { matterId, currencyCode: 'USD', validFrom: { year: 2031, month: 1, day: 1 }, ...changed },
  });
const payment =
  (amount: unknown): BadRequest =>
  ({ firm }) => ({
    path: '/v1/payments',
    json: { invoiceId: firm.ids.get('invoice'), amount, receivedOn: DAY, reference: 'CHECK-2' },
  });
const adjustment =
  (amount: unknown): BadRequest =>
  ({ matterId }) => ({
    path: '/v1/adjustments',
    json: { matterId, kind: 'ADJUSTMENT_KIND_FEE', appliesOn: DAY, amount, narrative: 'Premium' },
  });
const draft =
  (changed: Record<string, unknown>): BadRequest =>
  ({ firm }) => ({
    path: '/v1/invoices',
    json: { clientId: firm.ids.get('client'), billingStart: DAY, billingEnd: DAY, ...changed },
  });
const text =
  (path: string, bytes: string | Uint8Array<ArrayBuffer>, type = 'text/csv'): BadRequest =>
  () => ({ path, bytes, headers: { 'content-type': type } });
const json = (path: string, bytes: string | Uint8Array<ArrayBuffer>): BadRequest =>
  text(path, bytes, 'application/json');

describe('bad input is refused and named', () => {
  it.each<[string, number, string, string, BadRequest]>([
    ['an unknown field', 400, 'INVALID_ARGUMENT', 'colour', time({ colour: 'red' })],
    [
      'an unknown field inside a field',
      400,
      'INVALID_ARGUMENT',
      'workedOn.hour',
      time({ workedOn: { ...DAY, hour: 3 } }),
    ],
    ['an unknown field inside a list', 400, 'INVALID_ARGUMENT', 'rates[0].cents', agreement({ rates: [{ cents: 1 }] })],
    ['a field by its name in the contracts', 400, 'INVALID_ARGUMENT', 'matter_id', time({ matter_id: newId(0) })],
    [
      'an unknown parameter',
      400,
      'INVALID_ARGUMENT',
      'colour',
      () => ({ method: 'GET', path: '/v1/timeEntries?colour=red' }),
    ],
    [
      'a parameter given twice',
      400,
      'INVALID_ARGUMENT',
      'status',
      () => ({ method: 'GET', path: '/v1/timeEntries?status=1&status=2' }),
    ],
    ['a text for a number', 400, 'INVALID_ARGUMENT', 'minutes', time({ minutes: 'many' })],
    ['a fraction for a whole number', 400, 'INVALID_ARGUMENT', 'minutes', time({ minutes: 7.5 })],
    ['a number for a text', 400, 'INVALID_ARGUMENT', 'narrative', time({ narrative: 7 })],
    ['a text for a date', 400, 'INVALID_ARGUMENT', 'workedOn', time({ workedOn: '2026-11-20' })],
    ['one item for a list', 400, 'INVALID_ARGUMENT', 'rates', agreement({ rates: {} })],
    [
      'an enum of no such value',
      400,
      'INVALID_ARGUMENT',
      'status',
      () => ({ method: 'GET', path: '/v1/timeEntries?status=WORK_STATUS_LOST' }),
    ],
    ['no id', 400, 'INVALID_ARGUMENT', 'matterId', time({ matterId: 'the first one' })],
    ['no id in the path', 400, 'INVALID_ARGUMENT', 'invoiceId', () => ({ method: 'GET', path: '/v1/invoices/first' })],
    ['a field that must be given', 400, 'INVALID_ARGUMENT', 'narrative', time({ narrative: '  ' })],
    ['a text that is too long', 400, 'INVALID_ARGUMENT', 'narrative', time({ narrative: 'x'.repeat(4001) })],
    ['no Unicode', 400, 'INVALID_ARGUMENT', 'narrative', time({ narrative: '\ud800' })],
    ['a page token of no list', 400, '', 'page.token', () => ({ method: 'GET', path: '/v1/timeEntries?page.token=x' })],
    [
      'a page that is too large',
      400,
      '',
      'page.size',
      () => ({ method: 'GET', path: '/v1/timeEntries?page.size=100000' }),
    ],
    ['negative minutes', 400, 'INVALID_ARGUMENT', 'minutes', time({ minutes: -30 })],
    ['more minutes than a day has', 400, 'INVALID_ARGUMENT', 'minutes', time({ minutes: 1441 })],
    ['negative units', 400, '', 'units', expense({ units: '-1' })],
    ['a negative price', 400, '', 'unitCost', expense({ unitCost: '-0.25' })],
    ['a number of five decimals', 400, 'INVALID_ARGUMENT', 'units', expense({ units: '1.00001' })],
    [
      'an amount that no LEDES line can state',
      400,
      'OUT_OF_RANGE',
      'amount',
      expense({ units: '1000000', unitCost: '1000000' }),
    ],
    [
      'an adjustment that no LEDES line can state',
      400,
      'OUT_OF_RANGE',
      'amount',
      adjustment({ amountMinor: '9000000000000000', currencyCode: 'USD' }),
    ],
    ['a negative payment', 400, '', 'amount', payment({ amountMinor: '-100', currencyCode: 'USD' })],
    [
      'an amount beyond 64 bits',
      400,
      'INVALID_ARGUMENT',
      'amount.amountMinor',
      payment({ amountMinor: '99999999999999999999', currencyCode: 'USD' }),
    ],
    ['an unknown currency', 400, 'INVALID_ARGUMENT', 'currencyCode', agreement({ currencyCode: 'XQQ' })],
    ['a currency in lower case', 400, 'INVALID_ARGUMENT', 'currencyCode', agreement({ currencyCode: 'usd' })],
    ['an unknown currency of an amount', 400, '', 'amount', payment({ amountMinor: '1', currencyCode: 'XQQ' })],
    [
      'an unknown currency of a file',
      400,
      'INVALID_ARGUMENT',
      'currencyCode',
      text('/v1/imports/ledes?currencyCode=XQQ', 'x'),
    ],
    ['the 30th of February', 400, '', 'workedOn', time({ workedOn: { year: 2026, month: 2, day: 30 } })],
    ['the 13th month', 400, '', 'incurredOn', expense({ incurredOn: { year: 2026, month: 13, day: 1 } })],
    [
      'the 29th of February of a common year',
      400,
      '',
      'validFrom',
      agreement({ validFrom: { year: 2027, month: 2, day: 29 } }),
    ],
    ['an empty date', 400, '', 'billingEnd', draft({ billingEnd: {} })],
    ['a period that ends before it begins', 400, '', 'billingEnd', draft({ billingEnd: { ...DAY, day: 19 } })],
    ['a body that is no JSON', 400, 'MALFORMED_JSON', '', json('/v1/timeEntries', '{"minutes":')],
    ['a list for a body', 400, 'MALFORMED_JSON', '', json('/v1/timeEntries', '[]')],
    ['a body that is no UTF-8', 400, 'BODY_NOT_UTF8', '', json('/v1/timeEntries', new Uint8Array([0x7b, 0xff, 0x7d]))],
    [
      'a parameter that is no UTF-8',
      400,
      'INVALID_ARGUMENT',
      'folder',
      () => ({ method: 'GET', path: '/v1/documents?folder=%ff' }),
    ],
    ['a path that is no UTF-8', 400, 'MALFORMED_REQUEST', '', () => ({ method: 'GET', path: '/v1/invoices/%ff' })],
    [
      'a body of another type',
      415,
      'UNSUPPORTED_MEDIA_TYPE',
      '',
      text('/v1/timeEntries', '<minutes/>', 'application/xml'),
    ],
    ['a JSON body of more than 10 MB', 413, 'BODY_TOO_LARGE', '', json('/v1/timeEntries', ' '.repeat(TOO_MUCH))],
    ['a CSV file of more than 10 MB', 413, 'BODY_TOO_LARGE', '', text('/v1/imports/csv', 'x'.repeat(TOO_MUCH))],
    ['a LEDES file of more than 10 MB', 413, 'BODY_TOO_LARGE', '', text('/v1/imports/ledes', 'x'.repeat(TOO_MUCH))],
    [
      'a CSV file that is no UTF-8',
      400,
      'NOT_UTF8',
      'file.data',
      text('/v1/imports/csv', new Uint8Array([0x6b, 0xff])),
    ],
    ['an empty CSV file', 400, 'CSV_REFUSED', 'line 1', text('/v1/imports/csv', 'kind\n')],
    [
      'a CSV file whose quotes do not match',
      400,
      'CSV_REFUSED',
      'line 2',
      text('/v1/imports/csv', `${CSV_HEADER}\n"time,ALDER`),
    ],
    ['a LEDES file that is none', 400, 'LEDES_REFUSED', 'line 1', text('/v1/imports/ledes', 'x')],
    [
      'an idempotency key with a blank',
      400,
      'IDEMPOTENCY_KEY',
      'Idempotency-Key',
      (own) => ({ ...time()(own), headers: { 'idempotency-key': 'a b' } }),
    ],
    [
      'an idempotency key without end',
      400,
      'IDEMPOTENCY_KEY',
      'Idempotency-Key',
      (own) => ({ ...time()(own), headers: { 'idempotency-key': 'k'.repeat(256) } }),
    ],
    ['a path of nothing', 404, 'ROUTE_NOT_FOUND', '', () => ({ method: 'GET', path: '/v1/nothing' })],
    ['another verb', 405, 'METHOD_NOT_ALLOWED', '', () => ({ method: 'DELETE', path: '/v1/timeEntries' })],
    ['the id of nothing', 404, '', '', () => ({ method: 'GET', path: `/v1/invoices/${newId(0)}` })],
  ])('%s', async (_name, status, reason, field, bad) => {
    const before = await everythingCaptured();
    const answer = await billing.send<ProblemBody>({ method: 'POST', ...bad(scene) });
    expectProblem(answer, status);
    if (reason) expect(answer.body.reason).toBe(reason);
    if (field)
      expect(answer.body.violations.map((violation) => violation.field)).toContainEqual(
        expect.stringMatching(startingWith(field)),
      );
    expect(await everythingCaptured()).toEqual(before);
  });
});

describe('a file with bad lines', () => {
  const csv = (line: string) => line.replace('MATTER', `${scene.clientCode},2026-0101,PN01`);

  it('of CSV is refused with every bad line, its field and its rule, and nothing is imported', async () => {
    const lines = [
      csv('time,MATTER,2026-11-19,30,L120,A103,,,,A good line'),
      csv('time,MATTER,2026-02-30,30,L120,A103,,,,No such day'),
      csv('time,MATTER,2026-11-19,-30,L120,A103,,,,Negative minutes'),
      csv('time,MATTER,2026-11-19,30,L999,A103,,,,No such task'),
      'time,NOBODY,2026-0101,PN01,2026-11-19,30,L120,A103,,,,No such client',
      csv('expense,MATTER,2026-11-19,,,,E101,-2,0.25,Negative units'),
      csv('expense,MATTER,2026-11-19,,,,E999,2,0.25,No such expense'),
      csv('travel,MATTER,2026-11-19,30,L120,A103,,,,No such kind'),
      'time,too,few,columns',
    ];
    const answer = await refusedFile('/v1/imports/csv', [CSV_HEADER, ...lines].join('\n'));
    expect(answer.reason).toBe('CSV_REFUSED');
    expect(answer.violations.map(({ field }) => field)).toEqual([
      'line 3 date',
      'line 4 minutes',
      'line 5 task',
      'line 6 client',
      'line 7 units',
      'line 8 expense',
      'line 9 kind',
      'line 10',
    ]);
    for (const { description } of answer.violations) expect(description).toMatch(/^[A-Z][A-Z0-9_]+: /);
  });

  it('of LEDES is refused with every bad line, its field and its rule, and nothing is imported', async () => {
    const line = (number: number, changed: { units?: string; date?: string; total?: string; code?: string } = {}) => {
      const { units = '1', date = '20261119', total = '100', code = 'L120' } = changed;
      const head = `20261120|900|${scene.clientCode}|2026-0101|400|20261101|20261130|Services|${number}|F|${units}|0|${total}|${date}`;
      return `${head}|${code}||A103|PN01|Review of the record|94-3100001|100|Nair, Priya|PARALG|AF-771[]`;
    };
    const lines = [
      line(1),
      line(2, { units: '-1' }),
      line(3, { date: '20260230' }),
      line(4, { total: '90' }),
      line(5, { code: 'L999' }),
    ];
    const answer = await refusedFile('/v1/imports/ledes', [LEDES_HEADER, ...lines, ''].join('\r\n'));
    expect(answer.reason).toBe('LEDES_REFUSED');
    const said = answer.violations.map(({ field, description }) => `${field} ${description.slice(0, 3)}`);
    expect(said).toEqual(
      expect.arrayContaining([
        'line 4 LINE_ITEM_NUMBER_OF_UNITS V13',
        'line 5 LINE_ITEM_DATE V03',
        'line 6 LINE_ITEM_TOTAL V06',
        'line 7 LINE_ITEM_TASK_CODE V18',
      ]),
    );
    for (const one of said) expect(one).toMatch(/^line \d+ [A-Z_/]* ?V\d\d$/);
  });

  it('of LEDES that is not ASCII is refused', async () => {
    const bytes = new Uint8Array([...Buffer.from(`${LEDES_HEADER}\r\n`), 0xff, 0x0d, 0x0a]);
    const answer = await refusedFile('/v1/imports/ledes', bytes);
    expect(answer.violations.some(({ field }) => field.startsWith('line 3'))).toBe(true);
  });

  async function refusedFile(path: string, bytes: string | Uint8Array<ArrayBuffer>): Promise<ProblemBody> {
    const before = await everythingCaptured();
    const answer = await billing.send<ProblemBody>({
      method: 'POST',
      path,
      bytes,
      headers: { 'content-type': 'text/plain' },
    });
    expectProblem(answer, 400);
    expect(await everythingCaptured()).toEqual(before);
    return answer.body;
  }
});

describe('an idempotency key', () => {
  it.each<[string, BadRequest]>([
    ['time entry', time()],
    ['expense', expense()],
  ])('sent twice makes one %s and gives the same answer', async (_name, request) => {
    const sent = { method: 'POST', ...request(scene), headers: { 'idempotency-key': newId(Date.now()) } };
    const [first, second] = [await billing.send(sent), await billing.send(sent)];
    expect([first.status, second.status]).toEqual([200, 200]);
    expect(second.body).toEqual(first.body);
    expect(second.headers.get('idempotency-replayed')).toBe('true');
    expect(
      (await billing.all<{ id: string }>(sent.path, sent.path.slice(4))).filter(({ id }) => id === first.body.id)
        .length,
    ).toBe(1);
  });

  it('sent three times at once with an invoice drafts it once', async () => {
    const { id } = await billing.post('/v1/expenses', (expense()(scene) as { json: unknown }).json);
    await billing.post('/v1/expenses:approve', { expenseIds: [id] });
    const { path, json } = draft({ entryIds: [id] })(scene);
    const before = (await billing.all('/v1/invoices', 'invoices')).length;
    const key = { 'idempotency-key': newId(Date.now()) };
    const invoices = await Promise.all([1, 2, 3].map(() => billing.post(path, json, key)));
    expect(new Set(invoices.map((invoice) => invoice.id)).size).toBe(1);
    expect((await billing.all('/v1/invoices', 'invoices')).length).toBe(before + 1);
  });

  it('is refused with another body', async () => {
    const headers = { 'idempotency-key': newId(Date.now()) };
    const { json } = time()(scene);
    await billing.post('/v1/timeEntries', json, headers);
    const before = await everythingCaptured();
    const other = { ...(json as object), minutes: 31 };
    const answer = await billing.send<ProblemBody>({ method: 'POST', path: '/v1/timeEntries', json: other, headers });
    expectProblem(answer, 422);
    expect(answer.body.reason).toBe('IDEMPOTENCY_KEY_REUSED');
    expect(answer.body.violations.map(({ field }) => field)).toEqual(['Idempotency-Key']);
    expect(await everythingCaptured()).toEqual(before);
  });

  it("of one tenant is another's own", async () => {
    const headers = { 'idempotency-key': newId(Date.now()) };
    const client = { code: 'SAME', name: 'Same & Same', kind: 'CLIENT_KIND_LAW_FIRM' };
    const first = await billing.post('/v1/clients', client, headers);
    const second = await secondBilling.post('/v1/clients', client, headers);
    expect(second.id).not.toBe(first.id);
  });
});

describe('an API key', () => {
  it.each([
    ['missing', undefined, 'API_KEY_MISSING'],
    ['of another form', 'secret', 'API_KEY_UNKNOWN'],
    ['unknown', `pd_live_${'A'.repeat(22)}_${'B'.repeat(43)}`, 'API_KEY_UNKNOWN'],
  ])('that is %s is refused', async (_name, key, reason) => {
    const answer = await new ApiCaller(system.system.file.api, key).send<ProblemBody>({
      method: 'GET',
      path: '/v1/timeEntries',
    });
    expectProblem(answer, 401);
    expect(answer.body.reason).toBe(reason);
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/);
  });

  it('with a secret that is wrong by its last letter is refused', async () => {
    const { billingManager } = system.system.file.keys;
    const wrong = billingManager.slice(0, -1) + (billingManager.endsWith('A') ? 'B' : 'A');
    expectProblem(
      await new ApiCaller(system.system.file.api, wrong).send({ method: 'GET', path: '/v1/timeEntries' }),
      401,
    );
  });

  it('ends at once when it is revoked', async () => {
    const { apiKey, key } = await operations.post<{ apiKey: { id: string }; key: string }>('/v1/apiKeys', {
      personId: scene.personId,
      name: 'short-lived',
    });
    const holder = new ApiCaller(system.system.file.api, key);
    await holder.get('/v1/timeEntries');
    await operations.post(`/v1/apiKeys/${apiKey.id}:revoke`, {});
    const answer = await holder.send<ProblemBody>({ method: 'GET', path: '/v1/timeEntries' });
    expectProblem(answer, 401);
    expect(answer.body.reason).toBe('API_KEY_REVOKED');
  });

  it("of another tenant can neither make a key for one's people nor revoke one's key", async () => {
    const made = await secondOperations.send<ProblemBody>({
      method: 'POST',
      path: '/v1/apiKeys',
      json: { personId: scene.personId, name: 'theirs' },
    });
    expectProblem(made, 404);
    const revoked = await secondOperations.send<ProblemBody>({
      method: 'POST',
      path: `/v1/apiKeys/${scene.firm.ids.get('api_key')}:revoke`,
      json: {},
    });
    expectProblem(revoked, 404);
    await operations.get('/v1/matters');
  });
});

describe('the second tenant', () => {
  it.each([
    ['timeEntries', 'time_entry'],
    ['expenses', 'expense'],
    ['adjustments', 'adjustment'],
    ['agreements', 'agreement'],
    ['invoices', 'invoice'],
    ['payments', 'payment'],
    ['messages', 'message'],
    ['documents', 'document'],
    ['matters', 'matter'],
    ['clients', 'client'],
    ['people', 'person'],
  ])('sees none of the first: %s', async (list, noun) => {
    const id = scene.firm.ids.get(noun)!;
    await billing.get(`/v1/${list}/${id}`);
    for (const stranger of [secondBilling, secondOperations]) {
      const one = await stranger.send<ProblemBody>({ method: 'GET', path: `/v1/${list}/${id}` });
      if (one.status !== 403) expectProblem(one, 404);
      const many = await stranger.send({ method: 'GET', path: `/v1/${list}` });
      if (many.status !== 403) expect(many.status).toBe(200);
      for (const own of scene.firm.ids.values()) expect(many.text).not.toContain(own);
    }
    expect((await secondBilling.send({ method: 'GET', path: `/v1/${list}` })).status).toBe(200);
  });

  it('has a ledger of its own', async () => {
    const { balances } = await secondBilling.get<{ balances: unknown[] }>('/v1/ledger/trialBalance');
    expect(balances).toEqual([]);
    expect(await secondBilling.all('/v1/ledger/postings', 'postings')).toEqual([]);
  });
});

/** A problem that names its reason, and nothing of how the system is made. */
function expectProblem(answer: ApiAnswer<unknown>, status: number): void {
  const problem = answer.body as ProblemBody;
  expect({ status: answer.status, said: answer.text.slice(0, 300) }).toMatchObject({ status });
  expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(problem).toMatchObject({
    status,
    reason: expect.stringMatching(/^[A-Z][A-Z0-9_]+$/),
    title: expect.any(String),
    detail: expect.any(String),
  });
  expect(problem.reason).not.toBe('INTERNAL');
  expect(answer.text).not.toMatch(/\\n\s+at |node_modules|node:internal|\.[jt]s:\d|select |insert |QueryFailed/);
}

function startingWith(field: string): RegExp {
  return new RegExp(`^${field.replaceAll(/[.[\]]/g, String.raw`\$&`)}`);
}

/** What a refused request must leave as it is. */
async function everythingCaptured(): Promise<unknown> {
  const lists = ['timeEntries', 'expenses', 'adjustments', 'agreements', 'invoices', 'payments'];
  return Promise.all(
    lists.map(async (list) => (await billing.all<{ id: string }>(`/v1/${list}`, list)).map(({ id }) => id)),
  );
}
