import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Caller } from '@paradesk/access';
import { Matter } from '@paradesk/contracts/paradesk/assignment/v1/matters';
import { Role } from '@paradesk/contracts/paradesk/common/v1/rule';
import { newId } from '@paradesk/kernel';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { firstHidden, keepMatterAccess } from '../src/access/matter-access.js';
import type { Database, Tx } from '../src/database/database.js';
import { findIsolationFaults, isolateByMatter, isolateByTenant } from '../src/database/row-level-security.js';
import { PlatformDatabase } from './platform-database.js';

/** A service's tables of every kind: of a matter, of a client and perhaps a matter, of several matters, and a part of one. */
class CreateWork1767225600000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    const key = 'primary key (tenant_id, id)';
    await runner.query(
      `create table entries (tenant_id uuid not null, id uuid not null, matter_id uuid not null, ${key})`,
    );
    await runner.query(
      `create table files (tenant_id uuid not null, id uuid not null, client_id uuid not null, matter_id uuid, matter_ids uuid[], ${key})`,
    );
    await runner.query(
      `create table pages (tenant_id uuid not null, id uuid not null, file_id uuid not null, ${key},
         foreign key (tenant_id, file_id) references files)`,
    );
    for (const table of ['entries', 'files', 'pages']) {
      await isolateByTenant(runner, table);
      await isolateByMatter(runner, table);
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table pages, files, entries');
  }
}

const id = () => newId(Date.now());
const [tenantId, otherTenantId, clientId, otherClientId] = [id(), id(), id(), id()];
const [ours, alsoOurs, theirs] = [id(), id(), id()];
const [paralegalId, walledId, attorneyId] = [id(), id(), id()];
const clientOf: Readonly<Record<string, string>> = { [ours]: clientId, [alsoOurs]: clientId, [theirs]: otherClientId };

let db: PlatformDatabase;
let database: Database;

beforeAll(async () => {
  db = await PlatformDatabase.open([CreateWork1767225600000]);
  database = await db.connect();
  await database.transaction({ tenantId }, async (tx) => {
    for (const matterId of [ours, alsoOurs, theirs]) {
      await keep(tx, matterId, 1, {
        team: matterId === ours ? [paralegalId] : [],
        walled: matterId === ours ? [walledId] : [],
      });
      await tx.query('insert into entries (tenant_id, id, matter_id) values ($1, $2, $2)', [tenantId, matterId]);
      await file(tx, matterId, clientOf[matterId]!, matterId, []);
    }
    await file(tx, general, clientId, null, []);
    await file(tx, invoice, clientId, null, [ours, alsoOurs]);
    await file(tx, unknown, clientId, null, null);
  });
});
afterAll(() => db.close());

const [general, invoice, unknown] = [id(), id(), id()];

async function keep(
  tx: Tx,
  matterId: string,
  version: number,
  near: { team: string[]; walled: string[] },
): Promise<void> {
  const assignments = near.team.map((personId) => ({ personId }));
  const matter = Matter.fromPartial({ id: matterId, clientId: clientOf[matterId], version, assignments });
  await keepMatterAccess(tx, matter, near.walled);
}

async function file(
  tx: Tx,
  fileId: string,
  ofClient: string,
  matterId: string | null,
  about: string[] | null,
): Promise<void> {
  await tx.query('insert into files (tenant_id, id, client_id, matter_id, matter_ids) values ($1, $2, $3, $4, $5)', [
    tenantId,
    fileId,
    ofClient,
    matterId,
    about,
  ]);
  await tx.query('insert into pages (tenant_id, id, file_id) values ($1, $2, $2)', [tenantId, fileId]);
}

const names: Readonly<Record<string, string>> = {
  [ours]: 'ours',
  [alsoOurs]: 'alsoOurs',
  [theirs]: 'theirs',
  [general]: 'general',
  [invoice]: 'invoice',
  [unknown]: 'unknown',
};

async function seenBy(caller: Partial<Caller>, table: string): Promise<string[]> {
  const scope = { tenantId, ...caller };
  const rows = await database.transaction(scope, (tx) => tx.query<{ id: string }[]>(`select id from ${table}`));
  return rows.map((row) => names[row.id]!).sort();
}

const { OPERATIONS_MANAGER, BILLING_MANAGER, PARALEGAL, VIRTUAL_ASSISTANT, ATTORNEY, PARTNER, OPERATOR, SERVICE } =
  Role;
const everything = ['alsoOurs', 'general', 'invoice', 'ours', 'theirs', 'unknown'];

describe('a transaction shows', () => {
  it.each<[string, Partial<Caller>, string[], string[]]>([
    ['a service at its own work all', {}, ['alsoOurs', 'ours', 'theirs'], everything],
    ['a calling service all', { role: SERVICE, service: 'billing' }, ['alsoOurs', 'ours', 'theirs'], everything],
    ['a manager all', { role: OPERATIONS_MANAGER, personId: id() }, ['alsoOurs', 'ours', 'theirs'], everything],
    [
      'a walled manager nothing of the matter, nor what tells of it or may',
      { role: BILLING_MANAGER, personId: walledId },
      ['alsoOurs', 'theirs'],
      ['alsoOurs', 'general', 'theirs'],
    ],
    ['a paralegal their team', { role: PARALEGAL, personId: paralegalId }, ['ours'], ['general', 'ours']],
    ['a paralegal on no team nothing of a matter', { role: PARALEGAL, personId: id() }, [], ['general']],
    ['a virtual assistant without a person nothing of a matter', { role: VIRTUAL_ASSISTANT }, [], ['general']],
    [
      'an attorney their client',
      { role: ATTORNEY, personId: attorneyId, clientId },
      ['alsoOurs', 'ours'],
      ['alsoOurs', 'general', 'invoice', 'ours'],
    ],
    [
      'a walled attorney the rest',
      { role: ATTORNEY, personId: walledId, clientId },
      ['alsoOurs'],
      ['alsoOurs', 'general'],
    ],
    ['a partner system its client', { role: PARTNER, personId: id(), clientId: otherClientId }, ['theirs'], ['theirs']],
    ['an attorney of no stated client nothing', { role: ATTORNEY, personId: attorneyId }, [], []],
    [
      "a manager's key of one client that client",
      { role: BILLING_MANAGER, personId: id(), clientId: otherClientId },
      ['theirs'],
      ['theirs'],
    ],
    [
      "a paralegal's key of another client nothing",
      { role: PARALEGAL, personId: paralegalId, clientId: otherClientId },
      [],
      [],
    ],
    ['an operator nothing', { role: OPERATOR }, [], []],
    ['a role that is not known nothing', { role: Role.UNRECOGNIZED, personId: id() }, [], []],
    ['another tenant nothing', { tenantId: otherTenantId, role: OPERATIONS_MANAGER, personId: id() }, [], []],
  ])('%s', async (_name, caller, entries, files) => {
    expect(await seenBy(caller, 'entries')).toEqual(entries);
    expect(await seenBy(caller, 'files')).toEqual(files);
    // A page is seen with its file.
    expect(await seenBy(caller, 'pages')).toEqual(files);
    const scope = { tenantId, ...caller };
    const hidden = await database.transaction(scope, async (tx) => {
      const found = await Promise.resolve([ours, alsoOurs, theirs]);
      const seen: string[] = [];
      for (const matterId of found) if ((await firstHidden(tx, [matterId])) === undefined) seen.push(names[matterId]!);
      return seen.sort();
    });
    if (scope.tenantId === tenantId) expect(hidden).toEqual(entries);
  });

  it('nothing where nobody said for whom it is', async () => {
    const { rows } = await db.runtime.query(`select set_config('paradesk.tenant', $1, false)`, [tenantId]);
    expect(rows).toHaveLength(1);
    expect((await db.runtime.query('select from entries')).rows).toEqual([]);
    expect((await db.runtime.query('select from files')).rows).toEqual([]);
    await db.runtime.query(`select set_config('paradesk.tenant', '', false)`);
  });

  it.each([
    ['insert', `insert into entries (tenant_id, id, matter_id) values ('${tenantId}', '${id()}', '${ours}')`],
    [
      'insert',
      `insert into files (tenant_id, id, client_id, matter_ids) values ('${tenantId}', '${id()}', '${clientId}', '{${ours}}')`,
    ],
  ])('nobody a way to %s what they would not see', async (_name, sql) => {
    const walled = { tenantId, role: OPERATIONS_MANAGER, personId: walledId };
    await expect(database.transaction(walled, (tx) => tx.query(sql))).rejects.toMatchObject({ code: '42501' });
  });
});

describe('what is kept of a matter', () => {
  const near = (personId: string, role: Role = PARALEGAL) => seenBy({ role, personId }, 'entries');
  const change = (version: number, team: string[], walled: string[]) =>
    database.transaction({ tenantId }, (tx) => keep(tx, theirs, version, { team, walled }));

  it('is its latest state, whatever comes in whatever order', async () => {
    const [first, second] = [id(), id()];
    await change(2, [first], []);
    expect(await near(first)).toEqual(['theirs']);
    await change(4, [second], [first]);
    await change(3, [first, second], []);
    expect([await near(first), await near(second)]).toEqual([[], ['theirs']]);
    expect(await near(first, OPERATIONS_MANAGER)).toEqual(['alsoOurs', 'ours']);
    await change(5, [first], [first]);
    expect([await near(first), await near(second)]).toEqual([[], []]);
    await change(6, [], []);
    expect(await near(first, OPERATIONS_MANAGER)).toEqual(['alsoOurs', 'ours', 'theirs']);
  });

  it('does not count the team of ended assignments', async () => {
    const personId = id();
    const ended = Matter.fromPartial({
      id: theirs,
      clientId: otherClientId,
      version: 7,
      assignments: [{ personId, endedAt: { seconds: 1n, nanos: 0 } }],
    });
    await database.transaction({ tenantId }, (tx) => keepMatterAccess(tx, ended, []));
    expect(await near(personId)).toEqual([]);
  });
});

describe('findIsolationFaults', () => {
  const faults = async () =>
    (await findIsolationFaults(async (sql, parameters) => (await db.runtime.query(sql, parameters)).rows)).map(
      ({ table, fault }) => `${table} ${fault}`,
    );
  const policy = `using (tenant_id = (select nullif(current_setting('paradesk.tenant', true), '')::uuid))
    with check (tenant_id = (select nullif(current_setting('paradesk.tenant', true), '')::uuid))`;
  const query = async (sql: string, parameters?: unknown[]) => (await db.owner.query(sql, parameters)).rows;
  const owner = { query } as Pick<QueryRunner, 'query'>;
  const plant = (columns: string) =>
    db.owner.query(`
      create table planted (tenant_id uuid not null, id uuid not null, ${columns}, primary key (tenant_id, id));
      alter table planted enable row level security;
      alter table planted force row level security;
      create policy tenant_isolation on planted ${policy}`);
  const missing = (name: string, table = 'planted') => `${table} has no policy ${name}: isolateByMatter makes it`;

  afterEach(() => db.owner.query('drop table if exists planted'));

  it('finds none where every table is isolated', async () => {
    expect(await faults()).toEqual([]);
  });

  it.each([
    ['a matter', 'matter_id uuid not null', ['matter_access']],
    ['several matters', 'matter_ids uuid[] not null', ['matters_access']],
    ['a client', 'client_id uuid', ['client_access']],
    ['a client and its matter', 'client_id uuid not null, matter_id uuid not null', ['matter_access']],
    ['a client and perhaps a matter', 'client_id uuid not null, matter_id uuid', ['client_access', 'matter_access']],
    ['a file', 'file_id uuid, foreign key (tenant_id, file_id) references files', ['part_access']],
    ['a page of a file', 'page_id uuid, foreign key (tenant_id, page_id) references pages', ['part_access']],
  ])('finds a table of %s that forgot', async (_name, columns, policies) => {
    await plant(columns);
    expect((await faults()).sort()).toEqual(policies.map((name) => missing(name)));
    await isolateByMatter(owner, 'planted');
    expect(await faults()).toEqual([]);
  });

  it.each([
    ['lets everything be read', 'alter policy matter_access on entries using (true)'],
    ['lets everything be written', 'alter policy matter_access on entries with check (true)'],
    [
      'has another way in',
      `alter policy matter_access on entries using (current_user = 'support' or matter_id is not null)`,
    ],
    [
      'is for reads only',
      'drop policy matter_access on entries; create policy matter_access on entries as restrictive for select using (true)',
    ],
  ])('finds a policy that %s', async (_name, sql) => {
    await db.owner.query(sql);
    expect(await faults()).toEqual([missing('matter_access', 'entries')]);
    await isolateByMatter(owner, 'entries');
    expect(await faults()).toEqual([]);
  });
});
