import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Caller } from '@paradesk/access';
import { topics } from '@paradesk/contracts';
import {
  type Matter,
  MattersServiceService,
  OpenMatterRequest,
} from '@paradesk/contracts/paradesk/assignment/v1/matters';
import { WallsServiceService } from '@paradesk/contracts/paradesk/assignment/v1/walls';
import { Role } from '@paradesk/contracts/paradesk/common/v1/rule';
import { ClientsServiceService } from '@paradesk/contracts/paradesk/identity/v1/clients';
import { PeopleServiceService } from '@paradesk/contracts/paradesk/identity/v1/people';
import { DomainError, newId } from '@paradesk/kernel';
import { aCaller, ServiceUnderTest } from '@paradesk/testing';
import { assignment } from '../src/assignment.module.js';
import { inspect } from 'node:util';
import { tellOfTenant } from './builders.js';

const [CLIENT, OTHER_CLIENT, ATTORNEY, UNKNOWN] = [newId(1), newId(2), newId(3), newId(4)];
const { OPERATIONS_MANAGER, BILLING_MANAGER, PARALEGAL, VIRTUAL_ASSISTANT } = Role;

let system: ServiceUnderTest;
let manager: Caller;
const roles = new Map<string, Role>([[ATTORNEY, Role.ATTORNEY]]);

beforeAll(async () => {
  system = await ServiceUnderTest.start(assignment);
  system.peers.stub(ClientsServiceService, { getClient: ({ clientId: id }) => ({ id, version: 1 }) });
  system.peers.stub(PeopleServiceService, {
    getPerson: ({ personId: id }) => {
      const role = roles.get(id);
      if (role === undefined) throw DomainError.notFound('person', id);
      return { id, role, clientId: role === Role.ATTORNEY ? CLIENT : '', version: 1 };
    },
  });
});
beforeEach(async () => {
  manager = aCaller({ role: OPERATIONS_MANAGER });
  await tellOfTenant(system, manager);
});
afterAll(() => system.stop());

const matters = (caller = manager) => system.client(MattersServiceService, caller);
const walls = (caller = manager) => system.client(WallsServiceService, caller);

function somebody(role: Role): Caller & { personId: string } {
  const personId = newId(Date.now());
  roles.set(personId, role);
  const { tenantId } = manager;
  return { tenantId, role, personId, ...(role === Role.ATTORNEY && { clientId: CLIENT }) };
}

const open = (fields: Partial<OpenMatterRequest> = {}): Promise<Matter> =>
  matters().openMatter(
    OpenMatterRequest.fromPartial({
      clientId: CLIENT,
      code: newId(Date.now()).slice(-12),
      name: 'Doe v. Roe',
      practiceArea: 1,
      jurisdiction: 'US-CA',
      supervisingAttorneyId: ATTORNEY,
      ...fields,
    }),
  );
const raise = (matterId: string, personId: string, reason = 'Worked for Roe') =>
  walls().raiseWall({ matterId, personId, reason });
const sees = async (caller: Caller) => (await matters(caller).listMatters({})).matters.map(({ id }) => id).sort();
const toldOf = async (matterId: string) =>
  (await system.published(topics.matters)).filter((event) => event.aggregateId === matterId);

/** What GetMatter, and every command by the id of a matter, answers about one that does not exist. */
async function expectHidden(caller: Caller, matterId: string): Promise<void> {
  const refusalOf = (id: string) =>
    matters(caller)
      .getMatter({ matterId: id })
      .then(
        () => undefined,
        ({ kind, reason, message }: DomainError) => ({ kind, reason, message: message.replace(id, '<id>') }),
      );
  const hidden = await refusalOf(matterId);
  expect(hidden).toMatchObject({ kind: 'not-found', reason: 'MATTER_NOT_FOUND' });
  expect(hidden).toEqual(await refusalOf(UNKNOWN));
  expect(await sees(caller)).not.toContain(matterId);
}

describe('a wall', () => {
  it('screens a manager from the matter, at once and like a matter that is not there', async () => {
    const [walled, other] = [await open(), await open()];
    const screened = somebody(OPERATIONS_MANAGER);
    expect(await sees(screened)).toEqual([other.id, walled.id].sort());
    const wall = await raise(walled.id, screened.personId);

    expect(wall).toMatchObject({ matterId: walled.id, personId: screened.personId, reason: 'Worked for Roe' });
    expect(wall).toMatchObject({ raisedByPersonId: manager.personId, acknowledgedAt: undefined, liftedAt: undefined });
    await expectHidden(screened, walled.id);
    expect(await sees(screened)).toEqual([other.id]);
    expect((await matters(screened).listMatters({ code: walled.code })).matters).toEqual([]);
    expect((await matters(screened).listMatters({ page: { size: 1, token: '' } })).page?.nextToken).toBe('');
    for (const command of [
      () => matters(screened).assignParalegal({ matterId: walled.id, personId: screened.personId, work: 'Draft' }),
      () => matters(screened).endAssignment({ matterId: walled.id, assignmentId: UNKNOWN }),
      () => walls(screened).raiseWall({ matterId: walled.id, personId: ATTORNEY, reason: 'Mine' }),
    ])
      await expect(command()).rejects.toMatchObject({ kind: 'not-found', reason: 'MATTER_NOT_FOUND' });
    await expect(walls(screened).liftWall({ wallId: wall.id, reason: 'Mine' })).rejects.toMatchObject({
      reason: 'WALL_NOT_FOUND',
    });
    expect((await walls(screened).listWalls({})).walls).toEqual([]);
    // Nobody else notices, and a matter says nothing of its walls.
    expect(await sees(manager)).toEqual([other.id, walled.id].sort());
    expect(inspect(await matters().getMatter({ matterId: walled.id }), { depth: 9 })).not.toContain(screened.personId);
  });

  it('is announced with the whole state of the matter under its next version', async () => {
    const { id } = await open();
    const [first, second] = [somebody(PARALEGAL), somebody(BILLING_MANAGER)];
    await matters().assignParalegal({ matterId: id, personId: first.personId, work: 'Draft' });
    const wall = await raise(id, first.personId);
    await raise(id, second.personId);
    await walls().liftWall({ wallId: wall.id, reason: 'Roe settled' });
    const told = (await toldOf(id)).map(({ aggregateVersion, event }) => [
      aggregateVersion,
      event.event?.$case,
      event.event?.value.matter?.assignments.filter((one) => !one.endedAt).length,
      event.walledPersonIds,
    ]);
    expect(told).toEqual([
      [1, 'opened', 0, []],
      [2, 'paralegalAssigned', 1, []],
      [3, 'wallRaised', 0, [first.personId]],
      [4, 'wallRaised', 0, [first.personId, second.personId]],
      [5, 'wallLifted', 0, [second.personId]],
    ]);
  });

  it('ends what the person is assigned to, and keeps them from being assigned again until it is lifted', async () => {
    const { id } = await open();
    const [screened, colleague] = [somebody(PARALEGAL), somebody(PARALEGAL)];
    for (const work of ['Draft', 'Index'])
      await matters().assignParalegal({ matterId: id, personId: screened.personId, work });
    await matters().assignParalegal({ matterId: id, personId: colleague.personId, work: 'Draft' });
    expect(await sees(screened)).toEqual([id]);
    const wall = await raise(id, screened.personId);

    const { assignments } = await matters().getMatter({ matterId: id });
    const ofWhom = (personId: string) => assignments.filter((one) => one.personId === personId);
    expect(ofWhom(screened.personId).map(({ endedAt }) => endedAt !== undefined)).toEqual([true, true]);
    expect(ofWhom(colleague.personId).map(({ endedAt }) => endedAt)).toEqual([undefined]);
    await expectHidden(screened, id);
    const again = () => matters().assignParalegal({ matterId: id, personId: screened.personId, work: 'Draft' });
    await expect(again()).rejects.toMatchObject({ kind: 'refused', reason: 'WALLED' });
    await walls().liftWall({ wallId: wall.id, reason: 'Mistaken identity' });
    // To see a matter again somebody must be put on it again.
    await expectHidden(screened, id);
    await again();
    expect(await sees(screened)).toEqual([id]);
  });

  it('screens from the first moment of a matter that is opened with it', async () => {
    const [one, two] = [somebody(OPERATIONS_MANAGER), somebody(PARALEGAL)];
    const { id, version } = await open({
      walls: [
        { personId: one.personId, reason: 'Brother of Roe' },
        { personId: two.personId, reason: 'Worked for Roe' },
      ],
    });
    expect(version).toBe(1);
    await expectHidden(one, id);
    expect((await toldOf(id)).map(({ event }) => event.walledPersonIds)).toEqual([[one.personId, two.personId]]);
    expect((await walls().listWalls({ matterId: id })).walls).toHaveLength(2);
    await expect(
      matters().assignParalegal({ matterId: id, personId: two.personId, work: 'Draft' }),
    ).rejects.toMatchObject({ reason: 'WALLED' });
  });

  it('also screens an attorney of the client, who sees the rest', async () => {
    const [walled, other] = [await open(), await open()];
    const screened = somebody(Role.ATTORNEY);
    await raise(walled.id, screened.personId);
    await expectHidden(screened, walled.id);
    expect(await sees(screened)).toEqual([other.id]);
    expect(await sees({ ...screened, personId: UNKNOWN, clientId: OTHER_CLIENT })).toEqual([]);
  });

  it.each([
    ['of a person who is screened already', 'WALLED_ALREADY', async (id: string) => raise(id, await screenedFrom(id))],
    ['of the attorney who answers for the matter', 'SUPERVISES_THE_MATTER', (id: string) => raise(id, ATTORNEY)],
    ['of a person that nobody knows', 'PERSON_NOT_FOUND', (id: string) => raise(id, UNKNOWN)],
    ['from a matter that nobody knows', 'MATTER_NOT_FOUND', () => raise(UNKNOWN, somebody(BILLING_MANAGER).personId)],
    ['without a reason', 'INVALID_ARGUMENT', (id: string) => raise(id, ATTORNEY, ' ')],
  ])('%s is not raised', async (_name, reason, raised) => {
    const { id } = await open();
    await expect(raised(id)).rejects.toMatchObject({ reason });
    const { version } = await matters().getMatter({ matterId: id });
    expect(version).toBe(1 + (await walls().listWalls({ matterId: id })).walls.length);
  });

  it('is raised once by two who raise it at once', async () => {
    const { id } = await open();
    const { personId } = somebody(BILLING_MANAGER);
    const outcomes = await Promise.allSettled([raise(id, personId), raise(id, personId)]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect((await walls().listWalls({ matterId: id })).walls).toHaveLength(1);
  });

  it('is lifted once, with a reason, and can be raised again', async () => {
    const { id } = await open();
    const { personId } = somebody(BILLING_MANAGER);
    const wall = await raise(id, personId);
    const lifted = await walls().liftWall({ wallId: wall.id, reason: 'Roe settled' });
    expect(lifted).toMatchObject({ id: wall.id, liftedReason: 'Roe settled', liftedByPersonId: manager.personId });
    expect(lifted.liftedAt).toBeDefined();
    await expect(walls().liftWall({ wallId: wall.id, reason: 'Again' })).rejects.toMatchObject({
      reason: 'WALL_LIFTED',
    });
    expect((await raise(id, personId)).id).not.toBe(wall.id);
  });

  it('is not replayed to whom it screens: a stored answer is one more way to the matter', async () => {
    const screened = somebody(OPERATIONS_MANAGER);
    const intake = OpenMatterRequest.fromPartial({
      clientId: CLIENT,
      code: 'M-1',
      name: 'Doe v. Roe',
      practiceArea: 1,
      jurisdiction: 'US-CA',
      supervisingAttorneyId: ATTORNEY,
    });
    const sent = () => matters(screened).openMatter(intake, { idempotencyKey: 'open-1' });
    const { id } = await sent();
    expect((await sent()).id).toBe(id);
    await raise(id, screened.personId);
    await expect(sent()).rejects.toMatchObject({ kind: 'not-found', reason: 'MATTER_NOT_FOUND' });
  });
});

async function screenedFrom(matterId: string): Promise<string> {
  const { personId } = somebody(PARALEGAL);
  await raise(matterId, personId);
  return personId;
}

describe('the acknowledgement of a wall', () => {
  it('is given by the screened person, says nothing of the matter, and is kept as it was given first', async () => {
    const { id } = await open();
    const screened = somebody(VIRTUAL_ASSISTANT);
    const wall = await raise(id, screened.personId);
    system.clock.advance({ minutes: 5 });
    const acknowledged = await walls(screened).acknowledgeWall({ wallId: wall.id });
    expect(Object.keys(acknowledged).sort()).toEqual(['acknowledgedAt', 'wallId']);
    system.clock.advance({ minutes: 5 });
    expect(await walls(screened).acknowledgeWall({ wallId: wall.id })).toEqual(acknowledged);
    const [listed] = (await walls().listWalls({ matterId: id })).walls;
    expect(listed?.acknowledgedAt).toEqual(acknowledged.acknowledgedAt);
    expect((await matters().getMatter({ matterId: id })).version).toBe(2);
  });

  it('is nobody else’s: to them the wall is not there', async () => {
    const { id } = await open();
    const wall = await raise(id, somebody(PARALEGAL).personId);
    for (const caller of [manager, somebody(PARALEGAL), aCaller({ role: OPERATIONS_MANAGER })])
      await expect(walls(caller).acknowledgeWall({ wallId: wall.id })).rejects.toMatchObject({
        kind: 'not-found',
        reason: 'WALL_NOT_FOUND',
      });
    expect((await walls().listWalls({ matterId: id })).walls[0]?.acknowledgedAt).toBeUndefined();
  });
});

describe('the list of walls', () => {
  it('is the evidence: lifted ones too, by matter and person, page by page, the newest first', async () => {
    const [one, two] = [await open(), await open()];
    const [a, b] = [somebody(PARALEGAL).personId, somebody(BILLING_MANAGER).personId];
    const raised: string[] = [];
    for (const [matter, person] of [
      [one, a],
      [one, b],
      [two, a],
    ] as const) {
      system.clock.advance({ milliseconds: 1 });
      raised.unshift((await raise(matter.id, person)).id);
    }
    await walls().liftWall({ wallId: raised[2]!, reason: 'Roe settled' });
    const idsOf = async (filter: object) => (await walls().listWalls(filter)).walls.map(({ id }) => id);
    expect(await idsOf({})).toEqual(raised);
    expect(await idsOf({ matterId: one.id })).toEqual([raised[1], raised[2]]);
    expect(await idsOf({ personId: a })).toEqual([raised[0], raised[2]]);
    const first = await walls().listWalls({ page: { size: 2, token: '' } });
    const rest = await walls().listWalls({ page: { size: 2, token: first.page?.nextToken ?? '' } });
    expect([...first.walls, ...rest.walls].map(({ id }) => id)).toEqual(raised);
    const stranger = aCaller({ role: OPERATIONS_MANAGER });
    expect((await walls(stranger).listWalls({})).walls).toEqual([]);
  });
});

describe('the end of an assignment', () => {
  it('takes the person off the team with the last one', async () => {
    const { id } = await open();
    const { personId, ...rest } = somebody(VIRTUAL_ASSISTANT);
    const assistant = { personId, ...rest };
    const put = { matterId: id, personId, taskKind: 'documents.scan' };
    await matters().assignParalegal({ ...put, work: 'Scan' });
    const { assignments } = await matters().assignParalegal({ ...put, work: 'Name' });
    const [scan, name] = assignments.map((one) => one.id) as [string, string];

    await matters().endAssignment({ matterId: id, assignmentId: scan });
    expect(await sees(assistant)).toEqual([id]);
    const ended = await matters().endAssignment({ matterId: id, assignmentId: name });
    expect(ended.assignments.every((one) => one.endedAt !== undefined)).toBe(true);
    await expectHidden(assistant, id);
    expect((await toldOf(id)).map(({ event }) => event.event?.$case).slice(3)).toEqual([
      'assignmentEnded',
      'assignmentEnded',
    ]);
    // What was ended can be given again.
    await matters().assignParalegal({ ...put, work: 'Scan' });
    expect(await sees(assistant)).toEqual([id]);
  });

  it('is refused twice, of another matter, and of another tenant', async () => {
    const [one, two] = [await open(), await open()];
    const { personId } = somebody(PARALEGAL);
    const { assignments } = await matters().assignParalegal({ matterId: one.id, personId, work: 'Draft' });
    const assignmentId = assignments[0]!.id;
    await expect(matters().endAssignment({ matterId: two.id, assignmentId })).rejects.toMatchObject({
      reason: 'ASSIGNMENT_NOT_FOUND',
    });
    const stranger = aCaller({ role: OPERATIONS_MANAGER });
    await expect(matters(stranger).endAssignment({ matterId: one.id, assignmentId })).rejects.toMatchObject({
      reason: 'MATTER_NOT_FOUND',
    });
    await matters().endAssignment({ matterId: one.id, assignmentId });
    await expect(matters().endAssignment({ matterId: one.id, assignmentId })).rejects.toMatchObject({
      reason: 'ASSIGNMENT_ENDED',
    });
  });
});
