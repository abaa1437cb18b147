import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Caller } from '@paradesk/access';
import { topics } from '@paradesk/contracts';
import { MattersServiceService, PartySide, PracticeArea } from '@paradesk/contracts/paradesk/assignment/v1/matters';
import { Role } from '@paradesk/contracts/paradesk/common/v1/rule';
import { ClientKind, ClientsServiceService } from '@paradesk/contracts/paradesk/identity/v1/clients';
import { PeopleServiceService } from '@paradesk/contracts/paradesk/identity/v1/people';
import { DomainError, newId } from '@paradesk/kernel';
import { aCaller, ServiceUnderTest } from '@paradesk/testing';
import { assignment } from '../src/assignment.module.js';
import { tellOfTenant } from './builders.js';

describe('matters', () => {
  let system: ServiceUnderTest;
  const manager = aCaller({ role: Role.OPERATIONS_MANAGER });
  const clientId = newId(Date.now());

  beforeAll(async () => {
    system = await ServiceUnderTest.start(assignment);
    await tellOfTenant(system, manager);
    await tellOfClient(manager, clientId);
  });
  afterAll(() => system.stop());

  const matters = (caller: Caller = manager) => system.client(MattersServiceService, caller);

  async function tellOfClient(of: Caller, id: string): Promise<void> {
    const client = {
      id,
      code: id.slice(-8),
      name: 'Firm',
      kind: ClientKind.LAW_FIRM,
      addressLines: [],
      contacts: [],
      version: 1,
    };
    await system.deliver(topics.clients, {
      tenantId: of.tenantId,
      aggregateId: id,
      aggregateVersion: 1,
      event: { event: { $case: 'created', value: { client } } },
    });
  }

  async function tellOfPerson(role: Role, of: Caller = manager, employer = ''): Promise<string> {
    const id = newId(Date.now());
    const person = {
      id,
      firstName: 'A',
      lastName: 'B',
      email: 'a@b.example',
      role,
      clientId: employer,
      timekeeperCode: '',
      timekeeperClassification: '',
      version: 1,
      deactivatedAt: undefined,
      qualifications: [],
      hasRecordedQualifications: false,
    };
    await system.deliver(topics.people, {
      tenantId: of.tenantId,
      aggregateId: id,
      aggregateVersion: 1,
      event: { event: { $case: 'created', value: { person } } },
    });
    return id;
  }

  async function anIntake(overrides: object = {}) {
    return {
      clientId,
      code: newId(Date.now()).slice(-12),
      clientMatterCode: 'C-1',
      name: 'Doe v. Roe',
      practiceArea: PracticeArea.LITIGATION,
      jurisdiction: 'N.D. Cal.',
      instructions: '',
      parties: [{ name: 'Doe', side: PartySide.REPRESENTED }],
      supervisingAttorneyId: await tellOfPerson(Role.ATTORNEY, manager, clientId),
      ...overrides,
    };
  }

  it('opens a matter, puts a paralegal on it, and tells of both in the order of its versions', async () => {
    const opened = await matters().openMatter(await anIntake());
    const personId = await tellOfPerson(Role.PARALEGAL);
    const assigned = await matters().assignParalegal({ matterId: opened.id, personId, work: 'Privilege log' });

    expect(assigned.version).toBe(2);
    expect(assigned.assignments.map((one) => one.personId)).toEqual([personId]);
    expect((await matters().getMatter({ matterId: opened.id })).assignments).toHaveLength(1);
    const told = (await system.published(topics.matters)).filter((event) => event.aggregateId === opened.id);
    expect(told.map((one) => [one.aggregateVersion, one.event.event?.$case])).toEqual([
      [1, 'opened'],
      [2, 'paralegalAssigned'],
    ]);
  });

  it('tells nobody what was asked for and against whom: events are kept for ever', async () => {
    const { id } = await matters().openMatter(await anIntake({ instructions: 'Sue Roe', name: 'Doe v. Roe' }));
    const [told] = (await system.published(topics.matters)).filter(({ aggregateId }) => aggregateId === id);
    expect(told?.event.event?.value.matter).toMatchObject({ id, name: 'Doe v. Roe', instructions: '', parties: [] });
    expect(await matters().getMatter({ matterId: id })).toMatchObject({ instructions: 'Sue Roe' });
  });

  describe('when its case file is erased', () => {
    const erased = (matterId: string) => ({
      tenantId: manager.tenantId,
      aggregateId: newId(Date.now()),
      aggregateVersion: 1,
      event: { event: { $case: 'matterErased', value: { matterId, erasedAt: undefined } } } as const,
    });

    it('forgets what was asked for, the audit trail too, and keeps who was for and against whom', async () => {
      const { id, parties } = await matters().openMatter(await anIntake({ instructions: 'canary-of-instructions' }));
      await matters().assignParalegal({ matterId: id, personId: await tellOfPerson(Role.PARALEGAL), work: 'Index' });
      await system.deliver(topics.erasures, erased(id));

      expect(await matters().getMatter({ matterId: id })).toMatchObject({ instructions: '', parties, version: 3 });
      const told = (await system.published(topics.matters)).filter(({ aggregateId }) => aggregateId === id);
      expect(told.map(({ event }) => event.event?.$case)).toEqual(['opened', 'paralegalAssigned', 'erased']);
      const tables = await system.db.query<{ name: string }>(
        `select format('%I.%I', schemaname, relname) as name from pg_stat_user_tables`,
      );
      for (const { name } of tables.rows) {
        const { rows } = await system.db.query(`select from ${name} t where t::text like '%canary-of-instructions%'`);
        expect([name, rows.length]).toEqual([name, 0]);
      }
    });

    it('goes on: who is assigned is told in the order of its versions', async () => {
      const { id } = await matters().openMatter(await anIntake());
      await system.deliver(topics.erasures, erased(id));
      const personId = await tellOfPerson(Role.PARALEGAL);
      expect(await matters().assignParalegal({ matterId: id, personId, work: 'Close' })).toMatchObject({ version: 3 });
    });
  });

  it('asks identity for a client and an attorney that it has not heard of', async () => {
    const unheardOf = newId(Date.now());
    const attorneyId = newId(Date.now());
    system.peers.stub(ClientsServiceService, {
      getClient: ({ clientId: id }) => {
        if (id !== unheardOf) throw DomainError.notFound('client', id);
        return { id, version: 1 };
      },
    });
    system.peers.stub(PeopleServiceService, {
      getPerson: ({ personId }) => {
        if (personId !== attorneyId) throw DomainError.notFound('person', personId);
        return { id: personId, role: Role.ATTORNEY, clientId: unheardOf, version: 1 };
      },
    });
    const matter = await matters().openMatter(
      await anIntake({ clientId: unheardOf, supervisingAttorneyId: attorneyId }),
    );
    expect(matter.clientId).toBe(unheardOf);
  });

  it('answers a second call under the same idempotency key with the first matter', async () => {
    const intake = await anIntake();
    const [first, second] = await Promise.all([
      matters().openMatter(intake, { idempotencyKey: 'open-1' }),
      matters().openMatter(intake, { idempotencyKey: 'open-1' }),
    ]);
    const third = await matters().openMatter(intake, { idempotencyKey: 'open-1' });

    expect([second.id, third.id]).toEqual([first.id, first.id]);
    expect((await matters().listMatters({ code: intake.code })).matters).toHaveLength(1);
  });

  it('refuses an idempotency key that came with another matter', async () => {
    await matters().openMatter(await anIntake(), { idempotencyKey: 'open-2' });
    await expect(matters().openMatter(await anIntake(), { idempotencyKey: 'open-2' })).rejects.toMatchObject({
      kind: 'refused',
      reason: 'IDEMPOTENCY_KEY_REUSED',
    });
  });

  it('does not keep a key of a refused command', async () => {
    const intake = await anIntake({ supervisingAttorneyId: await tellOfPerson(Role.PARALEGAL) });
    await expect(matters().openMatter(intake, { idempotencyKey: 'open-3' })).rejects.toMatchObject({
      reason: 'NOT_THE_CLIENTS_ATTORNEY',
    });
    const mended = await anIntake();
    expect((await matters().openMatter(mended, { idempotencyKey: 'open-3' })).code).toBe(mended.code);
  });

  it.each([
    [
      'an attorney of another client',
      async () => ({ supervisingAttorneyId: await tellOfPerson(Role.ATTORNEY, manager, newId(Date.now())) }),
      'NOT_THE_CLIENTS_ATTORNEY',
    ],
    ['a client that nobody knows', async () => ({ clientId: newId(Date.now()) }), 'CLIENT_NOT_FOUND'],
    ['an attorney that nobody knows', async () => ({ supervisingAttorneyId: newId(Date.now()) }), 'PERSON_NOT_FOUND'],
    ['a blank name', async () => ({ name: '  ' }), 'INVALID_ARGUMENT'],
    ['no practice area', async () => ({ practiceArea: PracticeArea.UNSPECIFIED }), 'INVALID_ARGUMENT'],
  ])('refuses %s', async (_case, overrides, reason) => {
    await expect(matters().openMatter(await anIntake(await overrides()))).rejects.toMatchObject({ reason });
  });

  it('assigns nobody but paralegals', async () => {
    const { id } = await matters().openMatter(await anIntake());
    const assistant = await tellOfPerson(Role.VIRTUAL_ASSISTANT);
    await expect(matters().assignParalegal({ matterId: id, personId: assistant, work: 'Draft' })).rejects.toMatchObject(
      { kind: 'refused', reason: 'NOT_A_PARALEGAL' },
    );
  });

  it('gives one of two racing matters with one code', async () => {
    const intake = await anIntake();
    const results = await Promise.allSettled([matters().openMatter(intake), matters().openMatter(intake)]);
    expect(results.map((result) => result.status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(results.find((result) => result.status === 'rejected')?.reason).toMatchObject({
      kind: 'conflict',
      reason: 'MATTER_CODE_TAKEN',
    });
  });

  it('shows nothing of a matter to another tenant', async () => {
    const { id } = await matters().openMatter(await anIntake());
    const stranger = aCaller({ role: Role.OPERATIONS_MANAGER });
    await expect(matters(stranger).getMatter({ matterId: id })).rejects.toMatchObject({
      kind: 'not-found',
      reason: 'MATTER_NOT_FOUND',
    });
    expect((await matters(stranger).listMatters({})).matters).toEqual([]);
  });

  it('lists matters page by page, the newest first', async () => {
    const other = aCaller({ role: Role.OPERATIONS_MANAGER });
    const firm = newId(Date.now());
    await tellOfClient(other, firm);
    const supervisingAttorneyId = await tellOfPerson(Role.ATTORNEY, other, firm);
    const opened: string[] = [];
    for (let n = 0; n < 5; n++) {
      system.clock.advance({ milliseconds: 1 });
      opened.unshift((await matters(other).openMatter(await anIntake({ clientId: firm, supervisingAttorneyId }))).id);
    }
    const seen: string[] = [];
    let token = '';
    do {
      const list = await matters(other).listMatters({ page: { size: 2, token } });
      seen.push(...list.matters.map((matter) => matter.id));
      token = list.page?.nextToken ?? '';
    } while (token !== '');
    expect(seen).toEqual(opened);
  });
});
