import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { topics } from '@paradesk/contracts';
import { Role } from '@paradesk/contracts/paradesk/common/v1/rule';
import { ClientKind, ClientsServiceService } from '@paradesk/contracts/paradesk/identity/v1/clients';
import { TenantsServiceService } from '@paradesk/contracts/paradesk/identity/v1/tenants';
import { assignment } from '@paradesk/assignment';
import { generateSigningKey, identity } from '@paradesk/identity';
import { newId } from '@paradesk/kernel';
import { aCaller, BreakableLink, ServiceUnderTest, testServerUrl } from '@paradesk/testing';

const unavailable = {
  kind: 'unavailable',
  reason: 'DATABASE_UNAVAILABLE',
  message: 'the database does not answer; try again',
};
let link: BreakableLink;
let system: ServiceUnderTest;

async function start(definition: typeof identity, env: Record<string, string> = {}): Promise<void> {
  link = await BreakableLink.to(new URL(testServerUrl()).host);
  system = await ServiceUnderTest.start(definition, env, (url) => link.over(url));
}

async function stop(): Promise<void> {
  await system.stop();
  await link.cut();
}

async function health(): Promise<unknown[]> {
  const answers = ['live', 'ready'].map(async (of) => {
    const answer = await fetch(`${system.running.opsUrl}/health/${of}`);
    return [of, answer.status, ((await answer.json()) as { failing: string[] }).failing];
  });
  return Promise.all(answers);
}

const well = [
  ['live', 200, []],
  ['ready', 200, []],
];
const withoutDatabase = [
  ['live', 200, []],
  ['ready', 503, ['database']],
];

describe('a service whose database goes away', () => {
  let tenantId: string;
  const clients = () => system.client(ClientsServiceService, aCaller({ role: Role.OPERATIONS_MANAGER, tenantId }));
  const aClient = (code: string) => ({ code, name: 'A firm', kind: ClientKind.LAW_FIRM, addressLines: [] });

  /** Whom events told of; one whose mark was lost is told again, and consumers drop it. */
  const told = async () => [...new Set((await system.published(topics.clients)).map(({ aggregateId }) => aggregateId))];

  beforeAll(async () => {
    const secret = 'a-secret-that-only-this-test-knows-012345';
    await start(identity, {
      SIGNING_KEYS: await generateSigningKey(),
      SERVICE_SECRETS: ['assignment', 'billing', 'communications', 'documents', 'identity']
        .map((name) => `${name}:${secret}-${name}`)
        .join(','),
    });
    const operator = system.client(TenantsServiceService, aCaller({ role: Role.OPERATOR }));
    const tenant = {
      name: 'A company',
      email: 'a@company.example',
      taxId: '94-1234567',
      timeZone: 'UTC',
      addressLines: [],
    };
    tenantId = (await operator.createTenant(tenant)).id;
  });
  afterAll(stop);

  it('says so to callers and to health, and goes on by itself when it is back: nothing is lost or done twice', async () => {
    const caller = clients();
    const first = await caller.createClient(aClient('FIRST'), { idempotencyKey: 'first' });
    expect(await health()).toEqual(well);

    await link.cut();
    await expect(caller.listClients({})).rejects.toMatchObject(unavailable);
    await expect(caller.createClient(aClient('SECOND'), { idempotencyKey: 'second' })).rejects.toMatchObject(
      unavailable,
    );
    await expect(caller.createClient(aClient('THIRD'))).rejects.toMatchObject(unavailable);
    expect(await health()).toEqual(withoutDatabase);

    await link.mend();
    const second = await caller.createClient(aClient('SECOND'), { idempotencyKey: 'second' });
    expect(await health()).toEqual(well);
    expect((await caller.createClient(aClient('FIRST'), { idempotencyKey: 'first' })).id).toBe(first.id);
    const { clients: found } = await caller.listClients({});
    expect(found.map(({ code }) => code).sort()).toEqual(['FIRST', 'SECOND']);
    expect(await told()).toEqual([first.id, second.id]);
  });

  it('goes on after many short outages in the middle of calls', async () => {
    const caller = clients();
    const codes = Array.from({ length: 40 }, (_, index) => `OUTAGE-${index}`);
    const breaking = (async () => {
      for (let outage = 0; outage < 8; outage++) {
        await new Promise((resolve) => setTimeout(resolve, 60));
        await link.cut();
        await new Promise((resolve) => setTimeout(resolve, 60));
        await link.mend();
      }
    })();
    const insist = async (code: string): Promise<void> => {
      for (let attempt = 0; attempt < 200; attempt++) {
        const outcome = await caller
          .createClient(aClient(code), { idempotencyKey: code })
          .catch((error: unknown) => error);
        if (!(outcome instanceof Error)) return;
        expect(outcome).toMatchObject({ kind: 'unavailable' });
        await new Promise((resolve) => setTimeout(resolve, 30));
      }
      throw new Error(`${code} was never taken`);
    };
    await Promise.all(codes.map(insist));
    await breaking;
    const { rows } = await system.db.query(
      `select code, count(*)::int as times from clients where code like 'OUTAGE-%' group by 1`,
    );
    expect(rows).toHaveLength(40);
    expect(rows.every(({ times }) => times === 1)).toBe(true);
    expect(await told()).toHaveLength(42);
  });
});

describe('a consumer whose database goes away', () => {
  beforeAll(() => start(assignment));
  afterAll(stop);

  it('refuses the event, so that it comes again, and takes it when the database is back', async () => {
    const tenantId = newId(Date.now());
    const aggregateId = newId(Date.now());
    const delivered = {
      tenantId,
      aggregateId,
      aggregateVersion: 1,
      event: topics.clients.message.decode(topics.clients.message.encode({ event: undefined }).finish()),
    };
    await link.cut();
    await expect(system.deliver(topics.clients, delivered)).rejects.toMatchObject(unavailable);
    await link.mend();
    await system.deliver(topics.clients, delivered);
    const { rows } = await system.db.query('select aggregate_version from messaging.inbox where aggregate_id = $1', [
      aggregateId,
    ]);
    expect(rows).toEqual([{ aggregate_version: 1 }]);
    const { rows: parked } = await system.db.query('select from messaging.parked_events');
    expect(parked).toEqual([]);
  });
});
