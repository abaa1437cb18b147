import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { DomainError, newId } from '@paradesk/kernel';
import { BreakableLink } from '@paradesk/testing';
import { Temporal } from 'temporal-polyfill';
import { Column, Entity, type MigrationInterface, PrimaryColumn, type QueryRunner } from 'typeorm';
import { bulkInsert } from '../src/database/bulk-insert.js';
import { bigintColumn, instant, plainDate, scaled4 } from '../src/database/columns.js';
import type { Database, Tx } from '../src/database/database.js';
import { pageQuery, pageResult } from '../src/database/pages.js';
import { findIsolationFaults, isolateByTenant } from '../src/database/row-level-security.js';
import { PlatformDatabase } from './platform-database.js';

/** A tenant's row with a column of every kind. */
class CreateSamples1767225600000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table samples (
        tenant_id uuid not null,
        id uuid not null,
        name text,
        on_day date,
        at_moment timestamptz,
        amount_minor bigint,
        hours numeric(14,4),
        minutes integer,
        billable boolean,
        digest bytea,
        fields jsonb,
        primary key (tenant_id, id)
      )`);
    await isolateByTenant(runner, 'samples');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table samples');
  }
}

@Entity('samples')
class Sample {
  @PrimaryColumn('uuid', { name: 'tenant_id' })
  tenantId!: string;
  @PrimaryColumn('uuid')
  id!: string;
  @Column('text', { nullable: true })
  name!: string | null;
  @Column({ type: 'date', name: 'on_day', nullable: true, transformer: plainDate })
  onDay!: Temporal.PlainDate | null;
  @Column({ type: 'timestamptz', name: 'at_moment', nullable: true, transformer: instant })
  atMoment!: Temporal.Instant | null;
  @Column({ type: 'bigint', name: 'amount_minor', nullable: true, transformer: bigintColumn })
  amountMinor!: bigint | null;
  @Column({ type: 'numeric', precision: 14, scale: 4, nullable: true, transformer: scaled4 })
  hours!: bigint | null;
}

let db: PlatformDatabase;
let database: Database;
const ours = { tenantId: newId(Date.now()) };
const theirs = { tenantId: newId(Date.now()) };

beforeAll(async () => {
  db = await PlatformDatabase.open([CreateSamples1767225600000]);
  database = await db.connect({ entities: [Sample] });
});

afterAll(() => db.close());

const insert = (tx: { query(sql: string, parameters: unknown[]): Promise<unknown> }, tenantId: string, name: string) =>
  tx.query('insert into samples (tenant_id, id, name) values ($1, $2, $3)', [tenantId, newId(Date.now()), name]);

const namesOf = async ({ tenantId }: { tenantId: string }) => {
  const rows = await db.rows<{ name: string }>('select name from samples where tenant_id = $1 order by id', [tenantId]);
  return rows.map(({ name }) => name);
};

describe('a transaction of one tenant', () => {
  beforeEach(async () => {
    await db.superuser.query('truncate samples');
    await database.transaction(ours, (tx) => insert(tx, ours.tenantId, 'our row'));
    await database.transaction(theirs, (tx) => insert(tx, theirs.tenantId, 'their row'));
  });

  // Whatever was tried: what the other tenant has is as it was.
  afterEach(async () => expect(await namesOf(theirs)).toEqual(['their row']));

  it.each([
    ['all rows', 'select name from samples'],
    ["the other tenant's rows", `select name from samples where tenant_id = '${theirs.tenantId}'`],
    ['rows that are not its own', `select name from samples where tenant_id <> '${ours.tenantId}'`],
    ['rows of a subquery', 'select name from samples where id in (select id from samples)'],
    ['rows for update', 'select name from samples for update'],
  ])('reads none of another tenant when it asks for %s', async (_name, sql) => {
    const rows: { name: string }[] = await database.transaction(ours, (tx) => tx.query(sql));
    expect(rows.filter((row) => row.name !== 'our row')).toEqual([]);
  });

  it('counts and finds its own rows only', async () => {
    const [counted, found] = await database.transaction(ours, async (tx) => [
      await tx.count(Sample),
      await tx.find(Sample, { where: { tenantId: theirs.tenantId } }),
    ]);
    expect(counted).toBe(1);
    expect(found).toEqual([]);
  });

  it.each([
    ['changes', `update samples set name = 'taken'`],
    ['deletes', 'delete from samples'],
  ])('%s no row of another tenant', async (_name, sql) => {
    const [, affected]: [unknown, number] = await database.transaction(ours, (tx) => tx.query(sql));
    expect(affected).toBe(1);
  });

  it.each<[string, (tx: Tx) => Promise<unknown>]>([
    ['an insert', (tx) => insert(tx, theirs.tenantId, 'planted')],
    [
      'a saved entity',
      (tx) => tx.insert(Sample, { tenantId: theirs.tenantId, id: newId(Date.now()), name: 'planted' }),
    ],
    ['an update that gives a row away', (tx) => tx.query('update samples set tenant_id = $1', [theirs.tenantId])],
    [
      'a bulk insert',
      (tx) =>
        bulkInsert(tx, 'samples', { tenant_id: 'uuid', id: 'uuid' }, [
          { tenant_id: theirs.tenantId, id: newId(Date.now()) },
        ]),
    ],
  ])("refuses %s with another tenant's id", async (_name, write) => {
    await expect(database.transaction(ours, write)).rejects.toMatchObject({ code: '42501' });
    expect(await namesOf(ours)).toEqual(['our row']);
  });

  it.each([
    ['switch row-level security off', 'alter table samples disable row level security', '42501'],
    ['read past it', 'set local row_security = off; select * from samples', '42501'],
    [
      'become the owner',
      'do $$ begin execute format($f$set role %I$f$, current_user || $r$_owner$r$); end $$',
      '42501',
    ],
    ['empty a table', 'truncate samples', '42501'],
    ['make a policy', 'create policy mine on samples using (true)', '42501'],
    ['make a table', 'create table mine (id uuid)', '42501'],
  ])('cannot %s', async (_name, sql, code) => {
    await expect(database.transaction(ours, (tx) => tx.query(sql))).rejects.toMatchObject({ code });
  });
});

describe('without a tenant', () => {
  beforeEach(async () => {
    await db.superuser.query('truncate samples');
    await database.transaction(ours, (tx) => insert(tx, ours.tenantId, 'our row'));
  });

  it('a system transaction sees no row and writes none', async () => {
    expect(await database.system((tx) => tx.query('select * from samples'))).toEqual([]);
    await expect(database.system((tx) => insert(tx, ours.tenantId, 'planted'))).rejects.toMatchObject({
      code: '42501',
    });
    expect(await namesOf(ours)).toEqual(['our row']);
  });

  it('a connection keeps nothing of the tenant that had it before', async () => {
    const single = await db.connect({ poolSize: 1 });
    expect(await single.transaction(ours, (tx) => tx.query('select name from samples'))).toHaveLength(1);
    expect(await single.system((tx) => tx.query('select name from samples'))).toEqual([]);
    await expect(single.transaction(ours, () => Promise.reject(new Error('refused')))).rejects.toThrow('refused');
    expect(await single.system((tx) => tx.query('select name from samples'))).toEqual([]);
  });

  it('the owner of the tables sees no row and writes none: row-level security is forced', async () => {
    expect((await db.owner.query('select * from samples')).rows).toEqual([]);
    expect((await db.owner.query('delete from samples')).rowCount).toBe(0);
    await expect(insert(db.owner, ours.tenantId, 'planted')).rejects.toMatchObject({ code: '42501' });
    expect(await namesOf(ours)).toEqual(['our row']);
  });

  it.each(['', 'ours', `${ours.tenantId}'`])('a transaction of "%s" is refused', async (tenantId) => {
    await expect(database.transaction({ tenantId }, () => Promise.resolve())).rejects.toThrow(
      'a transaction needs the UUID of a tenant',
    );
  });
});

describe('a transaction', () => {
  beforeEach(() => db.superuser.query('truncate samples'));

  it('leaves nothing when it fails', async () => {
    const failing = database.transaction(ours, async (tx) => {
      await insert(tx, ours.tenantId, 'first');
      await insert(tx, ours.tenantId, 'second');
      throw new Error('refused');
    });
    await expect(failing).rejects.toThrow('refused');
    expect(await namesOf(ours)).toEqual([]);
  });

  it.each<[string, () => Promise<unknown>]>([
    ['another transaction', () => database.transaction(ours, () => Promise.resolve())],
    ['a transaction of another tenant', () => database.transaction(theirs, () => Promise.resolve())],
    ['a transaction beside it', () => database.beside(ours, () => Promise.resolve())],
    ['a system transaction', () => database.system(() => Promise.resolve())],
  ])('refuses %s inside it', async (_name, inner) => {
    const outer = database.transaction(ours, async (tx) => {
      await insert(tx, ours.tenantId, 'first');
      await inner();
    });
    await expect(outer).rejects.toThrow('a transaction is open already: pass its tx on');
    expect(await namesOf(ours)).toEqual([]);
  });

  it.each<[string, () => Promise<unknown>]>([
    ['a query of the pool', () => database.pool.query('select 1')],
    ['a connection of the pool', () => database.pool.connect()],
    ['a ping', () => database.ping()],
  ])('refuses %s inside it', async (_name, outside) => {
    const outer = database.transaction(ours, async (tx) => {
      await insert(tx, ours.tenantId, 'first');
      await outside();
    });
    await expect(outer).rejects.toThrow('inside a transaction use only its tx, never another connection');
    expect(await namesOf(ours)).toEqual([]);
    expect(await database.ping()).toBe(true);
  });

  it('is over when its connection is lost, and the next one works', async () => {
    const single = await db.connect({ poolSize: 1 });
    const lost = single.transaction(ours, async (tx) => {
      await insert(tx, ours.tenantId, 'lost');
      const [{ pid }] = (await tx.query('select pg_backend_pid() as pid')) as [{ pid: number }];
      await db.superuser.query('select pg_terminate_backend($1)', [pid]);
      await insert(tx, ours.tenantId, 'after the end');
    });
    await expect(lost).rejects.toMatchObject({ kind: 'unavailable', reason: 'DATABASE_UNAVAILABLE' });
    await single.transaction(ours, (tx) => insert(tx, ours.tenantId, 'kept'));
    expect(await namesOf(ours)).toEqual(['kept']);
  });
});

describe('a server that is away', () => {
  it('makes transactions unavailable, and serves the next one when it is back', async () => {
    const link = await BreakableLink.to(new URL(db.runtimeUrl).host);
    const far = await db.connect({ url: link.over(db.runtimeUrl) });
    await far.transaction(ours, () => Promise.resolve());
    const under = far.transaction(ours, async (tx) => {
      await link.cut();
      await insert(tx, ours.tenantId, 'never');
    });
    const refusal = {
      kind: 'unavailable',
      reason: 'DATABASE_UNAVAILABLE',
      message: expect.not.stringContaining('127'),
    };
    await expect(under).rejects.toMatchObject(refusal);
    await expect(far.transaction(ours, () => Promise.resolve())).rejects.toMatchObject(refusal);
    await expect(far.system(() => Promise.resolve())).rejects.toMatchObject(refusal);
    await link.mend();
    await far.transaction(ours, (tx) => insert(tx, ours.tenantId, 'afterwards'));
    expect(await namesOf(ours)).not.toContain('never');
    await link.cut();
  });

  it('is waited for at the start, and told of once', async () => {
    const link = await BreakableLink.to(new URL(db.runtimeUrl).host);
    await link.cut();
    const told: string[] = [];
    const waiting = { waitMs: 20_000, onWait: (reason: string) => void told.push(reason) };
    const connecting = db.connect({ url: link.over(db.runtimeUrl), waiting });
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    await link.mend();
    expect(await (await connecting).ping()).toBe(true);
    expect(told).toEqual(['ECONNREFUSED']);
    await link.cut();
  });

  it('is not waited for longer than was said, and named without a secret', async () => {
    const link = await BreakableLink.to(new URL(db.runtimeUrl).host);
    await link.cut();
    const connecting = db.connect({ url: link.over(db.runtimeUrl), waiting: { waitMs: 700 } });
    const { pathname } = new URL(db.runtimeUrl);
    await expect(connecting).rejects.toThrow(
      `the database ${pathname.slice(1)} at ${link.address} does not answer (ECONNREFUSED): start it, or correct DATABASE_URL`,
    );
  });

  it.each([
    ['password', (url: URL) => (url.password = 'a-secret-canary'), '28P01'],
    ['role', (url: URL) => (url.username = 'nobody_canary'), '28P01'],
    ['database', (url: URL) => (url.pathname = '/nothing'), '3D000'],
  ])('is not waited for where it answers that it does not take the %s', async (_name, change, code) => {
    const url = new URL(db.runtimeUrl);
    change(url);
    const connecting = db.connect({ url: url.href, waiting: { waitMs: 60_000 } });
    const said = await connecting.catch((error: Error) => error.message);
    expect(said).toBe(
      `the database ${url.pathname.slice(1)} at ${url.host} does not take this service (${code}): correct DATABASE_URL`,
    );
    expect(said).not.toContain('canary');
  });
});

describe('work is done again', () => {
  beforeEach(() => db.superuser.query('truncate samples'));

  it('after a deadlock, once, by the one that lost', async () => {
    const [first, second] = ['first', 'second'].map((name) => ({ id: newId(Date.now()), name }));
    for (const row of [first!, second!]) {
      await database.transaction(ours, (tx) =>
        tx.query(`insert into samples (tenant_id, id, name, minutes) values ($1, $2, $3, 0)`, [
          ours.tenantId,
          row.id,
          row.name,
        ]),
      );
    }
    const bothHoldOne = barrier(2);
    let attempts = 0;
    const add = (tx: Tx, id: string) =>
      tx.query('update samples set minutes = minutes + 1 where tenant_id = $1 and id = $2', [ours.tenantId, id]);
    const inOrder = (one: string, other: string) =>
      database.transaction(ours, async (tx) => {
        attempts += 1;
        await add(tx, one);
        await bothHoldOne();
        await add(tx, other);
      });
    await Promise.all([inOrder(first!.id, second!.id), inOrder(second!.id, first!.id)]);
    expect(attempts).toBe(3);
    expect(await db.rows('select name, minutes from samples order by name')).toEqual([
      { name: 'first', minutes: 2 },
      { name: 'second', minutes: 2 },
    ]);
  });

  it.each(['40001', '40P01'])('after %s, from the start, until it succeeds', async (code) => {
    let attempts = 0;
    await database.transaction(ours, async (tx) => {
      attempts += 1;
      await insert(tx, ours.tenantId, `attempt ${attempts}`);
      if (attempts < 3) await raise(tx, code);
    });
    expect(attempts).toBe(3);
    expect(await namesOf(ours)).toEqual(['attempt 3']);
  });

  it('not for ever', async () => {
    let attempts = 0;
    const hopeless = database.transaction(ours, async (tx) => {
      attempts += 1;
      await raise(tx, '40001');
    });
    await expect(hopeless).rejects.toMatchObject({ code: '40001' });
    expect(attempts).toBe(6);
  });

  it.each<[string, (tx: Tx) => Promise<unknown>]>([
    ['a unique violation', (tx) => raise(tx, '23505')],
    ['a lock that is not to be had', (tx) => raise(tx, '55P03')],
    ['a cancelled statement', (tx) => raise(tx, '57014')],
    ['a refusal', () => Promise.reject(DomainError.refused('NOT_NOW', 'the state does not allow it'))],
    [
      'an error of another program with that code',
      () => Promise.reject(Object.assign(new Error('odd'), { code: 'ECONNRESET' })),
    ],
  ])('not after %s', async (_name, work) => {
    let attempts = 0;
    const failing = database.transaction(ours, async (tx) => {
      attempts += 1;
      await insert(tx, ours.tenantId, 'undone');
      await work(tx);
    });
    await expect(failing).rejects.toThrow();
    expect(attempts).toBe(1);
    expect(await namesOf(ours)).toEqual([]);
  });
});

describe('bulkInsert', () => {
  const columns = {
    tenant_id: 'uuid',
    id: 'uuid',
    name: 'text',
    on_day: 'date',
    at_moment: 'timestamptz',
    amount_minor: 'bigint',
    hours: 'numeric',
    minutes: 'integer',
    billable: 'boolean',
    digest: 'bytea',
    fields: 'jsonb',
  };
  const awkward = [
    'plain',
    '',
    'NULL',
    'null',
    '{a,b}',
    '"quoted"',
    "it's",
    'back\\slash',
    'line\nbreak',
    ' padded ',
    'réponse 📄',
    '\\x41',
  ];
  const aRow = (index: number) => ({
    tenant_id: ours.tenantId,
    id: newId(Date.now()),
    name: index % 13 === 12 ? null : awkward[index % 13]!,
    on_day: index % 7 === 0 ? null : '1969-07-20',
    at_moment: index % 5 === 0 ? null : '2026-03-02T15:00:00.123Z',
    amount_minor: 2n ** 60n + BigInt(index),
    hours: '0.2500',
    minutes: -index,
    billable: index % 2 === 0,
    digest: Buffer.from([0, 255, index % 256, 92]),
    fields: { index, 'quo"te': ['a', null] },
  });

  beforeEach(() => db.superuser.query('truncate samples'));

  it('writes 25,000 rows of every kind of column as they are', async () => {
    const rows = Array.from({ length: 25_000 }, (_, index) => aRow(index));
    await database.transaction(ours, (tx) => bulkInsert(tx, 'samples', columns, rows));
    const stored = await db.rows<Record<string, unknown>>(
      'select *, on_day::text as on_day, at_moment at time zone $1 as at_utc from samples order by minutes desc',
      ['UTC'],
    );
    expect(stored).toHaveLength(25_000);
    // Each value of each row: a slice boundary that lost or shifted one would show.
    const wrong = stored.filter((row, index) => {
      const sent = rows[index]!;
      return !(
        row['id'] === sent.id &&
        row['name'] === sent.name &&
        row['on_day'] === sent.on_day &&
        ((row['at_moment'] as Date | null)?.toISOString() ?? null) === sent.at_moment &&
        row['amount_minor'] === String(sent.amount_minor) &&
        row['hours'] === sent.hours &&
        row['billable'] === sent.billable &&
        sent.digest.equals(row['digest'] as Buffer) &&
        JSON.stringify(row['fields']) === JSON.stringify({ index, 'quo"te': ['a', null] })
      );
    });
    expect(wrong.slice(0, 3)).toEqual([]);
  });

  it('writes nothing for no rows', async () => {
    await database.transaction(ours, (tx) => bulkInsert(tx, 'samples', columns, []));
    expect(await namesOf(ours)).toEqual([]);
  });

  it('writes null where a row says nothing', async () => {
    const { tenant_id, id } = aRow(1);
    await database.transaction(ours, (tx) => bulkInsert(tx, 'samples', columns, [{ tenant_id, id }]));
    expect(await db.rows('select name, minutes, fields from samples')).toEqual([
      { name: null, minutes: null, fields: null },
    ]);
  });

  it('writes none of them where one is wrong', async () => {
    const rows = Array.from({ length: 10_001 }, (_, index) => aRow(index));
    const twice = [...rows, rows[0]!];
    const writing = database.transaction(ours, (tx) => bulkInsert(tx, 'samples', columns, twice));
    await expect(writing).rejects.toMatchObject({ code: '23505' });
    expect(await namesOf(ours)).toEqual([]);
  });
});

describe('columns', () => {
  const roundTrip = async (values: Partial<Sample>): Promise<Sample> => {
    const id = newId(Date.now());
    await database.transaction(ours, (tx) => tx.insert(Sample, { ...values, tenantId: ours.tenantId, id }));
    return database.transaction(ours, (tx) => tx.findOneByOrFail(Sample, { tenantId: tx.tenantId, id }));
  };

  it.each(['0001-01-01', '1900-02-28', '1969-07-20', '2024-02-29', '2026-03-29', '9999-12-31'])(
    'keep the date %s',
    async (day) => {
      expect((await roundTrip({ onDay: Temporal.PlainDate.from(day) })).onDay?.toString()).toBe(day);
    },
  );

  it.each([
    ['1969-12-31T23:59:59.999Z', '1969-12-31T23:59:59.999Z'],
    ['1970-01-01T00:00:00Z', '1970-01-01T00:00:00Z'],
    ['2026-03-08T09:59:59.001Z', '2026-03-08T09:59:59.001Z'],
    ['2026-03-02T15:00:00.123456789Z', '2026-03-02T15:00:00.123Z'],
    ['9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
  ])('keep the moment %s to the millisecond', async (moment, kept) => {
    expect((await roundTrip({ atMoment: Temporal.Instant.from(moment) })).atMoment?.toString()).toBe(kept);
  });

  it.each([0n, -1n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)])('keep the amount %s', async (amountMinor) => {
    expect((await roundTrip({ amountMinor })).amountMinor).toBe(amountMinor);
  });

  it.each([0n, 1n, -1n, 2_500n, 10_000n, 99_999_999_999_999n, -99_999_999_999_999n])(
    'keep %s ten-thousandths',
    async (hours) => {
      expect((await roundTrip({ hours })).hours).toBe(hours);
    },
  );

  it('keep nothing as nothing', async () => {
    const stored = await roundTrip({ onDay: null, atMoment: null, amountMinor: null, hours: null });
    expect(stored).toMatchObject({ name: null, onDay: null, atMoment: null, amountMinor: null, hours: null });
  });
});

describe('pages', () => {
  const pageSize = (size: number) => ({ size, token: '' });
  const token = (text: string) => Buffer.from(text).toString('base64url');
  const ids: string[] = [];
  let theirToken = '';

  const pageOf = (scope: { tenantId: string }, page: { size: number; token: string }) =>
    database.transaction(scope, async (tx) => {
      const query = pageQuery(page);
      const rows: { id: string }[] = await tx.query(
        'select id from samples where tenant_id = $1 and ($2::uuid is null or id > $2) order by id limit $3',
        [tx.tenantId, query.after ?? null, query.size + 1],
      );
      return pageResult(rows, query, (row) => row.id);
    });

  beforeAll(async () => {
    await db.superuser.query('truncate samples');
    for (let index = 0; index < 14; index++) {
      const scope = index % 2 === 0 ? ours : theirs;
      const id = newId(Date.now());
      if (scope === ours) ids.push(id);
      await database.transaction(scope, (tx) => tx.insert(Sample, { tenantId: scope.tenantId, id }));
    }
    theirToken = (await pageOf(theirs, pageSize(3))).page.nextToken;
  });

  it.each([1, 2, 3, 6, 7, 8, 200])('of %i show every row once, in order, and end', async (size) => {
    const seen: string[] = [];
    let token = '';
    do {
      const { items, page } = await pageOf(ours, { size, token });
      expect(items.length).toBeGreaterThan(0);
      expect(items.length).toBeLessThanOrEqual(size);
      seen.push(...items.map((row) => row.id));
      token = page.nextToken;
    } while (token !== '');
    expect(seen).toEqual(ids);
  });

  it('are empty, and the last, where there is nothing', async () => {
    expect(await pageOf({ tenantId: newId(Date.now()) }, pageSize(5))).toEqual({ items: [], page: { nextToken: '' } });
  });

  it.each([
    ['nothing is said', undefined, 50],
    ['the size is 0', pageSize(0), 50],
    ['the least is asked for', pageSize(1), 1],
    ['the most is asked for', pageSize(200), 200],
  ])('have their size where %s', (_name, page, size) => {
    expect(pageQuery(page)).toEqual({ size, after: undefined });
  });

  it.each([-1, 201, 2 ** 31 - 1, -(2 ** 31)])('of %i are refused', (size) => {
    expect(() => pageQuery(pageSize(size))).toThrow(
      expect.objectContaining({
        kind: 'invalid',
        reason: 'PAGE_SIZE',
        violations: [expect.objectContaining({ field: 'page.size' })],
      }),
    );
  });

  it.each([
    ['nonsense', '***'],
    ['an id as it is', '01890a5d-ac96-774b-bcce-b302099a8057'],
    ['a cursor of another version', token('2:01890a5d-ac96-774b-bcce-b302099a8057')],
    ['a cursor that is no id', token("1:' or true --")],
    ['no cursor', token('1:')],
    ['a token with padding', `${token('1:01890a5d-ac96-774b-bcce-b302099a8057')}==`],
    ['bytes that are no text', Buffer.from([0x31, 0x3a, 0xff, 0xfe]).toString('base64url')],
  ])('behind %s are refused', (_name, bad) => {
    expect(() => pageQuery({ size: 0, token: bad })).toThrow(
      expect.objectContaining({
        kind: 'invalid',
        reason: 'PAGE_TOKEN',
        violations: [expect.objectContaining({ field: 'page.token' })],
      }),
    );
  });

  it("behind another tenant's token show nothing of that tenant", async () => {
    const { items } = await pageOf(ours, { size: 200, token: theirToken });
    expect(ids).toEqual(expect.arrayContaining(items.map((row) => row.id)));
    expect(items.length).toBeGreaterThan(0);
  });
});

describe('findIsolationFaults', () => {
  const policy = `tenant_id = (select nullif(current_setting('paradesk.tenant', true), '')::uuid)`;
  const isolated = (columns: string, key = 'primary key (tenant_id, id)') => `
    create table planted (tenant_id uuid not null, id uuid not null, ${columns} ${key});
    alter table planted enable row level security;
    alter table planted force row level security;
    create policy tenant_isolation on planted using (${policy}) with check (${policy});`;
  const faults = (directories: string[] = []) =>
    findIsolationFaults(async (sql, parameters) => (await db.runtime.query(sql, parameters)).rows, directories);

  afterEach(() =>
    db.superuser.query(
      'drop view if exists planted_view; drop materialized view if exists planted_copy; drop table if exists planted',
    ),
  );

  it('finds none in a database that has none', async () => {
    expect(await faults()).toEqual([]);
    await db.owner.query(isolated('name text,'));
    await db.owner.query('create unique index planted_name on planted (tenant_id, lower(name))');
    await db.owner.query('create index planted_search on planted (name)');
    await db.owner.query('create policy tighter on planted as restrictive using (name is not null)');
    await db.owner.query('create view planted_view with (security_invoker = true) as select * from planted');
    expect(await faults()).toEqual([]);
  });

  const isolation = 'has no policy tenant_isolation for all commands';
  it.each([
    [
      'a table without row-level security',
      `${isolated('')} alter table planted disable row level security`,
      'row-level security is not enabled and forced',
    ],
    [
      'a table whose row-level security is not forced',
      `${isolated('')} alter table planted no force row level security`,
      'row-level security is not enabled and forced',
    ],
    ['a table without a policy', `${isolated('')} drop policy tenant_isolation on planted`, isolation],
    [
      'a policy under another name',
      `${isolated('')} alter policy tenant_isolation on planted rename to tenants`,
      isolation,
    ],
    [
      'a policy for reading only',
      `${isolated('')} drop policy tenant_isolation on planted; create policy tenant_isolation on planted for select using (${policy})`,
      isolation,
    ],
    [
      'a policy that checks no new rows by itself',
      `${isolated('')} drop policy tenant_isolation on planted; create policy tenant_isolation on planted using (${policy})`,
      isolation,
    ],
    [
      'a policy that lets everything be read',
      `${isolated('')} alter policy tenant_isolation on planted using (true)`,
      isolation,
    ],
    [
      'a policy that lets everything be written',
      `${isolated('')} alter policy tenant_isolation on planted with check (true)`,
      isolation,
    ],
    [
      'a policy that has a way around',
      `${isolated('')} alter policy tenant_isolation on planted using (${policy} or current_user = 'support')`,
      isolation,
    ],
    [
      'another permissive policy',
      `${isolated('')} create policy support on planted for select using (true)`,
      'has another permissive policy',
    ],
    ['a table without a tenant', 'create table planted (id uuid primary key)', 'has no tenant_id'],
    [
      'a tenant that may be absent',
      `${isolated('', 'unique (tenant_id, id)')} alter table planted alter tenant_id drop not null`,
      'has no tenant_id',
    ],
    [
      'a primary key that does not start with the tenant',
      isolated('', 'primary key (id, tenant_id)'),
      'key planted_pkey does not start with tenant_id',
    ],
    [
      'a unique name across tenants',
      isolated('name text unique,'),
      'key planted_name_key does not start with tenant_id',
    ],
    [
      'a unique index across tenants',
      `${isolated('name text,')} create unique index planted_name on planted (name, tenant_id)`,
      'key planted_name does not start with tenant_id',
    ],
    [
      'a unique index on an expression',
      `${isolated('name text,')} create unique index planted_name on planted (lower(name), tenant_id)`,
      'key planted_name does not start with tenant_id',
    ],
    [
      'a foreign key without the tenant',
      `${isolated('other uuid,')} create table if not exists planted_target (id uuid primary key); alter table planted add constraint planted_other foreign key (other) references planted_target (id)`,
      'foreign key planted_other does not carry tenant_id',
    ],
    [
      'a view that reads as its owner',
      `${isolated('')} create view planted_view as select * from planted`,
      'view is not security_invoker',
    ],
    [
      'a materialized view',
      `${isolated('')} create materialized view planted_copy as select * from planted`,
      'view is not security_invoker',
    ],
    ['a table that the run-time role owns', `${isolated('')}`, 'is owned by the run-time role'],
  ])('finds %s', async (name, sql, fault) => {
    await db.owner.query(sql);
    if (name.endsWith('role owns')) {
      const { rows } = await db.runtime.query<{ me: string }>('select current_user as me');
      await db.superuser.query(`alter table planted owner to ${rows[0]!.me}`);
    }
    const found = await faults(['planted_target']);
    await db.superuser.query('drop table if exists planted_target cascade');
    expect(found.map((one) => one.fault)).toContain(fault);
    expect(found.filter((one) => !one.table.startsWith('planted'))).toEqual([]);
  });

  it('finds a run-time role that passes by row-level security', async () => {
    const found = await findIsolationFaults(
      async (sql, parameters) => (await db.superuser.query(sql, parameters)).rows,
    );
    expect(found.map((one) => one.fault)).toContain('the run-time role bypasses row-level security');
  });

  it('looks past the directories that it is told of, and nothing else', async () => {
    await db.owner.query('create table planted (id uuid primary key)');
    expect(await faults(['planted'])).toEqual([]);
    expect(await faults(['plant'])).not.toEqual([]);
  });
});

function raise(tx: Tx, code: string): Promise<unknown> {
  return tx.query(`do $$ begin raise exception 'raised for the test' using errcode = '${code}'; end $$`);
}

/** Lets `count` callers through together; later ones at once. */
function barrier(count: number): () => Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let waiting = 0;
  return () => {
    waiting += 1;
    if (waiting >= count) resolve();
    return promise;
  };
}
