import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { topics } from '@paradesk/contracts';
import { ClientEvent } from '@paradesk/contracts/paradesk/identity/events/v1/clients';
import { ClientKind } from '@paradesk/contracts/paradesk/identity/v1/clients';
import { newId } from '@paradesk/kernel';
import { NOTARIZE_HEADS } from '@paradesk/platform';
import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { openSystem } from '../../standalone/src/audit/systems.js';
import { verifySystem } from '../../standalone/src/audit/verify-system.js';
import { SystemUnderTest } from './running-system.js';
import { buildOnce } from './standalone-process.js';

interface RecordJson {
  readonly action: string;
  readonly personId: string;
  readonly role: string;
  readonly rule: string;
  readonly outcome: string;
  readonly reason: string;
  readonly table: string;
  readonly row: string;
  readonly changes: readonly { readonly column: string; readonly before: string; readonly after: string }[];
  readonly sequence: string;
}

let system: SystemUnderTest;
const databases = new Map<string, pg.Client>();
beforeAll(async () => {
  buildOnce();
  system = await SystemUnderTest.start();
  for (const service of ['identity', 'billing', 'assignment', 'documents', 'communications']) {
    const url = new URL(system.system.databaseUrl);
    url.pathname = `/paradesk_${service}`;
    const client = new pg.Client(url.href);
    await client.connect();
    databases.set(service, client);
  }
}, 180_000);
afterAll(async () => {
  for (const client of databases.values()) await client.end();
  await system.stop();
});

const keys = () => system.system.file.keys;
const database = (service: string) => databases.get(service)!;

async function recordsOf(key: string, query: string): Promise<RecordJson[]> {
  const { status, body } = await system.rest<{ records: RecordJson[] }>(key, 'GET', `/v1/auditRecords?${query}`);
  expect(status).toBe(200);
  return body.records;
}

async function until<T>(look: () => Promise<T | undefined | false>): Promise<T> {
  for (let waitedMs = 0; waitedMs < 20_000; waitedMs += 50) {
    const found = await look();
    if (found) return found;
    await sleep(50);
  }
  throw new Error('it did not come about within 20 s');
}

let made = 0;
async function registerClient(): Promise<string> {
  const { status, body } = await system.rest<{ id: string }>(keys().operationsManager, 'POST', '/v1/clients', {
    code: `AUDIT-${++made}`,
    name: 'Audited & Sons',
    kind: 'CLIENT_KIND_LAW_FIRM',
    addressLines: ['1 Ledger Lane'],
  });
  expect(status).toBe(200);
  return body.id;
}

describe('the audit trail of the running system', () => {
  it('tells who did what by which rule, in each service that it changed', async () => {
    const client = await registerClient();

    const [record, ...others] = await recordsOf(
      keys().operationsManager,
      `service=SERVICE_IDENTITY&table=clients&row=${client}`,
    );
    expect(others).toEqual([]);
    expect(record).toMatchObject({
      action: '/paradesk.identity.v1.ClientsService/CreateClient',
      role: 'ROLE_OPERATIONS_MANAGER',
      rule: expect.stringMatching(/^ADMINISTRATIVE: .*OPERATIONS_MANAGER/),
      outcome: 'OUTCOME_DONE',
      changes: [],
    });
    const mine = await recordsOf(
      keys().operationsManager,
      `service=SERVICE_IDENTITY&personId=${record?.personId}&row=${client}`,
    );
    expect(mine).toHaveLength(1);
    const [copied] = await until(async () => {
      const found = await recordsOf(keys().operationsManager, `service=SERVICE_BILLING&table=clients&row=${client}`);
      return found.length > 0 && found;
    });
    expect(copied).toMatchObject({ action: `event ${topics.clients.name}`, personId: '', role: 'ROLE_UNSPECIFIED' });
  });

  it('tells from what to what an entry was changed, and is sealed within a second or two', async () => {
    const entries = await system.rest<{ timeEntries: { id: string }[] }>(
      keys().billingManager,
      'GET',
      '/v1/timeEntries',
    );
    const [entry] = entries.body.timeEntries;
    await system.rest(keys().billingManager, 'POST', '/v1/timeEntries:approve', { timeEntryIds: [entry!.id] });

    const changed = await until(async () => {
      const [newest] = await recordsOf(keys().billingManager, `service=SERVICE_BILLING&row=${entry!.id}`);
      return newest?.sequence !== '0' && newest;
    });

    expect(changed).toMatchObject({
      action: '/paradesk.billing.v1.TimeEntriesService/ApproveTimeEntries',
      role: 'ROLE_BILLING_MANAGER',
      changes: [{ column: 'status', before: '"recorded"', after: '"approved"' }],
    });
  });

  it('tells whom a rule refused, and 60 times a minute of one who does not stop', async () => {
    const refused = async () =>
      (await system.rest(keys().paralegal, 'POST', '/v1/apiKeys', { personId: newId(Date.now()), name: 'x' })).status;
    expect(await refused()).toBe(403);

    const list = () =>
      recordsOf(keys().operationsManager, 'service=SERVICE_IDENTITY&outcome=OUTCOME_REFUSED&page.size=200');
    const [record] = await list();
    expect(record).toMatchObject({
      action: '/paradesk.identity.v1.ApiKeysService/CreateApiKey',
      role: 'ROLE_PARALEGAL',
      reason: 'ROLE_NOT_ALLOWED',
      table: '',
    });

    for (let nth = 0; nth < 150; nth += 10) await Promise.all(Array.from({ length: 10 }, refused));
    const all = await list();
    const marked = all.filter(({ reason }) => reason === 'TOO_MANY_REFUSALS').length;
    // Two minutes at most were begun.
    expect(marked).toBeGreaterThan(0);
    expect(all.length).toBeLessThanOrEqual(61 * 2);
  });

  it.each([
    ['a billing manager, of another service', 'billingManager', 'service=SERVICE_IDENTITY', 403, 'OTHER_TRAIL'],
    ['a paralegal', 'paralegal', 'service=SERVICE_BILLING', 403, 'ROLE_NOT_ALLOWED'],
    ['nobody in particular', 'operationsManager', '', 400, 'INVALID_ARGUMENT'],
    ['a service that is none', 'operationsManager', 'service=SERVICE_KITCHEN', 400, 'INVALID_ARGUMENT'],
  ] as const)('is not shown to %s', async (_name, key, query, status, reason) => {
    const answer = await system.rest(keys()[key], 'GET', `/v1/auditRecords?${query}`);
    expect(answer).toMatchObject({ status, body: { reason } });
  });

  it('is cut by time, and shows nothing of another tenant', async () => {
    const client = await registerClient();
    const of = (query: string) =>
      recordsOf(keys().operationsManager, `service=SERVICE_IDENTITY&row=${client}&${query}`);
    const [now, before, after] = [0, -3_600_000, 3_600_000].map((ms) => new Date(Date.now() + ms).toISOString());
    expect(await of(`from=${before}&until=${after}`)).toHaveLength(1);
    expect(await of(`from=${after}`)).toEqual([]);
    expect(await of(`until=${before}`)).toEqual([]);
    expect(now).toBeDefined();
    const theirs = await recordsOf(keys().secondTenantOperationsManager, `service=SERVICE_IDENTITY&row=${client}`);
    expect(theirs).toEqual([]);
  });
});

describe('the command that verifies', () => {
  const verify = async () => verifySystem(await openSystem({ PARADESK_DATA: system.data }));

  it('finds the trails of all services in order, and agrees with the heads that identity signed', async () => {
    await notarized();
    const { records, heads, faults } = await verify();
    expect(faults).toEqual([]);
    expect(records).toBeGreaterThan(30);
    expect(heads).toBeGreaterThanOrEqual(5);
    const { code, lines } = await run('audit', ['verify']);
    expect({ code, faults: (JSON.parse(lines.at(-1)!) as { audit: { faults: number } }).audit.faults }).toEqual({
      code: 0,
      faults: 0,
    });
  });

  it('finds an edited record, a chain computed anew and a head that was taken away, and ends with 1', async () => {
    await database('billing').query(
      `update audit.records set action = 'forged' where sequence = 2 and tenant_id = $1`,
      [system.system.file.tenantId],
    );
    await database('identity').query(
      'alter table audit_heads disable trigger all; delete from audit_heads where sequence > 0; alter table audit_heads enable trigger all',
    );

    const { faults } = await verify();

    expect(faults).toContainEqual({
      service: 'billing',
      tenantId: system.system.file.tenantId,
      sequence: 2n,
      what: 'is not what was sealed',
    });
    expect(faults.map(({ what }) => what)).toContain('a head was published and is not kept by identity');
    const { code, lines } = await run('audit', ['verify']);
    expect(code).toBe(1);
    expect(JSON.parse(lines.at(-1)!)).toMatchObject({ audit: { faults: faults.length } });
  });

  it.each([
    ['without a word', [], {}, /takes verify/],
    ['in a folder without a system', ['verify'], { PARADESK_DATA: '/nowhere' }, /there is no system in \/nowhere/],
    [
      'with half of the settings',
      ['verify'],
      { DATABASE_URL_BILLING: 'postgres://x' },
      /DATABASE_URL_IDENTITY.* not set/,
    ],
  ])('says in one line what is wrong %s', async (_name, args, env, message) => {
    const { code, errors } = await run('audit', args, env);
    expect(code).toBe(1);
    expect(errors).toMatch(message);
    expect(errors.split('\n')).toHaveLength(1);
  });
});

describe('operators', () => {
  interface Listed {
    readonly consumer: string;
    readonly aggregateId: string;
    readonly eventId: string;
    readonly version: number;
    readonly kind: string;
    readonly reason: string;
    readonly attempts: number;
  }
  const operator = newId(Date.now());
  const ops = (...args: string[]) => run('ops', ['parked', ...args, '--json'], { PARADESK_OPERATOR: operator });
  const listed = async (aggregateId: string, consumer = 'billing') => {
    const { lines } = await ops('list');
    const { events } = JSON.parse(lines.at(-1)!) as { events: Listed[] };
    // They are listed by the moment that they were parked at, whatever their versions.
    return events
      .filter((event) => event.aggregateId === aggregateId && event.consumer === consumer)
      .toSorted((one, other) => one.version - other.version);
  };
  const nameAt = async (id: string) =>
    (await database('billing').query<{ name: string }>('select name from clients where id = $1', [id])).rows[0]?.name;

  /** Puts events of a client into identity's outbox, as if it had published them. */
  async function publish(id: string, payloads: readonly (Uint8Array | string)[]): Promise<void> {
    for (const [index, payload] of payloads.entries()) {
      const client = {
        id,
        code: `P-${id.slice(-6)}`,
        name: String(payload),
        kind: ClientKind.LAW_FIRM,
        addressLines: [],
        contacts: [],
        version: index + 1,
      };
      const bytes =
        typeof payload === 'string'
          ? ClientEvent.encode(ClientEvent.fromPartial({ event: { $case: 'created', value: { client } } })).finish()
          : payload;
      await database('identity').query(
        `insert into messaging.outbox (event_id, tenant_id, topic, aggregate_id, aggregate_version, occurred_at, payload, schema_version)
         values ($1, $2, $3, $4, $5, now(), $6, 1)`,
        [newId(Date.now()), system.system.file.tenantId, topics.clients.name, id, index + 1, Buffer.from(bytes)],
      );
    }
    await database('identity').query(`select pg_notify('paradesk_outbox', '')`);
  }

  it('see what is parked, give up the poison with a reason, and what waited goes on', async () => {
    const id = newId(Date.now());
    await publish(id, [Buffer.from([0xff, 0xff, 0xff]), 'second', 'third']);
    const events = await until(async () => {
      const found = await listed(id);
      return found.length === 3 && found;
    });
    expect(events).toMatchObject([
      { version: 1, kind: 'poison', reason: 'UNDECODABLE', attempts: 1 },
      { version: 2, kind: 'waiting', reason: 'GAP' },
      { version: 3, kind: 'waiting', reason: 'GAP' },
    ]);

    const given = await ops('discard', 'billing', id, events[0]!.eventId, '--reason', 'sent by a broken release');

    expect(given).toMatchObject({ code: 0 });
    expect(await listed(id)).toEqual([]);
    expect(await nameAt(id)).toBe('third');
    const [record] = await recordsOf(keys().operationsManager, `service=SERVICE_BILLING&row=${events[0]!.eventId}`);
    expect(record).toMatchObject({
      action: '/paradesk.operations.v1.ParkedEventsService/DiscardParkedEvent',
      personId: operator,
      role: 'ROLE_OPERATOR',
      table: 'messaging.parked_events',
      changes: expect.arrayContaining([
        { column: 'discarded_reason', before: 'null', after: '"sent by a broken release"' },
      ]),
    });
    // What the others have parked stays theirs.
    expect(await listed(id, 'assignment')).toHaveLength(3);
  });

  it('let events take effect again once the cause is gone, and answer for it', async () => {
    const id = newId(Date.now());
    await database('billing').query(`alter table clients add constraint cause check (name <> 'unwanted') not valid`);
    await publish(id, ['unwanted', 'wanted']);
    await until(async () => (await listed(id)).length === 2);
    const tried = await ops('redrive', 'billing', id);
    expect(JSON.parse(tried.lines[0]!)).toEqual({ handled: 0, parked: 2 });

    await database('billing').query('alter table clients drop constraint cause');
    const redriven = await ops('redrive', 'billing', id);

    expect(JSON.parse(redriven.lines[0]!)).toEqual({ handled: 2, parked: 0 });
    expect(await nameAt(id)).toBe('wanted');
    const [record] = await recordsOf(keys().operationsManager, `service=SERVICE_BILLING&table=clients&row=${id}`);
    expect(record).toMatchObject({ action: `event ${topics.clients.name}`, personId: operator, role: 'ROLE_OPERATOR' });
  });

  it.each([
    ['of nothing that is parked', ['redrive', 'billing', newId(1)], /^ops: .*There is no parked event /],
    ['of a service that is none', ['redrive', 'kitchen', newId(1)], /^ops: there is no service kitchen: one of /],
    ['without a reason', ['discard', 'billing', newId(1), newId(2)], /^ops: a discard needs --reason/],
    ['of no aggregate', ['redrive', 'billing', 'x'], /^ops: aggregateId: /],
  ])('are refused in one line: %s', async (_name, args, message) => {
    const { code, errors } = await run('ops', ['parked', ...args]);
    expect(code).toBe(1);
    expect(errors).toMatch(message);
    expect(errors.split('\n')).toHaveLength(1);
  });

  it('see a table', async () => {
    const { lines } = await run('ops', ['parked', 'list']);
    expect(lines[0]).toMatch(/^CONSUMER +AGGREGATE +EVENT +VERSION +KIND +REASON +ATTEMPTS +PARKED AT$/);
    expect(lines.length).toBeGreaterThan(3);
  });
});

/** All heads are signed and published: the schedule is made to happen now. */
async function notarized(): Promise<void> {
  for (const client of databases.values()) {
    await until(async () => (await client.query('select from audit.records where sequence is null')).rowCount === 0);
    const occasion = JSON.stringify({ _cron: { ts: new Date().toISOString() } });
    await client.query('select from graphile_worker.add_job($1, $2::json)', [NOTARIZE_HEADS, occasion]);
    await until(async () => {
      const { rowCount } = await client.query('select from audit.heads where sequence > notarized_sequence');
      return rowCount === 0;
    });
  }
  await until(async () => {
    const { rowCount } = await database('identity').query(
      `select from graphile_worker.jobs where task_identifier = 'publish-audit-heads'`,
    );
    return rowCount === 0;
  });
}

interface Ran {
  readonly code: number;
  readonly lines: readonly string[];
  readonly errors: string;
}

async function run(program: 'audit' | 'ops', args: readonly string[], env: Record<string, string> = {}): Promise<Ran> {
  const path = fileURLToPath(new URL(`../../standalone/dist/${program}.js`, import.meta.url));
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['--disable-warning=DeprecationWarning', path, ...args],
      { env: { PATH: process.env.PATH, PARADESK_DATA: system.data, ...env } },
      (error, stdout, stderr) =>
        resolve({ code: error ? Number(error.code) : 0, lines: stdout.trim().split('\n'), errors: stderr.trim() }),
    );
  });
}
