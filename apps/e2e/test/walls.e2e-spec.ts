import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiCaller } from './api-caller.js';
import { makeCase, type Case } from './one-case.js';
import { SystemUnderTest } from './running-system.js';

interface Item {
  readonly id: string;
}

/** Something of a matter in one service: where it is shown, and in which list it is. */
interface Shown {
  readonly service: string;
  readonly one: string;
  readonly list: string;
  readonly id: string;
}

interface Person {
  readonly id: string;
  readonly api: ApiCaller;
}

// The longest that access may outlive the answer that took it away; the target is a second, and the measured times are printed.
const TAKES_EFFECT_MS = 10_000;
const UNKNOWN = '01890a5d-ac96-774b-bcce-b302099a8057';

describe('who may see a matter, in all services at once', () => {
  let system: SystemUnderTest;
  let firm: Case;
  let operations: ApiCaller;
  let otherMatterId: string;
  let documentId: string;

  beforeAll(async () => {
    system = await SystemUnderTest.start();
    const { api, keys } = system.system.file;
    operations = new ApiCaller(api, keys.operationsManager);
    firm = await makeCase(system);
    otherMatterId = (await operations.post('/v1/matters', intake('M-2'))).id;
    documentId = await upload(idOf('matter'));
  });
  afterAll(() => system.stop());

  const idOf = (noun: string) => firm.ids.get(noun)!;

  function intake(code: string, of: object = {}): object {
    return {
      clientId: idOf('client'),
      code,
      name: 'Ortega v. Coastline',
      practiceArea: 'PRACTICE_AREA_LITIGATION',
      jurisdiction: 'N.D. Cal.',
      parties: [{ name: 'Lucia Ortega', side: 'PARTY_SIDE_REPRESENTED' }],
      supervisingAttorneyId: idOf('attorney'),
      ...of,
    };
  }

  async function upload(matterId: string): Promise<string> {
    const path = `/v1/documents?clientId=${idOf('client')}&matterId=${matterId}&name=chronology.txt`;
    const headers = { 'content-type': 'text/plain' };
    const answer = await operations.send<Item>({ method: 'POST', path, bytes: 'On 3 March ...', headers });
    expect(answer.status).toBe(200);
    return answer.body.id;
  }

  let hired = 0;
  async function hire(role: string, of: object = {}): Promise<Person> {
    const number = ++hired;
    const { id } = await operations.post('/v1/people', {
      firstName: 'Person',
      lastName: `No ${number}`,
      email: `person${number}@walls.example`,
      role: `ROLE_${role}`,
      ...of,
    });
    const { key } = await operations.post<{ key: string }>('/v1/apiKeys', { personId: id, name: 'walls' });
    return { id, api: new ApiCaller(system.system.file.api, key) };
  }

  const assign = (matterId: string, personId: string) =>
    operations.post<{ assignments: (Item & { personId: string })[] }>(`/v1/matters/${matterId}/assignments`, {
      personId,
      work: `Chronology of ${matterId}`,
      taskKind: 'documents.scan',
    });
  const raise = (matterId: string, personId: string) =>
    operations.post(`/v1/matters/${matterId}/walls`, { personId, reason: 'Worked for the other side' });

  const shown = (service: string, noun: string, path: string, query = '', id = idOf(noun)): Shown => ({
    service,
    one: `${path}/${id}`,
    list: `${path}${query}`,
    id,
  });
  const toTeam = () => [
    shown('assignment', 'matter', '/v1/matters'),
    shown('documents', 'document', '/v1/documents', '', documentId),
  ];
  const toAssistants = () => [
    ...toTeam(),
    shown('communications', 'message', '/v1/messages', `?invoiceId=${idOf('invoice')}`),
  ];
  const toManagers = () => [
    ...toAssistants(),
    shown('documents', 'document', '/v1/documents'),
    shown('billing', 'time_entry', '/v1/timeEntries'),
    shown('billing', 'expense', '/v1/expenses'),
    shown('billing', 'invoice', '/v1/invoices'),
    shown('billing', 'agreement', '/v1/agreements'),
  ];

  async function expectShown({ api }: Person, things: readonly Shown[]): Promise<void> {
    for (const { one, list, id } of things) {
      await until(async () => (await api.send({ method: 'GET', path: one })).status === 200, one);
      expect(await api.send({ method: 'GET', path: list })).toMatchObject({
        status: 200,
        text: expect.stringContaining(id),
      });
    }
  }

  /** As if they did not exist, to the letter. */
  async function expectHidden({ api }: Person, things: readonly Shown[]): Promise<void> {
    for (const { one, list, id } of things) {
      const look = async (path: string, of: string) => {
        const { status, body } = await api.send({ method: 'GET', path });
        const { traceId: _own, ...said } = body;
        return { status, said: JSON.stringify(said).replaceAll(of, '<id>') };
      };
      const refusal = await look(one, id);
      expect(refusal).toMatchObject({ status: 404 });
      expect(refusal).toEqual(await look(one.replace(id, UNKNOWN), UNKNOWN));
      const listed = await api.send({ method: 'GET', path: list });
      expect(listed.status).toBe(200);
      expect(listed.text).not.toContain(id);
      expect(listed.text).not.toContain(idOf('matter'));
    }
  }

  /** How long after the answer of what took it away each service still shows the matter, in milliseconds. */
  async function measureLoss({ api }: Person, things: readonly Shown[], takeAway: () => Promise<unknown>) {
    const services = [...new Map(things.map((thing) => [thing.service, thing])).values()];
    await takeAway();
    const from = performance.now();
    const waited = services.map(async ({ service, one }) => {
      await until(async () => (await api.send({ method: 'GET', path: one })).status === 404, one);
      return [service, Math.round(performance.now() - from)] as const;
    });
    return Object.fromEntries(await Promise.all(waited));
  }

  it.each(['OPERATIONS_MANAGER', 'BILLING_MANAGER'])(
    'a wall screens a manager (%s) from the matter and all that is of it, and from nothing else',
    async (role) => {
      const person = await hire(role);
      await expectShown(person, toManagers());
      const waitedMs = await measureLoss(person, toManagers(), () => raise(idOf('matter'), person.id));
      console.log(`${role}: refused this many ms after RaiseWall's answer: ${JSON.stringify(waitedMs)}`);
      expect(Math.max(...Object.values(waitedMs))).toBeLessThan(TAKES_EFFECT_MS);

      await expectHidden(person, toManagers());
      expect(await person.api.all<Item>('/v1/matters', 'matters')).toEqual([
        expect.objectContaining({ id: otherMatterId }),
      ]);
      expect((await person.api.get<Item>(`/v1/clients/${idOf('client')}`)).id).toBe(idOf('client'));
    },
  );

  it('a walled manager can do nothing to the matter by naming it', async () => {
    const person = await hire('BILLING_MANAGER');
    await raise(idOf('matter'), person.id);
    await until(
      async () => (await person.api.send({ method: 'GET', path: `/v1/invoices/${idOf('invoice')}` })).status === 404,
      'the wall',
    );
    const expense = {
      incurredOn: { year: 2026, month: 11, day: 20 },
      expenseCode: 'E101',
      units: '1',
      unitCost: '1',
      narrative: 'Copies',
    };
    for (const [path, json] of [
      ['/v1/expenses', { ...expense, matterId: idOf('matter') }],
      ['/v1/timers:start', { matterId: idOf('matter') }],
      ['/v1/expenses:approve', { expenseIds: [idOf('expense')] }],
      [`/v1/timeEntries/${idOf('time_entry')}:transfer`, { matterId: otherMatterId, reason: 'To see it' }],
      ['/v1/payments', { invoiceId: idOf('invoice'), amount: { amountMinor: '1', currencyCode: 'USD' } }],
    ] as const)
      expect([path, (await person.api.send({ method: 'POST', path, json })).status]).not.toEqual([path, 200]);
    await expectHidden(person, toManagers());
  });

  it('a paralegal sees exactly the matters of the team, and none from the wall on', async () => {
    const person = await hire('PARALEGAL');
    await expectHidden(person, toTeam());
    expect(await person.api.all('/v1/matters', 'matters')).toEqual([]);
    await assign(idOf('matter'), person.id);
    await expectShown(person, toTeam());
    expect(await person.api.all<Item>('/v1/matters', 'matters')).toEqual([
      expect.objectContaining({ id: idOf('matter') }),
    ]);
    await assign(otherMatterId, person.id);
    expect(await person.api.all('/v1/matters', 'matters')).toHaveLength(2);

    const waitedMs = await measureLoss(person, toTeam(), () => raise(idOf('matter'), person.id));
    console.log(`PARALEGAL: refused this many ms after RaiseWall's answer: ${JSON.stringify(waitedMs)}`);
    await expectHidden(person, toTeam());
    expect(await person.api.all<Item>('/v1/matters', 'matters')).toEqual([
      expect.objectContaining({ id: otherMatterId }),
    ]);
  });

  it('a virtual assistant whose assignment ends loses the matter and what is of it', async () => {
    const person = await hire('VIRTUAL_ASSISTANT');
    await expectHidden(person, toAssistants());
    const { assignments } = await assign(idOf('matter'), person.id);
    await expectShown(person, toAssistants());
    const { id } = assignments.find(({ personId }) => personId === person.id)!;
    const waitedMs = await measureLoss(person, toAssistants(), () =>
      operations.post(`/v1/matters/${idOf('matter')}/assignments/${id}:end`, {}),
    );
    console.log(`VIRTUAL_ASSISTANT: refused this many ms after EndAssignment's answer: ${JSON.stringify(waitedMs)}`);
    await expectHidden(person, toAssistants());
  });

  it('an attorney sees the matters of the client, but those that a wall screens them from', async () => {
    const person = await hire('ATTORNEY', { clientId: idOf('client') });
    await expectShown(person, toTeam());
    expect(await person.api.all('/v1/matters', 'matters')).toHaveLength(2);
    await measureLoss(person, toTeam(), () => raise(idOf('matter'), person.id));
    await expectHidden(person, toTeam());
    expect(await person.api.all('/v1/matters', 'matters')).toHaveLength(1);
  });

  it.each([
    ['an attorney', 'ATTORNEY'],
    ['a partner system', 'PARTNER'],
  ])('%s of another client sees nothing of this one', async (_name, role) => {
    const { id: clientId } = await operations.post('/v1/clients', {
      code: `OTHER-${role}`,
      name: 'Other LLP',
      kind: 'CLIENT_KIND_LAW_FIRM',
      addressLines: ['4 Mill Road'],
    });
    const person = await hire(role, { clientId });
    await expectHidden(person, toTeam());
    const attorney = await hire('ATTORNEY', { clientId });
    const own = await operations.post(
      '/v1/matters',
      intake(`O-${role}`, { clientId, supervisingAttorneyId: attorney.id }),
    );
    expect(await person.api.all<Item>('/v1/matters', 'matters')).toEqual([expect.objectContaining({ id: own.id })]);
  });

  it('a matter opened with a wall was never seen by whom it screens', async () => {
    const person = await hire('OPERATIONS_MANAGER');
    const walls = [{ personId: person.id, reason: 'Brother of a party' }];
    const { id } = await operations.post('/v1/matters', intake('W-1', { walls }));
    expect((await person.api.send({ method: 'GET', path: `/v1/matters/${id}` })).status).toBe(404);
    const ownDocument = await upload(id);
    expect((await person.api.send({ method: 'GET', path: `/v1/documents/${ownDocument}` })).status).toBe(404);
  });

  it('the audit trail keeps from the walled what it keeps of the matter', async () => {
    const person = await hire('OPERATIONS_MANAGER');
    const trailOf = async (table: string, row: string) =>
      person.api.all<{ row: string }>(`/v1/auditRecords?service=SERVICE_BILLING&table=${table}&row=${row}`, 'records');
    for (const noun of ['time_entry', 'expense', 'invoice'])
      expect((await trailOf(tableOf(noun), idOf(noun))).length).toBeGreaterThan(0);
    await measureLoss(person, toManagers(), () => raise(idOf('matter'), person.id));
    for (const noun of ['time_entry', 'expense', 'invoice'])
      expect(await trailOf(tableOf(noun), idOf(noun))).toEqual([]);
    for (const service of ['BILLING', 'ASSIGNMENT', 'DOCUMENTS', 'COMMUNICATIONS']) {
      const { text } = await person.api.send({
        method: 'GET',
        path: `/v1/auditRecords?service=SERVICE_${service}&page.size=200`,
      });
      for (const noun of ['matter', 'time_entry', 'invoice', 'message', 'document'])
        expect(text).not.toContain(idOf(noun));
    }
    // What is no matter's is there as before.
    expect((await trailOf('clients', idOf('client'))).length).toBeGreaterThan(0);
  });
});

const tableOf = (noun: string) => (noun === 'time_entry' ? 'time_entries' : `${noun}s`);

async function until(holds: () => Promise<boolean>, what: string): Promise<void> {
  const from = performance.now();
  while (!(await holds())) {
    if (performance.now() - from > TAKES_EFFECT_MS) throw new Error(`${what}: nothing changed within 10 s`);
    await sleep(10);
  }
}
