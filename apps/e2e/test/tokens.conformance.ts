import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fromBinary, toJson, type JsonObject } from '@bufbuild/protobuf';
import { registry, rpcs, type Rpc } from '@paradesk/contracts';
import { Role } from '@paradesk/contracts/paradesk/common/v1/rule';
import { DomainError, newId } from '@paradesk/kernel';
import { Clock, RawChannel } from '@paradesk/platform';
import { Bootstrap, type RunningSystem } from '@paradesk/standalone';
import { forgeries, goodToken, type ForgedAgainst } from '@paradesk/testing';
import type { JWK } from 'jose';
import { emptyRequest, requestNaming, idFields } from './sample-request.js';

/** A service, and what it is asked in these tests: for a list, and for one of its things where the demo made some. */
const asked = [
  ['identity', 'ListClients', 'GetClient', 'client'],
  ['assignment', 'ListMatters', 'GetMatter', 'matter'],
  ['billing', 'ListTimeEntries', 'GetTimeEntry', 'time_entry'],
  ['documents', 'ListDocuments', undefined, undefined],
  ['communications', 'ListMessages', undefined, undefined],
] as const;

const UNAUTHENTICATED = { name: 'DomainError', kind: 'unauthenticated' };

/** What every service refuses, wherever it runs: tokens that are none, and tenants that are not one's own. */
export function refusesForgedTokens(systemOf: () => RunningSystem): void {
  describe.each(asked)('%s', (service, listName, getName, noun) => {
    const list = rpcOf(service, listName);
    let channel: RawChannel;
    let against: () => ForgedAgainst;
    let people: Bootstrap;

    beforeAll(() => {
      const { addresses, secrets } = systemOf();
      channel = new RawChannel(addresses[service] ?? '');
      const [key] = JSON.parse(secrets.signingKeys) as [JWK];
      const nowSeconds = () => Math.floor(new Clock().now().epochMilliseconds / 1000);
      against = () => ({ audience: service, nowSeconds: nowSeconds(), key });
      people = new Bootstrap(secrets.signingKeys, addresses);
    });
    afterAll(() => channel.close());

    const call = async (authorization: string | undefined, rpc = list, request = emptyRequest(rpc)) => {
      const metadata: Record<string, string> = authorization === undefined ? {} : { authorization };
      return (await channel.unary(rpc.path, request, { metadata, timeoutMs: 20_000 })).body;
    };
    const authorizationOf = async (tenantId: string) => {
      const caller = { tenantId, role: Role.OPERATIONS_MANAGER, personId: newId(Date.now()) };
      return `Bearer ${await people.tokenFor(caller, service)}`;
    };

    it('takes a good token', async () => {
      await call(`Bearer ${await goodToken(against())}`);
    });

    it.each(forgeries)('takes no token $name', async ({ reason, forge }) => {
      const refusal = await refusalOf(call(`Bearer ${await forge(against())}`));
      expect(refusal).toMatchObject({ ...UNAUTHENTICATED, reason });
      expect(['the token is not valid here', 'the token has expired']).toContain(refusal.message);
      expect([refusal.violations, refusal.metadata]).toEqual([[], {}]);
    });

    it.each([
      ['nothing', undefined],
      ['an empty text', ''],
      ['a scheme without a token', 'Bearer'],
      ['another scheme', 'Basic b3BlcmF0b3I6'],
    ])('asks for a token when it gets %s', async (_name, authorization) => {
      expect(await refusalOf(call(authorization))).toMatchObject({ ...UNAUTHENTICATED, reason: 'TOKEN_MISSING' });
    });

    it("shows a tenant nothing of another's", async () => {
      const { tenantId } = systemOf().file;
      const stranger = await authorizationOf(newId(Date.now()));
      expect(itemsIn(list, await call(stranger))).toEqual([]);
      if (getName === undefined) return;
      const [first] = itemsIn(list, await call(await authorizationOf(tenantId)));
      const get = rpcOf(service, getName);
      const [field] = idFields(get.descriptor.input);
      const request = requestNaming(get, field!, new Map([[noun, String(first?.id)]]));
      expect(itemIn(get, await call(await authorizationOf(tenantId), get, request)).id).toBe(first?.id);
      expect(await refusalOf(call(stranger, get, request))).toMatchObject({ kind: 'not-found' });
    });
  });
}

function rpcOf(service: string, method: string): Rpc {
  const rpc = rpcs().find((candidate) => candidate.owner === service && candidate.method === method);
  if (!rpc) throw new Error(`${service} has no ${method}`);
  return rpc;
}

function itemIn({ descriptor: { output } }: Rpc, answer: Buffer): JsonObject {
  return toJson(output, fromBinary(output, answer), { registry: registry() }) as JsonObject;
}

function itemsIn(rpc: Rpc, answer: Buffer): JsonObject[] {
  return Object.values(itemIn(rpc, answer)).find((value): value is JsonObject[] => Array.isArray(value)) ?? [];
}

async function refusalOf(call: Promise<unknown>): Promise<DomainError> {
  const outcome = await call.catch((error: unknown) => error);
  if (outcome instanceof DomainError) return outcome;
  throw new Error('the call was not refused', { cause: outcome });
}
