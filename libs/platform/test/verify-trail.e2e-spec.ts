import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Role } from '@paradesk/contracts/paradesk/common/v1/rule';
import { newId } from '@paradesk/kernel';
import fc from 'fast-check';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { acting } from '../src/audit/act.js';
import { addRecord } from '../src/audit/audit-records.js';
import { chainHash, type ChainedRecord } from '../src/audit/chain.js';
import { Sealer } from '../src/audit/sealer.js';
import { type SignedHead, verifyTrail } from '../src/audit/verify-trail.js';
import type { Database } from '../src/database/database.js';
import { isolateByTenant } from '../src/database/row-level-security.js';
import { PlatformDatabase } from './platform-database.js';

class CreateThings1767225600000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'create table things (tenant_id uuid not null, id uuid not null, name text, primary key (tenant_id, id))',
    );
    await isolateByTenant(runner, 'things');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table things');
  }
}

let db: PlatformDatabase;
let database: Database;
let sealer: Sealer;
const ours = newId(Date.now());
const theirs = newId(Date.now());
const act = { action: 'job "quoted" \\ \u0001\u007f\u2028\u00e9\ud83d\ude00', rule: 'SUBSTANTIVE: PARALEGAL' };

beforeAll(async () => {
  db = await PlatformDatabase.open([CreateThings1767225600000]);
  database = await db.connect();
  sealer = new Sealer(database, { warn: () => undefined });
});
afterAll(() => db.close());

/** Three acts of a tenant: rows that come, change and go, and a refusal. Seven records. */
async function work(tenantId: string): Promise<void> {
  const caller = { tenantId, role: Role.PARALEGAL, personId: newId(Date.now()) };
  await acting({ ...act, caller }, () =>
    database.transaction({ tenantId }, async (tx) => {
      await tx.query(`insert into things select $1, uuidv7(), 'thing ' || i from generate_series(1, 4) i`, [tenantId]);
    }),
  );
  await acting({ action: 'event paradesk.identity.clients' }, () =>
    database.transaction({ tenantId }, async (tx) => {
      await tx.query(`update things set name = 'other' where name = 'thing 1'`);
      await tx.query(`delete from things where name = 'other'`);
      await addRecord(tx, tenantId, { ...act, caller }, { outcome: 'refused', reason: 'ROLE_NOT_ALLOWED' });
    }),
  );
}

/** What identity would have signed now. */
async function heads(): Promise<SignedHead[]> {
  const rows = await db.rows<{ tenant_id: string; sequence: string; hash: string }>(
    `select tenant_id, sequence, encode(hash, 'hex') as hash from audit.heads`,
  );
  return rows.map((row) => ({
    tenantId: row.tenant_id,
    service: 'billing',
    sequence: BigInt(row.sequence),
    hash: row.hash,
    at: 'noon',
  }));
}

const verify = (signed: readonly SignedHead[]) =>
  verifyTrail({ service: 'billing', databaseUrl: superuserUrl(), heads: signed });
function superuserUrl(): string {
  const url = new URL(process.env['PARADESK_TEST_POSTGRES'] ?? '');
  url.pathname = new URL(db.runtimeUrl).pathname;
  return url.href;
}
const run = (sql: string, values: unknown[] = []) => db.superuser.query(sql, values);

let signed: SignedHead[];
beforeEach(async () => {
  await run('truncate things, audit.records, audit.heads');
  for (const tenantId of [ours, theirs, ours]) await work(tenantId);
  await sealer.seal();
  signed = await heads();
  await work(ours);
  await sealer.seal();
});

describe('a healthy trail', () => {
  it('has no faults, and both codes compute the same chain', async () => {
    expect(signed).toHaveLength(2);
    expect(await verify(signed)).toEqual({ records: 28, heads: 2, faults: [] });
    expect((await verify(await heads())).faults).toEqual([]);
  });

  it('is chained for each tenant without a gap, in whatever order transactions end', async () => {
    const slow = await db.connect();
    const [begun, finish] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const late = slow.transaction({ tenantId: ours }, async (tx) => {
      await tx.query(`insert into things values ($1, uuidv7(), 'late')`, [ours]);
      begun.resolve();
      await finish.promise;
    });
    await begun.promise;
    await work(ours);
    await sealer.seal();
    finish.resolve();
    await late;
    await sealer.seal();
    expect(await verify(signed)).toMatchObject({ records: 36, faults: [] });
  });

  it('is sealed once by sealers that run at once', async () => {
    const sealers = [sealer, new Sealer(await db.connect(), { warn: () => undefined })];
    await run(`insert into things select $1, uuidv7(), 'many' from generate_series(1, 5000)`, [ours]);
    while ((await db.rows('select from audit.records where sequence is null limit 1')).length > 0)
      await Promise.all(sealers.map((one) => one.seal()));
    expect(await verify(signed)).toMatchObject({ records: 5028, faults: [] });
  });

  it('shows records that were never sealed', async () => {
    await work(theirs);
    expect((await verify(signed)).faults).toEqual([]);
    await run(`insert into audit.records (tenant_id, id, action, outcome) values ($1, $2, 'forged', 'done')`, [
      theirs,
      newId(Date.now() - 3_600_000),
    ]);
    expect((await verify(signed)).faults).toMatchObject([
      { tenantId: theirs, what: expect.stringContaining('1 records are not sealed') },
    ]);
  });

  it('is not taken for an empty one by a role that sees no tenant', async () => {
    await expect(verifyTrail({ service: 'billing', databaseUrl: db.runtimeUrl, heads: [] })).rejects.toMatchObject({
      code: '42501',
    });
  });
});

const AT = `where tenant_id = '${ours}' and sequence =`;
const columns: readonly (readonly [string, string])[] = [
  ['tenant_id', `'${newId(3)}'`],
  ['id', `'${newId(3)}'`],
  ['action', `action || ' '`],
  ['person_id', `'${newId(3)}'`],
  ['role', `coalesce(role, '') || 'X'`],
  ['service', `'billing'`],
  ['rule', `coalesce(rule, '') || 'X'`],
  ['outcome', `case outcome when 'done' then 'refused' else 'done' end`],
  ['reason', `coalesce(reason, '') || 'X'`],
  ['table_name', `coalesce(table_name, '') || 'X'`],
  ['row_id', `coalesce(row_id, '') || 'X'`],
  ['before_hash', `coalesce(before_hash, '') || '\\x00'`],
  ['after_hash', `coalesce(after_hash, '') || '\\x00'`],
  ['changes', `coalesce(changes, '{}') || '{"forged": [1, 2]}'`],
  ['changes_hash', `coalesce(changes_hash, '') || '\\x00'`],
  ['sequence', 'sequence + 1000'],
  ['hash', `sha256(hash)`],
];

/** The chain of a tenant from a record on as the database would have made it: what somebody who can write everything would do. */
async function recompute(from: number): Promise<void> {
  const rows = await db.rows<ChainedRecord & { sequence: string; hash: string }>(
    `select tenant_id, id, action, person_id, role, service, rule, outcome, reason, table_name, row_id, encode(before_hash, 'hex') as before_hash,
       encode(after_hash, 'hex') as after_hash, encode(changes_hash, 'hex') as changes_hash, sequence, encode(hash, 'hex') as hash
     from audit.records r where tenant_id = $1 and sequence is not null order by r.sequence`,
    [ours],
  );
  let previous = '';
  for (const [index, row] of rows.entries()) {
    if (Number(row.sequence) >= from) {
      previous = chainHash(previous, row);
      await run(`update audit.records set sequence = $3, hash = decode($4, 'hex') where tenant_id = $1 and id = $2`, [
        ours,
        row.id,
        index + 1,
        previous,
      ]);
    } else previous = row.hash;
  }
  await run(`update audit.heads set sequence = $2, hash = decode($3, 'hex') where tenant_id = $1`, [
    ours,
    rows.length,
    previous,
  ]);
}

describe('a trail that somebody changed', () => {
  it.each(columns)('shows an edited %s, at that record', async (column, value) => {
    const edited = column === 'tenant_id' || column === 'sequence' ? 5 : 7;
    await run(`update audit.records set ${column} = ${value} ${AT} ${edited}`);
    const { faults } = await verify(signed);
    expect(faults.length).toBeGreaterThan(0);
    if (!['tenant_id', 'sequence', 'hash'].includes(column))
      expect(new Set(faults.map((fault) => `${fault.tenantId} ${fault.sequence}`))).toEqual(new Set([`${ours} 7`]));
  });

  it.each<[string, () => Promise<unknown>, string]>([
    ['a record that is gone', () => run(`delete from audit.records ${AT} 3`), 'record 3 is missing'],
    [
      'several that are gone',
      () => run(`delete from audit.records ${AT} any ('{3,4,5}')`),
      'records 3 to 5 are missing',
    ],
    ['the first that is gone', () => run(`delete from audit.records ${AT} 1`), 'record 1 is missing'],
    [
      'changes that were taken out',
      () => run(`update audit.records set changes = null ${AT} 5`),
      'the changes were taken out of it',
    ],
    [
      'a tail that is cut off',
      () => run(`delete from audit.records where tenant_id = '${ours}' and sequence > 16`),
      'the chain ends at 16, and 21 was noted',
    ],
    [
      'a tail that is cut off behind a signed head, and the end noted anew',
      async () => {
        await run(`delete from audit.records where tenant_id = '${ours}' and sequence > 10`);
        await recompute(11);
      },
      'the record is gone whose hash was signed at noon',
    ],
    [
      'a tenant whose trail is gone as if it had never been',
      async () => {
        await run(`delete from audit.records where tenant_id = '${theirs}'`);
        await run(`delete from audit.heads where tenant_id = '${theirs}'`);
      },
      'the record is gone whose hash was signed at noon',
    ],
    [
      'a chain computed anew over an edited record',
      async () => {
        await run(`update audit.records set action = 'forged' ${AT} 2`);
        await recompute(1);
      },
      'is not the record whose hash was signed at noon',
    ],
    [
      'a noted end that is gone',
      () => run(`delete from audit.heads where tenant_id = '${theirs}'`),
      'the end of the chain is not noted',
    ],
  ])('shows %s', async (_name, change, what) => {
    await change();
    expect((await verify(signed)).faults.map((fault) => fault.what)).toContain(what);
  });

  // Up to the signed head nothing may change, whoever does it and however well: with the chain computed anew, or not.
  it('shows every one of random changes', async () => {
    const at = fc.integer({ min: 1, max: 14 });
    const change = fc.oneof(
      fc.record({ is: fc.constant('edit' as const), at, column: fc.integer({ min: 0, max: columns.length - 1 }) }),
      fc.record({ is: fc.constant('delete' as const), at }),
      fc.record({ is: fc.constant('swap' as const), at, with: fc.integer({ min: 1, max: 13 }) }),
      fc.record({ is: fc.constant('insert' as const), at }),
      fc.record({ is: fc.constant('cut' as const), at }),
      fc.record({ is: fc.constant('swap texts' as const), at, with: fc.integer({ min: 1, max: 13 }) }),
    );
    await fc.assert(
      fc.asyncProperty(change, fc.boolean(), async (mutation, covered) => {
        await run('begin');
        await run('drop index audit.records_chain');
        const pristine = await fingerprint();
        await mutate(mutation);
        if (covered) await recompute(mutation.at);
        const unchanged = (await fingerprint()) === pristine;
        await run('commit');
        const { faults } = await verify(signed);
        await restore();
        if (unchanged) expect(faults).toEqual([]);
        else expect(faults.length).toBeGreaterThan(0);
      }),
      { numRuns: 60 },
    );
  }, 120_000);
});

async function fingerprint(): Promise<string> {
  const [row] = await db.rows<{ hash: string }>(
    `select md5(string_agg(md5((to_jsonb(r) - 'at')::text), '' order by id)) as hash from audit.records r`,
  );
  return row!.hash;
}

interface Mutation {
  readonly is: 'edit' | 'delete' | 'swap' | 'insert' | 'cut' | 'swap texts';
  readonly at: number;
  readonly with?: number;
  readonly column?: number;
}

async function mutate({ is, at, with: distance = 1, column = 0 }: Mutation): Promise<void> {
  await run(
    'create table if not exists kept as select * from audit.records; create table if not exists kept_heads as select * from audit.heads',
  );
  const other = ((at - 1 + distance) % 14) + 1;
  const [name, value] = columns[column]!;
  const swapped = (set: string) =>
    `update audit.records r set ${set} from audit.records o where r.tenant_id = '${ours}' and o.tenant_id = r.tenant_id
     and ((r.sequence = ${at} and o.sequence = ${other}) or (r.sequence = ${other} and o.sequence = ${at}))`;
  const sql = {
    edit: `update audit.records set ${name} = ${value} ${AT} ${at}`,
    delete: `delete from audit.records ${AT} ${at}`,
    cut: `delete from audit.records where tenant_id = '${ours}' and sequence >= ${at}`,
    swap: swapped('sequence = o.sequence'),
    'swap texts': swapped('action = o.action, table_name = o.table_name, row_id = o.row_id, after_hash = o.after_hash'),
    insert: `update audit.records set sequence = sequence + 1 where tenant_id = '${ours}' and sequence >= ${at};
      insert into audit.records (tenant_id, action, outcome, sequence, hash) values ('${ours}', 'forged', 'done', ${at}, sha256('forged'))`,
  }[is];
  await run(sql);
}

async function restore(): Promise<void> {
  await run(`truncate audit.records, audit.heads;
    alter table kept drop column at;
    insert into audit.records (${(await columnsOf('kept')).join(', ')}) select * from kept;
    insert into audit.heads select * from kept_heads;
    drop table kept, kept_heads;
    create unique index if not exists records_chain on audit.records (tenant_id, sequence) where sequence is not null`);
}

async function columnsOf(table: string): Promise<string[]> {
  const rows = await db.rows<{ name: string }>(
    `select attname as name from pg_attribute where attrelid = $1::regclass and attnum > 0 and not attisdropped and attname <> 'at' order by attnum`,
    [table],
  );
  return rows.map(({ name }) => name);
}
