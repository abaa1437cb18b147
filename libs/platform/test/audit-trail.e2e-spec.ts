import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Role } from '@paradesk/contracts/paradesk/common/v1/rule';
import { newId } from '@paradesk/kernel';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { acting, type Act } from '../src/audit/act.js';
import { findAuditFaults, trailTenantTables } from '../src/audit/trail.js';
import { bulkInsert } from '../src/database/bulk-insert.js';
import type { Database, Tx } from '../src/database/database.js';
import { isolateByTenant } from '../src/database/row-level-security.js';
import { PlatformDatabase } from './platform-database.js';

class CreateThings1767225600000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table things (
        tenant_id uuid not null,
        id uuid not null,
        name text,
        minutes integer,
        amount numeric(14,4),
        seen_at timestamptz,
        fields jsonb,
        secret_sha256 bytea,
        "select" text,
        primary key (tenant_id, id)
      )`);
    await runner.query(`
      create table thing_parts (
        tenant_id uuid not null,
        thing_id uuid not null,
        position integer not null,
        primary key (tenant_id, thing_id, position)
      )`);
    for (const table of ['things', 'thing_parts']) await isolateByTenant(runner, table);
    await runner.query('create table thing_sign_ins (public_id text primary key, tenant_id uuid not null, place text)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table things, thing_parts, thing_sign_ins');
  }
}

interface RecordRow {
  readonly id: string;
  readonly at: Date;
  readonly action: string;
  readonly person_id: string | null;
  readonly role: string | null;
  readonly service: string | null;
  readonly rule: string | null;
  readonly outcome: string;
  readonly table_name: string;
  readonly row_id: string;
  readonly before_hash: Buffer | null;
  readonly after_hash: Buffer | null;
  readonly changes: Record<string, unknown> | null;
  readonly changes_hash: Buffer | null;
}

const tenantId = newId(Date.now());
const person = newId(Date.now());
const act: Act = {
  action: '/paradesk.billing.v1.TimeEntriesService/RecordTime',
  rule: 'SUBSTANTIVE: PARALEGAL',
  caller: { tenantId, role: Role.PARALEGAL, personId: person },
};

let db: PlatformDatabase;
let database: Database;
beforeAll(async () => {
  db = await PlatformDatabase.open([CreateThings1767225600000]);
  database = await db.connect();
});
afterAll(() => db.close());
afterEach(() => db.superuser.query('truncate things, thing_parts, thing_sign_ins, audit.records'));

const change = (work: (tx: Tx) => Promise<unknown>) =>
  acting({ ...act }, () => database.transaction({ tenantId }, work));
const insert = (id: string, name = 'first', minutes = 6) =>
  change((tx) =>
    tx.query('insert into things (tenant_id, id, name, minutes) values ($1, $2, $3, $4)', [
      tenantId,
      id,
      name,
      minutes,
    ]),
  );
const trail = () =>
  trailTenantTables({ query: async (sql, parameters) => (await db.owner.query(sql, parameters)).rows });
const records = () => db.rows<RecordRow>('select * from audit.records order by id');
const lastRecord = async () => (await records()).at(-1)!;

describe('a change of a tenant table', () => {
  it('leaves who did what by which rule, and the hash of the new row', async () => {
    const id = newId(Date.now());
    await insert(id);
    const [record, ...others] = await records();
    expect(others).toEqual([]);
    expect(record).toMatchObject({
      tenant_id: tenantId,
      action: act.action,
      person_id: person,
      role: 'PARALEGAL',
      service: null,
      rule: 'SUBSTANTIVE: PARALEGAL',
      outcome: 'done',
      table_name: 'things',
      row_id: id,
      before_hash: null,
      changes: null,
      sequence: null,
    });
    expect(record?.after_hash).toHaveLength(32);
    expect(Math.abs(record!.at.getTime() - Date.now())).toBeLessThan(60_000);
  });

  it.each<[string, string, Record<string, unknown>]>([
    ['a text', `name = 'it''s "new" \u2028 \u00e9'`, { name: ['first', `it's "new" \u2028 \u00e9`] }],
    ['a number', 'minutes = 7', { minutes: [6, 7] }],
    ['a number to nothing', 'minutes = null', { minutes: [6, null] }],
    ['a decimal', 'amount = 12.5', { amount: [null, 12.5] }],
    ['JSON', `fields = '{"a": null}'`, { fields: [null, { a: null }] }],
    ['a column with the name of a keyword', `"select" = 'x'`, { select: [null, 'x'] }],
    ['two columns', `name = 'b', minutes = 1`, { name: ['first', 'b'], minutes: [6, 1] }],
    ["bytes, which nobody reads: that they differ shows in the row's hash", `secret_sha256 = '\\xff'`, {}],
  ])('leaves %s as it was and as it is', async (_name, assignment, changes) => {
    const id = newId(Date.now());
    await insert(id);
    const inserted = await lastRecord();
    await change((tx) => tx.query(`update things set ${assignment} where id = $1`, [id]));
    const updated = await lastRecord();
    expect(updated).toMatchObject({ row_id: id, changes, before_hash: inserted.after_hash });
    expect(updated.after_hash).not.toEqual(updated.before_hash);
  });

  it('leaves all of a deleted row', async () => {
    const id = newId(Date.now());
    await insert(id);
    await change((tx) => tx.query('delete from things where id = $1', [id]));
    const deleted = await lastRecord();
    expect(deleted).toMatchObject({ row_id: id, after_hash: null });
    expect(deleted.changes).toMatchObject({ name: ['first', null], minutes: [6, null], fields: [null, null] });
    expect(deleted.changes).not.toHaveProperty('secret_sha256');
  });

  it('leaves nothing where nothing changes, or where it is undone', async () => {
    const id = newId(Date.now());
    await insert(id);
    await change((tx) => tx.query('update things set name = name'));
    const undone = change(async (tx) => {
      await tx.query(`update things set name = 'undone'`);
      throw new Error('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    expect(await records()).toHaveLength(1);
  });

  it('of its key leaves that one row went and another came', async () => {
    const [from, to] = [newId(Date.now()), newId(Date.now())];
    await insert(from);
    await change((tx) => tx.query('update things set id = $2 where id = $1', [from, to]));
    const [, ...moved] = await records();
    expect(moved.map((record) => [record.row_id, !record.before_hash, !record.after_hash]).sort()).toEqual(
      [
        [from, false, true],
        [to, true, false],
      ].sort(),
    );
  });

  it('names the row by the rest of its key where it has no id', async () => {
    const thing = newId(Date.now());
    await change((tx) => tx.query('insert into thing_parts values ($1, $2, 3)', [tenantId, thing]));
    expect(await lastRecord()).toMatchObject({ table_name: 'thing_parts', row_id: `${thing}/3` });
  });

  it('leaves a trail where there is no row-level security, too', async () => {
    await change((tx) => tx.query(`insert into thing_sign_ins values ('p-1', $1)`, [tenantId]));
    await change((tx) => tx.query(`update thing_sign_ins set place = 'here'`));
    const [, updated] = await records();
    expect(updated).toMatchObject({ tenant_id: tenantId, row_id: 'p-1', changes: { place: [null, 'here'] } });
  });

  it('that is an upsert leaves one record, of what it came to', async () => {
    const id = newId(Date.now());
    const upsert = (name: string) =>
      change((tx) =>
        tx.query(
          'insert into things (tenant_id, id, name) values ($1, $2, $3) on conflict (tenant_id, id) do update set name = excluded.name',
          [tenantId, id, name],
        ),
      );
    await upsert('a');
    await upsert('b');
    expect((await records()).map(({ changes }) => changes)).toEqual([null, { name: ['a', 'b'] }]);
  });

  it('by a bulk insert leaves a record of each row', async () => {
    const rows = Array.from({ length: 2500 }, (_, index) => ({
      tenant_id: tenantId,
      id: newId(Date.now()),
      name: `${index}`,
    }));
    await change((tx) => bulkInsert(tx, 'things', { tenant_id: 'uuid', id: 'uuid', name: 'text' }, rows));
    const all = await records();
    expect(new Set(all.map((record) => record.row_id))).toEqual(new Set(rows.map((row) => row.id)));
  });

  it('past the services is laid to the role that signed in', async () => {
    const id = newId(Date.now());
    await db.superuser.query('insert into things (tenant_id, id) values ($1, $2)', [tenantId, id]);
    expect(await lastRecord()).toMatchObject({ action: 'sql postgres', person_id: null, row_id: id });
  });

  it('is recorded in the same words whatever the session speaks', async () => {
    const id = newId(Date.now());
    await insert(id);
    await change((tx) => tx.query(`update things set seen_at = '2026-03-02T15:00:00Z'`));
    const { after_hash: hash } = await lastRecord();
    await db.superuser.query(`set timezone = 'Asia/Tokyo'; set datestyle = 'German'`);
    await db.superuser.query(`update things set name = 'x'`);
    await db.superuser.query('reset timezone; reset datestyle');
    expect((await lastRecord()).before_hash).toEqual(hash);
  });
});

describe('the trail', () => {
  it.each([
    ['read another tenant’s records', 'select 1 / count(*) from audit.records', '22012'],
    ['change a record', `update audit.records set action = 'x'`, '42501'],
    ['delete a record', 'delete from audit.records', '42501'],
    ['empty the trail', 'truncate audit.records', '42501'],
    [
      'seal a record by hand',
      `insert into audit.records (tenant_id, action, outcome, sequence, hash) values ('${tenantId}', 'x', 'done', 1, '')`,
      '42501',
    ],
    [
      'add a record of another tenant',
      `insert into audit.records (tenant_id, action, outcome) values ('${newId(1)}', 'x', 'done')`,
      '42501',
    ],
    ['move a head', `update audit.heads set sequence = 0`, '42501'],
    ['switch off a trigger', 'alter table things disable trigger audit_update', '42501'],
    ['empty a table', 'truncate things', '42501'],
  ])('does not let the role that serves %s', async (_name, sql, code) => {
    await insert(newId(Date.now()));
    await expect(db.runtime.query(sql)).rejects.toMatchObject({ code });
    expect(await records()).toHaveLength(1);
  });

  it('goes on for columns that come later', async () => {
    await insert(newId(Date.now()));
    await db.owner.query('alter table things add column later text');
    try {
      await trail();
      await change((tx) => tx.query(`update things set later = 'here'`));
      expect((await lastRecord()).changes).toEqual({ later: [null, 'here'] });
    } finally {
      await db.owner.query('alter table things drop column later');
      await trail();
    }
  });
});

describe('findAuditFaults', () => {
  const faults = () => findAuditFaults(async (sql, parameters) => (await db.runtime.query(sql, parameters)).rows);
  afterEach(async () => {
    await db.superuser.query('drop table if exists planted; alter table things enable trigger all');
    const { rows } = await db.runtime.query<{ me: string }>('select current_user as me');
    await db.superuser.query(
      `revoke truncate on things from ${rows[0]!.me}; revoke update (action) on audit.records from ${rows[0]!.me}`,
    );
    await trail();
  });

  it('finds none where all leave a trail', async () => {
    expect(await faults()).toEqual([]);
  });

  it('finds a tenant table that nobody trails, until migrations have run', async () => {
    await db.owner.query(
      'create table planted (tenant_id uuid not null, id uuid not null, primary key (tenant_id, id))',
    );
    await isolateByTenant(db.owner as unknown as QueryRunner, 'planted');
    expect(await faults()).toEqual(
      ['insert', 'update', 'delete'].map((event) => ({ table: 'planted', fault: `leaves no trail of ${event}` })),
    );
    await trail();
    expect(await faults()).toEqual([]);
  });

  it.each([
    ['a trigger that is gone', 'drop trigger audit_delete on things', 'leaves no trail of delete'],
    ['a trigger that is off', 'alter table things disable trigger audit_update', 'leaves no trail of update'],
    ['a right to empty a table', 'grant truncate on things to $me', 'may be truncated by the run-time role'],
    [
      'a right to change records',
      'grant update (action) on audit.records to $me',
      'may be changed by the run-time role',
    ],
  ])('finds %s', async (_name, sql, fault) => {
    const { rows } = await db.runtime.query<{ me: string }>('select current_user as me');
    await db.superuser.query(sql.replace('$me', rows[0]!.me));
    expect((await faults()).map((one) => one.fault)).toEqual([fault]);
  });
});
