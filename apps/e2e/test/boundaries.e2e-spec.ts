import { fromBinary, toJson } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { effectiveRule, rpcs, type Rpc } from '@paradesk/contracts';
import { Role } from '@paradesk/contracts/paradesk/common/v1/rule';
import { DomainError, newId } from '@paradesk/kernel';
import { findAuditFaults, findIsolationFaults } from '@paradesk/platform';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeCase, type Case } from './one-case.js';
import { makeOutsiders, type Outsider } from './outsiders.js';
import { callerOfRole, SystemUnderTest } from './running-system.js';
import { emptyRequest, idFields, leastRequest, nounOf, pageRequest, requestNaming } from './sample-request.js';
import { asService, services, settledStateOf } from './tenant-state.js';

const UNKNOWN = '01890a5d-ac96-774b-bcce-b302099a8057';
const insiders = [Role.OPERATIONS_MANAGER, Role.BILLING_MANAGER];

const roles = Object.values(Role).filter((role): role is Role => typeof role === 'number' && role > 0);
const guarded = rpcs().filter((rpc) => !rpc.rule?.public);
const named = (list: readonly Rpc[]) => list.map((rpc) => [rpc.path.slice(1), rpc] as const);

// The tables below are generated from the contracts: a new RPC is in them from its first day.
describe('boundaries of the running system', () => {
  let system: SystemUnderTest;
  let firm: Case;
  let outsiders: Outsider[];
  let before: Record<string, string>;
  const stranger = newId(Date.now());

  beforeAll(async () => {
    system = await SystemUnderTest.start();
    firm = await makeCase(system);
    outsiders = await makeOutsiders(system, firm);
    before = await settledStateOf(system, firm.tenantId);
  });
  afterAll(() => system.stop());

  describe('every role that a rule does not name is refused', () => {
    it.each(named(guarded))('%s', async (_path, rpc) => {
      const refused = roles.filter((role) => !rpc.rule?.roles.includes(role));
      expect(refused.length).toBeGreaterThan(0);
      for (const role of refused) {
        const call = system.call(rpc, emptyRequest(rpc), callerOfRole(role, firm.tenantId));
        await expect(call).rejects.toMatchObject({ kind: 'forbidden', reason: 'ROLE_NOT_ALLOWED' });
      }
    });
  });

  it.each(named(guarded))('nobody calls %s without a token', async (_path, rpc) => {
    await expect(system.call(rpc, emptyRequest(rpc), undefined)).rejects.toMatchObject({ kind: 'unauthenticated' });
  });

  describe("another tenant's ids are not found, whoever asks", () => {
    const uses = guarded.flatMap((rpc) => idFields(rpc.descriptor.input).map((field) => ({ rpc, field })));

    it.each(uses.map(({ rpc, field }) => [rpc.path.slice(1), field.name, rpc, field] as const))(
      '%s by %s',
      async (_path, _name, rpc, field) => {
        const request = requestNaming(rpc, field, firm.ids);
        for (const role of rpc.rule?.roles ?? []) {
          const outcome = await system
            .call(rpc, request, callerOfRole(role, stranger))
            .catch((error: unknown) => error);
          if (rpc.method.startsWith('List')) expectNothingOf(firm, outcome);
          // What may be left out may also be refused before anybody looks for it: time of somebody else, a client of staff.
          else if (field.parent !== rpc.descriptor.input || !isRequired(field))
            expect(['not-found', 'forbidden', 'invalid']).toContain((outcome as DomainError).kind);
          else expect(outcome).toMatchObject({ kind: 'not-found' });
        }
      },
    );
  });

  describe("no list or sum shows another tenant's things", () => {
    const lists = guarded.filter(
      (rpc) => rpc.readOnly && idFields(rpc.descriptor.input).every((field) => !isRequired(field)),
    );

    it.each(named(lists))('%s', async (_path, rpc) => {
      for (const role of rpc.rule?.roles ?? []) {
        const call = system.call(rpc, leastRequest(rpc), callerOfRole(role, stranger));
        expectNothingOf(firm, await call.catch((error: unknown) => error));
      }
    });

    it('but its own', async () => {
      const own = await system.call(
        lists.find((rpc) => rpc.method === 'ListMatters')!,
        Buffer.alloc(0),
        callerOfRole(Role.OPERATIONS_MANAGER, firm.tenantId),
      );
      expect(own.toString('latin1')).toContain(firm.ids.get('matter'));
    });
  });

  describe('what is kept from people of the same tenant is answered to the letter like what does not exist', () => {
    const uses = guarded.flatMap((rpc) => idFields(rpc.descriptor.input).map((field) => ({ rpc, field })));

    it.each(uses.map(({ rpc, field }) => [rpc.path.slice(1), field.name, rpc, field] as const))(
      '%s by %s',
      async (_path, _name, rpc, field) => {
        const noun = nounOf(field)!;
        const id = firm.ids.get(noun)!;
        for (const { name, caller, hidden } of outsidersOf(rpc).filter((outsider) => outsider.hidden.has(noun))) {
          const answer = async (of: string) => {
            const request = requestNaming(rpc, field, new Map(firm.ids).set(noun, of));
            return system.call(rpc, request, caller).catch((error: unknown) => error);
          };
          const [kept, unknown] = [await answer(id), await answer(UNKNOWN)];
          expect([name, told(kept, id)]).toEqual([name, told(unknown, UNKNOWN)]);
          if (!rpc.readOnly || isRequired(field)) expect([name, kept]).toEqual([name, expect.any(DomainError)]);
          expectNoneOf(hiddenIds(hidden), kept);
        }
      },
    );
  });

  describe('no list or sum shows it to them, nor to another tenant, with the page token of somebody who sees it', () => {
    const lists = guarded.filter(
      (rpc) => rpc.readOnly && idFields(rpc.descriptor.input).every((field) => !isRequired(field)),
    );
    let replayed = 0;

    it.each(named(lists))('%s', async (_path, rpc) => {
      const token = await pageTokenOf(rpc);
      if (token) replayed++;
      const requests = [leastRequest(rpc), ...(token ? [pageRequest(rpc, token)!] : [])];
      for (const request of requests) {
        for (const { caller, hidden } of outsidersOf(rpc))
          expectNoneOf(hiddenIds(hidden), await system.call(rpc, request, caller).catch((error: unknown) => error));
        for (const role of rpc.rule?.roles ?? [])
          expectNothingOf(
            firm,
            await system.call(rpc, request, callerOfRole(role, stranger)).catch((error: unknown) => error),
          );
      }
    });

    it('with tokens of at least the lists of matters, time, people and documents', () => {
      expect(replayed).toBeGreaterThanOrEqual(4);
    });

    /** Of the first role that gets a second page. */
    async function pageTokenOf(rpc: Rpc): Promise<string> {
      const request = pageRequest(rpc);
      if (!request) return '';
      const role = insiders.find((insider) => rpc.rule?.roles.includes(insider));
      if (role === undefined) return '';
      const { output } = rpc.descriptor;
      const answer = fromBinary(output, await system.call(rpc, request, callerOfRole(role, firm.tenantId)));
      const shown = toJson(output, answer) as { page?: { nextToken?: string } };
      return shown.page?.nextToken ?? '';
    }
  });

  describe('events in the envelope of another tenant', () => {
    it('change nothing of the tenant that they tell of, and hold up none of its own events', async () => {
      const eventIds = (await Promise.all(services.map((service) => replayAs(stranger, service)))).flat();
      expect(eventIds.length).toBeGreaterThan(5);
      await until(async () => (await takenOf(eventIds)) === eventIds.length);
      expect(await settledStateOf(system, firm.tenantId)).toEqual(before);
    });

    /** The last event of each aggregate as its next one, and as the first of an aggregate that nobody knows: the ids of the latter. */
    const replayAs = (tenantId: string, service: string) =>
      asService(system, service, async (query) => {
        const replay = (aggregateId: string, version: string) =>
          query<{ event_id: string }>(
            `insert into messaging.outbox
               (event_id, tenant_id, topic, aggregate_id, aggregate_version, occurred_at, payload, schema_version)
             select gen_random_uuid(), $1, topic, ${aggregateId}, ${version}, occurred_at, payload, schema_version from (
               select distinct on (aggregate_id) * from messaging.outbox where tenant_id = $2 order by aggregate_id, aggregate_version desc
             ) last returning event_id`,
            [tenantId, firm.tenantId],
          );
        await replay('aggregate_id', 'aggregate_version + 1');
        const events = await replay('gen_random_uuid()', '1');
        await query(`select pg_notify('paradesk_outbox', '')`);
        return events.map((event) => event.event_id);
      });

    /** How many of these events some consumer has taken or put aside. */
    async function takenOf(eventIds: readonly string[]): Promise<number> {
      const taken = await Promise.all(
        services.map((service) =>
          asService(system, service, (query) =>
            query<{ event_id: string }>(
              `select event_id from messaging.inbox where event_id = any ($1) union select event_id from messaging.parked_events where event_id = any ($1)`,
              [eventIds],
            ),
          ),
        ),
      );
      return new Set(taken.flat().map((event) => event.event_id)).size;
    }
  });

  it('nothing of the tenant was changed by all this', async () => {
    expect(await settledStateOf(system, firm.tenantId)).toEqual(before);
  });

  it.each(services)('every table of %s keeps tenants apart and leaves a trail', async (service) => {
    const directories = ['api_key_directory', 'credential_directory', 'rate_limits', 'sign_ins'];
    const faults = await asService(system, service, async (query) => [
      ...(await findIsolationFaults(query, directories)),
      ...(await findAuditFaults(query)),
    ]);
    expect(faults).toEqual([]);
  });

  const outsidersOf = (rpc: Rpc) => outsiders.filter(({ caller }) => rpc.rule?.roles.includes(caller.role));
  const hiddenIds = (nouns: ReadonlySet<string>) => [...nouns].map((noun) => firm.ids.get(noun)!);
});

/** What somebody is told, but for the id that they named themselves. */
function told(outcome: unknown, id: string): string {
  if (!(outcome instanceof DomainError)) return (outcome as Buffer).toString('latin1').replaceAll(id, '<id>');
  const { kind, reason, message, violations, metadata } = outcome;
  return JSON.stringify({ kind, reason, message, violations, metadata }).replaceAll(id, '<id>');
}

function expectNoneOf(ids: readonly string[], outcome: unknown): void {
  if (outcome instanceof Error) return;
  const answer = (outcome as Buffer).toString('latin1');
  for (const id of ids) expect(answer).not.toContain(id);
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let waitedMs = 0; !(await holds()); waitedMs += 100) {
    if (waitedMs > 20_000) throw new Error('it did not come about within 20 s');
    await sleep(100);
  }
}

function expectNothingOf(firm: Case, outcome: unknown): void {
  if (outcome instanceof Error) {
    expect(outcome).toBeInstanceOf(DomainError);
    expect(outcome).toMatchObject({ kind: 'not-found' });
    return;
  }
  const answer = (outcome as Buffer).toString('latin1');
  for (const id of firm.ids.values()) expect(answer).not.toContain(id);
}

function isRequired(field: Parameters<typeof effectiveRule>[0]): boolean {
  return effectiveRule(field).required;
}
