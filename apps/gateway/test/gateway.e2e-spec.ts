import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DomainError } from '@paradesk/kernel';
import { startTelemetry } from '@paradesk/platform';
import { API_KEY, GatewayUnderTest, UUID, type Answered } from './gateway-under-test.js';

let system: GatewayUnderTest;
beforeAll(async () => {
  system = await GatewayUnderTest.start();
});
afterAll(() => system.stop());

const aTime = {
  matterId: UUID,
  workedOn: { year: 2026, month: 3, day: 2 },
  minutes: 12,
  narrative: 'Drafted a motion',
};

function expectProblem(answer: Answered, status: number, reason: string): void {
  expect([answer.status, answer.body.reason]).toEqual([status, reason]);
  expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  expect(answer.body).toMatchObject({
    status,
    type: `/problems/${reason.toLowerCase().replaceAll('_', '-')}`,
    title: expect.any(String),
    detail: expect.any(String),
    violations: expect.any(Array),
  });
  expect(JSON.stringify(answer.body)).not.toMatch(/ at .*\.[jt]s/);
}

describe('A request', () => {
  it('carries its JSON body to the RPC and the whole answer back', async () => {
    const answer = await system.post('/v1/timeEntries', aTime);
    expect(answer.status).toBe(200);
    expect(system.stubs.last('RecordTime').request).toEqual(aTime);
    expect(answer.body).toMatchObject({
      amount: { amountMinor: '7', currencyCode: 'text' },
      billable: true,
      status: 'WORK_STATUS_DISCARDED',
    });
  });

  it('takes path variables and custom verbs, with or without a body', async () => {
    expect((await system.send(`/v1/invoices/${UUID}:issue`, { method: 'POST' })).status).toBe(200);
    expect(system.stubs.last('IssueInvoice').request).toEqual({ invoiceId: UUID });
    expect((await system.post(`/v1/invoices/${UUID}:approve`, { invoiceId: UUID })).status).toBe(200);
    expect((await system.send(`/v1/invoices/${UUID}`)).status).toBe(200);
    expect(system.stubs.last('GetInvoice').request).toEqual({ invoiceId: UUID });
  });

  it('takes query parameters, dotted and by name of the enum', async () => {
    const answer = await system.send(
      `/v1/invoices?page.size=20&page.token=a%20b&clientId=${UUID}&status=INVOICE_STATUS_PAID`,
    );
    expect(answer.status).toBe(200);
    expect(system.stubs.last('ListInvoices').request).toEqual({
      page: { size: 20, token: 'a b' },
      clientId: UUID,
      status: 'INVOICE_STATUS_PAID',
    });
  });

  it('answers fields that have their defaults', async () => {
    system.stubs.on('GetTrialBalance', () => ({}));
    expect((await system.send('/v1/ledger/trialBalance')).body).toEqual({ balances: [], balanced: false });
  });

  it('takes a file with its content type as the body of a unary RPC', async () => {
    const answer = await system.send('/v1/imports/ledes?dryRun=true&currencyCode=USD', {
      method: 'POST',
      body: 'LEDES1998B[]',
      headers: { 'content-type': 'text/plain' },
    });
    expect(answer.status).toBe(200);
    expect(system.stubs.last('ImportLedes').request).toEqual({
      dryRun: true,
      currencyCode: 'USD',
      file: { contentType: 'text/plain', data: Buffer.from('LEDES1998B[]').toString('base64') },
    });
  });
});

describe('Bad input', () => {
  const nested = '['.repeat(2_000_000);
  it.each<[string, unknown, number, string, string[]]>([
    ['an unknown field', { ...aTime, hours: 1 }, 400, 'INVALID_ARGUMENT', ['hours']],
    [
      'a field by its proto name',
      { ...aTime, matterId: null, matter_id: UUID },
      400,
      'INVALID_ARGUMENT',
      ['matter_id'],
    ],
    [
      'an unknown field of a field',
      { ...aTime, workedOn: { year: 2026, monht: 3 } },
      400,
      'INVALID_ARGUMENT',
      ['workedOn.monht'],
    ],
    [
      'a wrong type deep inside',
      { ...aTime, workedOn: { year: 2026, month: 'March', day: 2 } },
      400,
      'INVALID_ARGUMENT',
      ['workedOn.month'],
    ],
    [
      'several wrong types at once',
      { ...aTime, minutes: 1.5, narrative: 5 },
      400,
      'INVALID_ARGUMENT',
      ['minutes', 'narrative'],
    ],
    ['a list for an object', { ...aTime, workedOn: [] }, 400, 'INVALID_ARGUMENT', ['workedOn']],
    ['a number out of range', { ...aTime, minutes: 2 ** 40 }, 400, 'INVALID_ARGUMENT', ['minutes']],
    ['half a surrogate pair', { ...aTime, narrative: '\ud800' }, 400, 'INVALID_ARGUMENT', ['narrative']],
    ['__proto__', '{"__proto__": {"matterId": 1}}', 400, 'INVALID_ARGUMENT', ['__proto__']],
    ['a field that the rules demand', { ...aTime, narrative: undefined }, 400, 'INVALID_ARGUMENT', ['narrative']],
    ['JSON that ends early', '{"matterId": "', 400, 'MALFORMED_JSON', []],
    ['a JSON list', '[]', 400, 'MALFORMED_JSON', []],
    ['brackets without end', nested, 400, 'MALFORMED_JSON', []],
    [
      'a well-formed depth bomb',
      `{"workedOn": ${'{"year":'.repeat(200_000)}1${'}'.repeat(200_000)}}`,
      400,
      'INVALID_ARGUMENT',
      ['workedOn.year'],
    ],
    ['more than 10 MB', `"${'x'.repeat(11 * 1024 * 1024)}"`, 413, 'BODY_TOO_LARGE', []],
  ])('%s is refused by name', async (_, body, status, reason, fields) => {
    const answer = await system.post('/v1/timeEntries', body);
    expectProblem(answer, status, reason);
    expect((answer.body.violations as { field: string }[]).map(({ field }) => field)).toEqual(fields);
  });

  it.each<[string, string, RequestInit, number, string, string[]]>([
    ['an unknown query parameter', '/v1/invoices?colour=red', {}, 400, 'INVALID_ARGUMENT', ['colour']],
    [
      'a query parameter where the body is the request',
      '/v1/timeEntries?minutes=4',
      { method: 'POST' },
      400,
      'INVALID_ARGUMENT',
      ['minutes'],
    ],
    ['a message as one parameter', '/v1/invoices?page=1', {}, 400, 'INVALID_ARGUMENT', ['page']],
    [
      'a prototype as a parameter',
      '/v1/invoices?__proto__.size=1&page.constructor=2',
      {},
      400,
      'INVALID_ARGUMENT',
      ['__proto__.size', 'page.constructor'],
    ],
    ['a parameter given twice', '/v1/invoices?page.size=1&page.size=2', {}, 400, 'INVALID_ARGUMENT', ['page.size']],
    [
      'a parameter of the wrong type',
      '/v1/invoices?page.size=many&status=PAID',
      {},
      400,
      'INVALID_ARGUMENT',
      ['page.size', 'status'],
    ],
    ['a query that is no UTF-8', '/v1/clients?code=%FF', {}, 400, 'INVALID_ARGUMENT', ['code']],
    ['a path that is no UTF-8', '/v1/clients/%FF', {}, 400, 'MALFORMED_REQUEST', []],
    ['a broken percent sign in the path', '/v1/clients/%zz', {}, 400, 'MALFORMED_REQUEST', []],
    ['a wrong id in the path', '/v1/clients/7', {}, 400, 'INVALID_ARGUMENT', ['clientId']],
    [
      'a path and a body that differ',
      `/v1/invoices/${UUID}:issue`,
      { method: 'POST', body: '{"invoiceId": "x"}', headers: { 'content-type': 'application/json' } },
      400,
      'INVALID_ARGUMENT',
      ['invoiceId'],
    ],
    [
      'a wrong content type',
      '/v1/timeEntries',
      { method: 'POST', body: 'a=b', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
      415,
      'UNSUPPORTED_MEDIA_TYPE',
      [],
    ],
    [
      'a malformed content type',
      '/v1/timeEntries',
      { method: 'POST', body: '{}', headers: { 'content-type': 'nonsense' } },
      415,
      'UNSUPPORTED_MEDIA_TYPE',
      [],
    ],
    [
      'another charset',
      '/v1/timeEntries',
      { method: 'POST', body: '{}', headers: { 'content-type': 'application/json; charset=latin1' } },
      415,
      'UNSUPPORTED_MEDIA_TYPE',
      [],
    ],
    [
      'a content encoding',
      '/v1/timeEntries',
      { method: 'POST', body: '{}', headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' } },
      415,
      'UNSUPPORTED_MEDIA_TYPE',
      [],
    ],
    [
      'a body that is no UTF-8',
      '/v1/timeEntries',
      { method: 'POST', body: Buffer.from([0x7b, 0xff, 0x7d]), headers: { 'content-type': 'application/json' } },
      400,
      'BODY_NOT_UTF8',
      [],
    ],
    [
      'an idempotency key with a space',
      '/v1/timeEntries',
      { method: 'POST', headers: { 'idempotency-key': 'a b' } },
      400,
      'IDEMPOTENCY_KEY',
      ['Idempotency-Key'],
    ],
    [
      'an idempotency key of 256 characters',
      '/v1/timeEntries',
      { method: 'POST', headers: { 'idempotency-key': 'k'.repeat(256) } },
      400,
      'IDEMPOTENCY_KEY',
      ['Idempotency-Key'],
    ],
    ['an unknown path', '/v1/nothing', {}, 404, 'ROUTE_NOT_FOUND', []],
    ['an unknown verb after the colon', `/v1/invoices/${UUID}:burn`, { method: 'POST' }, 404, 'ROUTE_NOT_FOUND', []],
    ['a slash at the end', '/v1/invoices/', {}, 404, 'ROUTE_NOT_FOUND', []],
    ['a wrong method', '/v1/invoices', { method: 'DELETE' }, 405, 'METHOD_NOT_ALLOWED', []],
    ['a method that Fastify does not know', '/v1/invoices', { method: 'PROPFIND' }, 405, 'METHOD_NOT_ALLOWED', []],
  ])('%s is refused', async (_, path, init, status, reason, fields) => {
    const answer = await system.send(path, init);
    expectProblem(answer, status, reason);
    expect((answer.body.violations as { field: string }[]).map(({ field }) => field)).toEqual(fields);
    if (status === 405) expect(answer.headers.get('allow')).toBe('POST, GET');
  });

  it('names at most 20 fields of a request that is wrong all over', async () => {
    const answer = await system.post('/v1/timeEntries:approve', {
      timeEntryIds: Array.from({ length: 5000 }, () => 1),
    });
    expectProblem(answer, 400, 'INVALID_ARGUMENT');
    expect(answer.body.violations).toHaveLength(20);
  });

  it('a list without end is refused before it becomes messages', async () => {
    const answer = await system.post('/v1/agreements', `{"rates": [${'{},'.repeat(3_000_000)}{}]}`);
    expectProblem(answer, 400, 'INVALID_ARGUMENT');
    expect(answer.body.violations).toEqual([
      { field: 'rates', description: 'has 3000001 items, at most 500 are taken' },
    ]);
  });

  it('an amount that a JSON number cannot hold is refused rather than rounded', async () => {
    const payment = { invoiceId: UUID, receivedOn: { year: 2026, month: 3, day: 2 }, reference: 'r' };
    const answer = await system.post(
      '/v1/payments',
      JSON.stringify({ ...payment, amount: { amountMinor: 0, currencyCode: 'USD' } }).replace(
        ':0',
        ':9007199254740993',
      ),
    );
    expect(answer.body.violations).toEqual([
      { field: 'amount.amountMinor', description: expect.stringContaining('as a text') },
    ]);
    await system.post('/v1/payments', { ...payment, amount: { amountMinor: '9007199254740993', currencyCode: 'USD' } });
    expect(system.stubs.last('RecordPayment').request.amount).toEqual({
      amountMinor: '9007199254740993',
      currencyCode: 'USD',
    });
  });
});

describe('Signing in', () => {
  it('exchanges the key for a token of the service that owns the RPC, at each request', async () => {
    const before = system.stubs.calls.filter(({ method }) => method === 'ExchangeApiKey').length;
    for (const path of ['/v1/clients', '/v1/invoices']) await system.send(path);
    expect(system.stubs.calls.filter(({ method }) => method === 'ExchangeApiKey').length - before).toBe(2);
    expect(system.stubs.last('ListClients').metadata.authorization).toBe(`Bearer token-of-${API_KEY}-for-identity`);
    expect(system.stubs.last('ListInvoices').metadata.authorization).toBe(`Bearer token-of-${API_KEY}-for-billing`);
  });

  it.each([
    ['no key', '', 'API_KEY_MISSING'],
    ['another scheme', 'Basic cGRfbGl2ZV8=', 'API_KEY_UNKNOWN'],
    ['what is neither a key nor a token', 'Bearer open-sesame', 'API_KEY_UNKNOWN'],
    ['a key without end', `Bearer pd_live_${'k'.repeat(5000)}`, 'API_KEY_UNKNOWN'],
  ])('%s is 401 and asks for a key', async (_, authorization, reason) => {
    const response = await fetch(`${system.url}/v1/clients`, { headers: authorization ? { authorization } : {} });
    expectProblem(
      { status: response.status, headers: response.headers, body: (await response.json()) as Record<string, unknown> },
      401,
      reason,
    );
    expect(response.headers.get('www-authenticate')).toBe('Bearer realm="paradesk"');
  });

  it('a revoked key is refused with the reason that identity gives', async () => {
    system.stubs.on('ExchangeApiKey', ({ request }) => {
      if (request.apiKey === 'pd_live_gone_x')
        throw new DomainError('unauthenticated', 'API_KEY_REVOKED', 'the key was revoked');
      return { token: 'token' };
    });
    expectProblem(
      await system.send('/v1/clients', { headers: { authorization: 'Bearer pd_live_gone_x' } }),
      401,
      'API_KEY_REVOKED',
    );
    expect((await system.send('/v1/clients')).status).toBe(200);
  });
});

describe('What a service refuses', () => {
  it.each<[string, DomainError, number]>([
    ['invalid', DomainError.invalid('name', 'BAD_NAME', 'bad'), 400],
    ['unauthenticated', new DomainError('unauthenticated', 'TOKEN_EXPIRED', 'late'), 401],
    ['forbidden', DomainError.forbidden('ROLE_NOT_ALLOWED', 'no'), 403],
    ['not-found', DomainError.notFound('client', UUID), 404],
    ['conflict', DomainError.conflict('CLIENT_CODE_TAKEN', 'taken'), 409],
    ['refused', DomainError.refused('NOTHING_TO_BILL', 'nothing'), 422],
    ['a reused key', DomainError.conflict('IDEMPOTENCY_KEY_REUSED', 'reused'), 422],
    ['exhausted', new DomainError('exhausted', 'TOO_MANY', 'many'), 429],
    ['unavailable', new DomainError('unavailable', 'STORAGE_FULL', 'full'), 503],
    ['deadline', new DomainError('unavailable', 'DEADLINE_EXCEEDED', 'late'), 504],
  ])('%s keeps its reason and gets its status', async (_, refusal, status) => {
    system.stubs.on('GetClient', () => {
      throw refusal;
    });
    const answer = await system.send(`/v1/clients/${UUID}`);
    expectProblem(answer, status, refusal.reason);
    expect(answer.body.violations).toEqual(refusal.violations);
    expect(answer.headers.get('retry-after')).toBe(status === 503 ? '2' : null);
  });

  it('a fault of ours is 500 without a word of it, and is logged', async () => {
    system.stubs.on('GetClient', () => {
      throw new Error('privileged text');
    });
    const answer = await system.send(`/v1/clients/${UUID}`);
    expectProblem(answer, 500, 'INTERNAL');
    expect(JSON.stringify(answer.body)).not.toContain('privileged');
    expect(system.log()).toContain('a request failed');
  });
});

describe('An idempotency key', () => {
  it('is passed on, and a replayed answer says so', async () => {
    system.stubs.on('CreateClient', ({ metadata }, trailers) => {
      if (metadata['idempotency-key'] === 'again') trailers.set('idempotency-replayed', 'true');
      return undefined;
    });
    const client = { code: 'C1', name: 'A firm', kind: 'CLIENT_KIND_LAW_FIRM' };
    expect(
      (await system.post('/v1/clients', client, { 'idempotency-key': 'first' })).headers.get('idempotency-replayed'),
    ).toBeNull();
    expect(
      (await system.post('/v1/clients', client, { 'idempotency-key': 'again' })).headers.get('idempotency-replayed'),
    ).toBe('true');
  });
});

describe('The server', () => {
  it('says that it lives', async () => {
    expect((await system.send('/health')).body).toEqual({ status: 'ok' });
  });

  it('shows the API reference from its own disk', async () => {
    const page = await system.fetch('/docs');
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    const html = await page.text();
    for (const [, path = ''] of html.matchAll(/(?:src|href)="([^"]+)"/g))
      expect([path, (await system.fetch(path)).status]).toEqual([path, 200]);
    expect(html).not.toMatch(/https?:/);
    expect((await system.send('/docs/files/package.json')).status).toBe(404);
  });

  it('lets no browser guess or run what it answers', async () => {
    const { headers } = await system.send('/v1/clients');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toContain('sandbox');
    expect(headers.get('cache-control')).toBe('no-store');
  });

  it('refuses headers without end as a problem', async () => {
    expectProblem(
      await system.send('/v1/clients', { headers: { 'x-long': 'x'.repeat(40_000) } }),
      431,
      'HEADERS_TOO_LARGE',
    );
  });
});

describe('A trace', () => {
  it('is continued from the caller to the service, and named in problems and logs', async () => {
    const stopTelemetry = startTelemetry({ serviceName: 'gateway' });
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    await system.send('/v1/clients', { headers: { traceparent } });
    expect(system.stubs.last('ListClients').metadata.traceparent).toMatch(
      /^00-4bf92f3577b34da6a3ce929d0e0e4736-(?!00f067aa0ba902b7)/,
    );
    const refused = await system.send('/v1/nothing', { headers: { traceparent } });
    expect(refused.body.traceId).toBe('4bf92f3577b34da6a3ce929d0e0e4736');
    const own = await system.send('/v1/nothing');
    expect(own.body.traceId).toMatch(/^[0-9a-f]{32}$/);
    await stopTelemetry();
  });
});
