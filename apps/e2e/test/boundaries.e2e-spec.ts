import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { effectiveRule, rpcs, type Rpc } from '@paradesk/contracts';
import { Role } from '@paradesk/contracts/paradesk/common/v1/rule';
import { DomainError, newId } from '@paradesk/kernel';
import { findAuditFaults, findIsolationFaults } from '@paradesk/platform';
import pg from 'pg';
import { makeCase, type Case } from './one-case.js';
import { callerOfRole, SystemUnderTest } from './running-system.js';
import { emptyRequest, idFields, leastRequest, requestNaming } from './sample-request.js';

const roles = Object.values(Role).filter((role): role is Role => typeof role === 'number' && role > 0);
const guarded = rpcs().filter((rpc) => !rpc.rule?.public);
const named = (list: readonly Rpc[]) => list.map((rpc) => [rpc.path.slice(1), rpc] as const);

// The tables below are generated from the contracts: a new RPC is in them from its first day.
describe('boundaries of the running system', () => {
  let system: SystemUnderTest;
  let firm: Case;
  const stranger = newId(Date.now());

  beforeAll(async () => {
    system = await SystemUnderTest.start();
    firm = await makeCase(system);
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
          else if (!isRequired(field))
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

  it.each(['identity', 'assignment', 'billing', 'documents', 'communications'])(
    'every table of %s keeps tenants apart and leaves a trail',
    async (service) => {
      const url = new URL(system.system.databaseUrl);
      url.username = `paradesk_${service}`;
      url.password = encodeURIComponent(system.system.secrets.databasePassword);
      url.pathname = `/paradesk_${service}`;
      const client = new pg.Client(url.href);
      await client.connect();
      try {
        const query = async <R>(sql: string, parameters?: unknown[]): Promise<R[]> =>
          (await client.query(sql, parameters)).rows as R[];
        const faults = [
          ...(await findIsolationFaults(query, [
            'api_key_directory',
            'credential_directory',
            'rate_limits',
            'sign_ins',
          ])),
          ...(await findAuditFaults(query)),
        ];
        expect(faults).toEqual([]);
      } finally {
        await client.end();
      }
    },
  );
});

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
