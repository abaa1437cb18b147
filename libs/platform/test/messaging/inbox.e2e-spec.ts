import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { topics } from '@paradesk/contracts';
import { DomainError } from '@paradesk/kernel';
import fc from 'fast-check';
import type { Tx } from '../../src/database/database.js';
import type { EventRecord } from '../../src/messaging/event-channel.js';
import { Inbox, type ReceivedEvent } from '../../src/messaging/inbox.js';
import { aHistory, anId, aRecord } from './builders.js';
import { MessagingDatabase, takeEffect } from './messaging-database.js';

let db: MessagingDatabase;
let inbox: Inbox;
/** What a test makes the handler do before its effect. */
let before: (tx: Tx, event: ReceivedEvent<unknown>) => Promise<void>;

beforeAll(async () => {
  db = await MessagingDatabase.open();
});

afterAll(() => db.close());

beforeEach(() => {
  before = async () => undefined;
  inbox = anInbox();
});

afterEach(async () => {
  expect(await db.brokenPromises()).toEqual([]);
});

/** The inbox of one process; several may have the same database. */
function anInbox(): Inbox {
  const made = new Inbox(db.database, 'billing');
  made.on(topics.clients, async (tx, event) => {
    await takeEffect(tx, event);
    await before(tx, event);
  });
  return made;
}

async function parkedOf(
  aggregateId: string,
): Promise<{ version: number; kind: string; reason: string; attempts: number }[]> {
  return db.rows(
    `select aggregate_version as version, kind, reason, attempts from messaging.parked_events
     where aggregate_id = $1 and discarded_at is null order by 1`,
    [aggregateId],
  );
}

describe('an event', () => {
  it('reaches its handler with what it carries, in a transaction of its tenant', async () => {
    const record = aRecord();
    let seen: ReceivedEvent<unknown> | undefined;
    let tenantId: string | undefined;
    before = async (tx, event) => {
      seen = event;
      const [row] = await tx.query<{ tenant: string }[]>(`select current_setting('paradesk.tenant') as tenant`);
      tenantId = row?.tenant;
    };
    await inbox.receive(record);
    expect(tenantId).toBe(record.tenantId);
    expect(seen).toMatchObject({
      id: record.eventId,
      tenantId: record.tenantId,
      aggregateId: record.key,
      aggregateVersion: 1,
    });
    expect(seen?.occurredAt.toString()).toBe(record.occurredAt.toString());
    expect(seen?.payload).toMatchObject({ event: { $case: 'created' } });
  });

  it.each([
    { name: 'once after the other', side: false },
    { name: 'side by side, in two processes', side: true },
  ])('takes effect once when it comes five times, $name', async ({ side }) => {
    const record = aRecord();
    const deliver = [inbox, anInbox(), inbox, anInbox(), inbox].map((process) => () => process.receive(record));
    if (side) await Promise.all(deliver.map((run) => run()));
    else for (const run of deliver) await run();
    expect(await db.effectsOf(record.key)).toEqual([1]);
  });

  it('is dropped when its version is old, even where its inbox row was tidied away', async () => {
    const record = aRecord();
    await inbox.receive(record);
    await db.rows('delete from messaging.inbox where event_id = $1 returning 1', [record.eventId]);
    await inbox.receive(record);
    expect(await db.effectsOf(record.key)).toEqual([1]);
    await db.rows(
      `insert into messaging.inbox (consumer, event_id, tenant_id, aggregate_id, aggregate_version) values ('billing', $1, $2, $3, 1)`,
      [record.eventId, record.tenantId, record.key],
    );
  });

  it("has no effect in another tenant's envelope, and does not hold up the owner's next one", async () => {
    const [first, second] = aHistory(2) as [EventRecord, EventRecord];
    await inbox.receive(first);
    await inbox.receive({ ...second, eventId: anId(), tenantId: anId() });
    await inbox.receive({ ...second, eventId: anId(), tenantId: anId(), aggregateVersion: 7 });
    expect(await parkedOf(first.key)).toEqual([]);
    expect(await db.effectsOf(first.key)).toEqual([1]);
    await inbox.receive(second);
    expect(await db.effectsOf(first.key)).toEqual([1, 2]);
  });

  it('leaves no effect where its handler fails after the effect', async () => {
    const record = aRecord();
    before = async () => {
      throw new Error('a bug');
    };
    await inbox.receive(record);
    expect(await db.effectsOf(record.key)).toEqual([]);
  });
});

describe('a gap', () => {
  it('parks what comes too early until the missing event closes it', async () => {
    const [one, two, three, four] = aHistory(4) as [EventRecord, EventRecord, EventRecord, EventRecord];
    await inbox.receive(three);
    await inbox.receive(one);
    await inbox.receive(four);
    expect(await db.effectsOf(one.key)).toEqual([1]);
    expect((await parkedOf(one.key)).map(({ version, kind, reason }) => [version, kind, reason])).toEqual([
      [3, 'waiting', 'GAP'],
      [4, 'waiting', 'GAP'],
    ]);
    await inbox.receive(two);
    expect(await db.effectsOf(one.key)).toEqual([1, 2, 3, 4]);
    expect(await parkedOf(one.key)).toEqual([]);
  });

  it('does not hold up other aggregates', async () => {
    const [, late] = aHistory(2) as [EventRecord, EventRecord];
    const other = aRecord();
    await inbox.receive(late);
    await inbox.receive(other);
    expect(await db.effectsOf(other.key)).toEqual([1]);
  });

  it('that closes just now is seen by what comes during a slow commit', async () => {
    const [one, two, three] = aHistory(3) as [EventRecord, EventRecord, EventRecord];
    await inbox.receive(one);
    await db.rows(`
      create function slow_commit() returns trigger language plpgsql as
        'begin if new.aggregate_version = 2 then perform pg_sleep(0.3); end if; return null; end';
      create constraint trigger slow_commit after insert on messaging.inbox deferrable initially deferred
        for each row execute function slow_commit()`);
    const slow = inbox.receive(two);
    await new Promise((resolve) => setTimeout(resolve, 150));
    await anInbox().receive(three);
    await slow;
    await db.rows('drop trigger slow_commit on messaging.inbox; drop function slow_commit');
    expect(await db.effectsOf(one.key)).toEqual([1, 2, 3]);
    expect(await parkedOf(one.key)).toEqual([]);
  });

  it('closes by the redelivery of an event whose parked successor a crash left behind', async () => {
    const [one, two, three] = aHistory(3) as [EventRecord, EventRecord, EventRecord];
    await inbox.receive(two);
    before = async (_, { aggregateVersion }) => {
      // The process dies between the first event and its parked successor.
      if (aggregateVersion === 2) throw new DomainError('unavailable', 'DATABASE_AWAY', 'the database is away');
    };
    await expect(inbox.receive(one)).rejects.toThrow('the database is away');
    expect(await db.effectsOf(one.key)).toEqual([1]);
    before = async () => undefined;
    await inbox.receive(one);
    await inbox.receive(three);
    expect(await db.effectsOf(one.key)).toEqual([1, 2, 3]);
  });

  it('ends in the same state whatever the order, each event one to four times, from two processes at once', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 }).chain((lengths) => {
          const all = lengths.flatMap((length) => aHistory(length));
          const deliveries = all.flatMap((record) => [record, record, record]);
          return fc.record({
            all: fc.constant(all),
            each: fc.shuffledSubarray(all, { minLength: all.length }),
            shuffled: fc.shuffledSubarray(deliveries, { minLength: 0, maxLength: deliveries.length }),
          });
        }),
        async ({ all, each, shuffled }) => {
          const second = anInbox();
          const half = Math.ceil(shuffled.length / 2);
          const deliver = async (process: Inbox, records: readonly EventRecord[]) => {
            for (const record of records) await process.receive(record);
          };
          await Promise.all([
            deliver(inbox, [...shuffled.slice(0, half), ...each]),
            deliver(second, shuffled.slice(half)),
          ]);
          for (const [key, history] of Map.groupBy(all, (record) => record.key)) {
            expect(await db.effectsOf(key)).toEqual(history.map(({ aggregateVersion }) => aggregateVersion));
            expect(await parkedOf(key)).toEqual([]);
          }
        },
      ),
      { numRuns: 25 },
    );
    expect(await db.brokenPromises()).toEqual([]);
  });
});

describe('an error that is likely to pass', () => {
  const lost = () => Object.assign(new Error('terminating connection'), { code: '57P01' });
  it.each([
    { name: 'a service that is unavailable', error: () => new DomainError('unavailable', 'AWAY', 'away') },
    { name: 'a connection that an operator ended', error: lost },
    { name: 'a database out of connections', error: () => Object.assign(new Error('too many'), { code: '53300' }) },
    { name: 'a refused connection', error: () => Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }) },
    { name: 'a connection that broke', error: () => new Error('Connection terminated unexpectedly') },
  ])('goes to the channel, which delivers again: $name', async ({ error }) => {
    const record = aRecord();
    before = async () => {
      throw error();
    };
    await expect(inbox.receive(record)).rejects.toThrow();
    expect(await parkedOf(record.key)).toEqual([]);
    before = async () => undefined;
    await inbox.receive(record);
    expect(await db.effectsOf(record.key)).toEqual([1]);
  });

  it.each([
    { name: 'in the middle of a query', pauseMs: 0, queries: true },
    { name: 'between two queries', pauseMs: 50, queries: true },
    { name: 'before the commit', pauseMs: 50, queries: false },
  ])('goes to the channel when the server ends the session $name', async ({ pauseMs, queries }) => {
    const record = aRecord();
    before = async (tx) => {
      const [row] = await tx.query<{ pid: number }[]>('select pg_backend_pid() as pid');
      await db.rows('select pg_terminate_backend($1)', [row?.pid]);
      if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
      if (queries) await tx.query('select 1');
    };
    await expect(inbox.receive(record)).rejects.toThrow();
    expect(await parkedOf(record.key)).toEqual([]);
    before = async () => undefined;
    await inbox.receive(record);
    expect(await db.effectsOf(record.key)).toEqual([1]);
  });
});

describe('poison', () => {
  const privileged = 'Smith v. Jones settled for 3 million';
  class BrokenHandler extends Error {}
  it.each([
    { name: 'a bug of the handler', error: () => new BrokenHandler(privileged), reason: 'BrokenHandler', attempts: 3 },
    {
      name: 'a refusal',
      error: () => DomainError.refused('CLIENT_CLOSED', privileged),
      reason: 'CLIENT_CLOSED',
      attempts: 3,
    },
    {
      name: 'an error of the database',
      error: () => Object.assign(new Error(privileged), { code: '23505' }),
      reason: '23505',
      attempts: 3,
    },
  ])('is parked after three tries, by its reason and never its text: $name', async ({ error, reason, attempts }) => {
    const record = aRecord();
    let tries = 0;
    before = async () => {
      tries += 1;
      throw error();
    };
    await inbox.receive(record);
    expect(tries).toBe(3);
    expect(await parkedOf(record.key)).toEqual([{ version: 1, kind: 'poison', reason, attempts }]);
    expect(JSON.stringify(await db.rows('select * from messaging.parked_events'))).not.toContain('Smith');
    await inbox.receive(record);
    expect(tries).toBe(3);
  });

  it.each([
    { name: 'bytes that are no message', changes: { payload: Uint8Array.from([10, 255, 255]) }, reason: 'UNDECODABLE' },
    { name: 'a schema version of a later release', changes: { schemaVersion: 2 }, reason: 'UNKNOWN_SCHEMA_VERSION' },
  ])('is parked at once when it cannot be read: $name', async ({ changes, reason }) => {
    const record = aRecord(changes);
    await inbox.receive(record);
    expect(await parkedOf(record.key)).toEqual([{ version: 1, kind: 'poison', reason, attempts: 1 }]);
  });

  it('succeeds on a later try', async () => {
    const record = aRecord();
    let tries = 0;
    before = async () => {
      tries += 1;
      if (tries < 3) throw new Error('a race');
    };
    await inbox.receive(record);
    expect(await db.effectsOf(record.key)).toEqual([1]);
  });

  it('parks its aggregate only: what follows waits behind it, others flow', async () => {
    const [one, two, three] = aHistory(3) as [EventRecord, EventRecord, EventRecord];
    const others = aHistory(3, { tenantId: one.tenantId });
    before = async (_, event) => {
      if (event.aggregateId === one.key && event.aggregateVersion === 2) throw new Error('a bug');
    };
    for (const record of [one, others[0]!, two, others[1]!, three, others[2]!]) await inbox.receive(record);
    expect(await db.effectsOf(one.key)).toEqual([1]);
    expect((await parkedOf(one.key)).map(({ version, kind }) => [version, kind])).toEqual([
      [2, 'poison'],
      [3, 'waiting'],
    ]);
    expect(await db.effectsOf(others[0]!.key)).toEqual([1, 2, 3]);
  });

  it('of a parked successor leaves it where it is', async () => {
    const [one, two] = aHistory(2) as [EventRecord, EventRecord];
    await inbox.receive({ ...two, payload: Uint8Array.from([10, 255, 255]) });
    await inbox.receive(one);
    expect(await db.effectsOf(one.key)).toEqual([1]);
    expect(await parkedOf(one.key)).toEqual([{ version: 2, kind: 'poison', reason: 'UNDECODABLE', attempts: 1 }]);
  });
});

describe('two consumers', () => {
  it('of one database take the same event each', async () => {
    const record = aRecord({ key: anId() });
    const other = new Inbox(db.database, 'documents');
    let taken = 0;
    other.on(topics.clients, async () => void (taken += 1));
    await inbox.receive(record);
    await other.receive(record);
    await other.receive(record);
    expect(taken).toBe(1);
    await db.rows(`delete from messaging.inbox where consumer = 'documents'`);
    await db.rows(`delete from messaging.consumer_positions where consumer = 'documents'`);
  });
});
