import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Role } from '@paradesk/contracts/paradesk/common/v1/rule';
import { DomainError, newId } from '@paradesk/kernel';
import { Notary } from '../src/audit/notary.js';
import { Refusals } from '../src/audit/refusals.js';
import { Sealer } from '../src/audit/sealer.js';
import type { Database } from '../src/database/database.js';
import type { Peers } from '../src/grpc/peers.js';
import { Jobs } from '../src/jobs/jobs.js';
import { PlatformDatabase } from './platform-database.js';
import { HandClock } from './served-app.js';

let db: PlatformDatabase;
let database: Database;
const lines: object[] = [];
const log = (fields: object) => void lines.push(fields);
const logger = { fatal: log, error: log, warn: log, info: log, debug: log };

beforeAll(async () => {
  db = await PlatformDatabase.open([]);
  database = await db.connect();
});
afterAll(() => db.close());
beforeEach(async () => {
  lines.length = 0;
  await db.superuser.query('truncate audit.records, audit.heads');
});

const actOf = (tenantId: string, personId = newId(Date.now())) => ({
  action: '/paradesk.billing.v1.InvoicesService/IssueInvoice',
  rule: 'ADMINISTRATIVE: BILLING_MANAGER',
  caller: { tenantId, personId, role: Role.VIRTUAL_ASSISTANT },
});

describe('refusals', () => {
  const reasons = async (tenantId: string) =>
    (
      await db.rows<{ reason: string; count: number }>(
        'select reason, count(*)::int from audit.records where tenant_id = $1 group by 1 order by 1',
        [tenantId],
      )
    ).map(({ reason, count }) => [reason, count]);

  it('are recorded 60 times a minute of one caller, and once more that there were others', async () => {
    const clock = new HandClock();
    const refusals = new Refusals(database, clock, logger);
    const tenantId = newId(Date.now());
    const [insistent, other] = [actOf(tenantId), actOf(tenantId)];
    for (let nth = 0; nth < 100; nth++) await refusals.keep(insistent, 'ROLE_NOT_ALLOWED');
    expect(await reasons(tenantId)).toEqual([
      ['ROLE_NOT_ALLOWED', 60],
      ['TOO_MANY_REFUSALS', 1],
    ]);
    await refusals.keep(other, 'ROLE_NOT_ALLOWED');
    clock.advance(60);
    await refusals.keep(insistent, 'ROLE_NOT_ALLOWED');
    expect(await reasons(tenantId)).toEqual([
      ['ROLE_NOT_ALLOWED', 62],
      ['TOO_MANY_REFUSALS', 1],
    ]);
  });

  it('of nobody are not recorded: there is no trail to put them in', async () => {
    await new Refusals(database, new HandClock(), logger).keep({ action: 'x' }, 'TOKEN_MISSING');
    expect(await db.rows('select from audit.records')).toEqual([]);
  });

  it('stand where they cannot be recorded, and that is logged', async () => {
    const closed = await db.connect();
    await closed.close();
    await new Refusals(closed, new HandClock(), logger).keep(actOf(newId(Date.now())), 'ROLE_NOT_ALLOWED');
    expect(lines).toMatchObject([{ reason: 'ROLE_NOT_ALLOWED' }]);
  });
});

describe('the notary', () => {
  const [ours, theirs] = [newId(Date.now()), newId(Date.now())];
  const heads = async () =>
    db.rows<{ tenant_id: string; sequence: string; notarized_sequence: string }>(
      'select tenant_id, sequence, notarized_sequence from audit.heads order by tenant_id',
    );

  async function sealed(...tenants: string[]): Promise<void> {
    const refusals = new Refusals(database, new HandClock(), logger);
    for (const tenantId of tenants) await refusals.keep(actOf(tenantId), 'ROLE_NOT_ALLOWED');
    await new Sealer(database, logger).seal();
  }

  it('sends each head that has moved, once, and a failing tenant keeps no other from it', async () => {
    const sent: { sequence: bigint; hash: string; tenantId: string }[] = [];
    let failing = ours;
    const notarizeHead = async (head: { sequence: bigint; hash: string }, { tenantId }: { tenantId: string }) => {
      if (tenantId === failing) throw new DomainError('unavailable', 'PEER_UNAVAILABLE', 'away');
      sent.push({ ...head, tenantId });
    };
    // Only the call itself matters here: identity's side and the wire have their own specs.
    const peers = { client: () => ({ notarizeHead }) } as unknown as Peers;
    const notary = new Notary(database, peers, new Jobs(database.pool, logger), 15);
    await sealed(ours, theirs, theirs);

    await expect(notary.notarize()).rejects.toMatchObject({ reason: 'PEER_UNAVAILABLE' });
    expect(sent).toEqual([{ tenantId: theirs, sequence: 2n, hash: expect.stringMatching(/^[0-9a-f]{64}$/) }]);

    failing = '';
    await notary.notarize();
    await notary.notarize();
    expect(sent.map(({ tenantId, sequence }) => [tenantId, sequence])).toEqual([
      [theirs, 2n],
      [ours, 1n],
    ]);
    expect((await heads()).every((head) => head.sequence === head.notarized_sequence)).toBe(true);
    await sealed(ours);
    await notary.notarize();
    expect(sent.at(-1)).toMatchObject({ tenantId: ours, sequence: 2n });
  });
});
