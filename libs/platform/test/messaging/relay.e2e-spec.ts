import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { topics } from '@paradesk/contracts';
import pg from 'pg';
import { Clock } from '../../src/clock.js';
import type { Tx } from '../../src/database/database.js';
import type { EventChannel, EventRecord } from '../../src/messaging/event-channel.js';
import { Inbox } from '../../src/messaging/inbox.js';
import { Outbox } from '../../src/messaging/outbox.js';
import { Relay } from '../../src/messaging/relay.js';
import { anEvent, anId, until } from './builders.js';
import { MessagingDatabase, takeEffect } from './messaging-database.js';

/** A channel that keeps what it carries, and hands it to an inbox. */
class Carrier implements EventChannel {
  readonly system = 'in_process';
  readonly records: EventRecord[] = [];
  batches = 0;
  /** What a test makes happen before a batch is safe. */
  before: () => Promise<void> = async () => undefined;

  constructor(private readonly inbox: Inbox) {}

  async publish(records: readonly EventRecord[]): Promise<void> {
    this.batches += 1;
    await this.before();
    for (const record of records) await this.inbox.receive(record);
    this.records.push(...records);
  }

  async subscribe(): Promise<never> {
    throw new Error('nobody subscribes here');
  }

  async lag(): Promise<never[]> {
    return [];
  }

  async close(): Promise<void> {
    // nothing is open
  }
}

let db: MessagingDatabase;
let channel: Carrier;
let relays: Relay[];
const outbox = new Outbox(new Clock());
const tenantId = anId();

beforeAll(async () => {
  db = await MessagingDatabase.open();
});

afterAll(() => db.close());

beforeEach(() => {
  relays = [];
  const inbox = new Inbox(db.database, 'billing');
  inbox.on(topics.clients, takeEffect);
  channel = new Carrier(inbox);
});

// I3: what was committed was published, and what was published was received; I4 beside it.
afterEach(async () => {
  channel.before = async () => undefined;
  if (relays.length > 0) await relayed();
  for (const relay of relays) await relay.stop();
  const committed = await db.rows<{ event_id: string }>('select event_id from messaging.outbox order by 1');
  const received = await db.rows<{ event_id: string }>('select event_id from messaging.inbox order by 1');
  expect(received).toEqual(committed);
  expect(await db.brokenPromises()).toEqual([]);
  expect(await leaderPids()).toEqual([]);
  for (const table of ['messaging.outbox', 'messaging.inbox', 'messaging.consumer_positions', 'effects']) {
    await db.rows(`delete from ${table}`);
  }
});

function startRelay(connect: () => Promise<pg.Client> = db.connect): Relay {
  const relay = new Relay({
    service: 'billing',
    database: db.database,
    channel,
    logger: { warn: () => undefined },
    connect,
  });
  relays.push(relay);
  relay.start();
  return relay;
}

const relayed = () =>
  until(async () => (await db.rows('select from messaging.outbox where published_at is null')).length === 0);

async function add(tx: Tx, aggregateId: string, aggregateVersion = 1): Promise<void> {
  await outbox.add(tx, { topic: topics.clients, aggregateId, aggregateVersion, event: anEvent() });
}

async function commit(aggregateId: string, aggregateVersion = 1): Promise<void> {
  await db.database.transaction({ tenantId }, (tx) => add(tx, aggregateId, aggregateVersion));
}

/** As a use case: locks the aggregate, raises its version, adds the event. */
async function raise(tx: Tx, aggregateId: string): Promise<void> {
  await tx.query('select pg_advisory_xact_lock(hashtext($1))', [aggregateId]);
  const [row] = await tx.query<{ last: number }[]>(
    'select coalesce(max(aggregate_version), 0) as last from messaging.outbox where aggregate_id = $1',
    [aggregateId],
  );
  await add(tx, aggregateId, (row?.last ?? 0) + 1);
}

const published = () => channel.records.map(({ key }) => key);
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A transaction that has added its event and commits when it is let go. */
async function slowTransaction(work: (tx: Tx) => Promise<void>): Promise<() => Promise<void>> {
  const [added, letGo] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const done = db.database.transaction({ tenantId }, async (tx) => {
    await work(tx);
    added.resolve();
    await letGo.promise;
  });
  await added.promise;
  return () => {
    letGo.resolve();
    return done;
  };
}

describe('what is committed', () => {
  it('is published soon, as it was written', async () => {
    startRelay();
    await until(async () => (await leaderPids()).length === 1);
    const key = anId();
    const startedAt = performance.now();
    await commit(key);
    await until(() => published().includes(key));
    expect(performance.now() - startedAt).toBeLessThan(900);
    const [stored] = await db.rows('select * from messaging.outbox');
    expect(channel.records[0]).toMatchObject({
      topic: topics.clients.name,
      key,
      eventId: stored?.['event_id'],
      tenantId,
      aggregateVersion: 1,
      schemaVersion: 1,
    });
    expect(channel.records[0]?.occurredAt.epochMilliseconds).toBe((stored?.['occurred_at'] as Date).getTime());
  });

  it('before there was a relay is published too, in more than one batch', async () => {
    await db.database.transaction({ tenantId }, async (tx) => {
      for (let version = 1; version <= 450; version++) await add(tx, tenantId, version);
    });
    startRelay();
    await relayed();
    expect(channel.records.map(({ aggregateVersion }) => aggregateVersion)).toEqual(
      Array.from({ length: 450 }, (_, index) => index + 1),
    );
    expect(channel.batches).toBe(3);
  });

  it('is found without a notification', async () => {
    startRelay();
    await until(async () => (await leaderPids()).length === 1);
    await pause(100);
    const key = anId();
    await db.rows(
      `insert into messaging.outbox (event_id, tenant_id, topic, aggregate_id, aggregate_version, occurred_at, payload, schema_version)
       values ($1, $2, $3, $4, 1, now(), '', 1)`,
      [anId(), tenantId, topics.clients.name, key],
    );
    await until(() => published().includes(key), 3_000);
  });

  it('is published once by a relay that nothing disturbs', async () => {
    startRelay();
    for (let count = 0; count < 20; count++) await commit(anId());
    await relayed();
    expect(new Set(published()).size).toBe(20);
    expect(channel.records).toHaveLength(20);
  });
});

describe('a transaction that is rolled back', () => {
  it('leaves no event', async () => {
    startRelay();
    const [undone, kept] = [anId(), anId()];
    const failing = db.database.transaction({ tenantId }, async (tx) => {
      await add(tx, undone);
      throw new Error('refused');
    });
    await expect(failing).rejects.toThrow('refused');
    await commit(kept);
    await relayed();
    expect(published()).toEqual([kept]);
  });
});

describe('a slow transaction', () => {
  it('with a lower position loses no event', async () => {
    startRelay();
    const [slow, fast] = [anId(), anId()];
    const finish = await slowTransaction((tx) => add(tx, slow));
    await commit(fast);
    await until(() => published().includes(fast));
    await finish();
    await relayed();
    expect(published()).toEqual([fast, slow]);
  });

  it('would lose its event to a cursor over positions: why there is none', async () => {
    let cursor = 0n;
    const readAfterCursor = async (): Promise<string[]> => {
      const rows = await db.rows<{ position: string; aggregate_id: string }>(
        'select position, aggregate_id from messaging.outbox where position > $1 order by position',
        [cursor],
      );
      cursor = BigInt(rows.at(-1)?.position ?? cursor);
      return rows.map(({ aggregate_id }) => aggregate_id);
    };
    const [slow, fast] = [anId(), anId()];
    const finish = await slowTransaction((tx) => add(tx, slow));
    await commit(fast);
    expect(await readAfterCursor()).toEqual([fast]);
    await finish();
    expect(await readAfterCursor()).toEqual([]);
    startRelay();
    await relayed();
    expect(published().sort()).toEqual([slow, fast].sort());
  });

  it('would have its events reordered by a cursor over transaction ids: why there is none', async () => {
    const [key, other] = [anId(), anId()];
    const began = Promise.withResolvers<void>();
    const first = Promise.withResolvers<void>();
    // It gets its transaction id by its first write, and the second version only after the other has committed the first one.
    const slow = db.database.transaction({ tenantId }, async (tx) => {
      await add(tx, other);
      began.resolve();
      await first.promise;
      await raise(tx, key);
    });
    await began.promise;
    await db.database.transaction({ tenantId }, (tx) => raise(tx, key));
    first.resolve();
    await slow;
    const versions = async (order: string) =>
      (
        await db.rows<{ version: number }>(
          `select aggregate_version as version from messaging.outbox where aggregate_id = $1 order by ${order}`,
          [key],
        )
      ).map(({ version }) => version);
    expect(await versions('xmin::text::bigint, position')).toEqual([2, 1]);
    expect(await versions('position')).toEqual([1, 2]);
    startRelay();
    await relayed();
    expect(await db.effectsOf(key)).toEqual([1, 2]);
  });

  it('among many writers of the same aggregates, some rolled back, neither loses nor reorders', async () => {
    startRelay();
    const keys = Array.from({ length: 4 }, anId);
    const writer = async (seed: number): Promise<void> => {
      for (let count = 0; count < 15; count++) {
        const writing = db.database.transaction({ tenantId }, async (tx) => {
          await raise(tx, keys[(seed + count) % keys.length]!);
          await pause(((seed * 7 + count * 13) % 5) * 4);
          if ((seed + count) % 6 === 0) throw new Error('refused');
        });
        await writing.catch((error: Error) => expect(error.message).toBe('refused'));
      }
    };
    await Promise.all([0, 1, 2, 3, 4].map(writer));
    await relayed();
    for (const key of keys) {
      const versions = channel.records.filter((record) => record.key === key).map((record) => record.aggregateVersion);
      expect(versions).toEqual(Array.from({ length: versions.length }, (_, index) => index + 1));
    }
    expect(channel.records).toHaveLength((await db.rows('select from messaging.outbox')).length);
    expect(channel.records.length).toBeGreaterThan(50);
  });
});

async function leaderPids(): Promise<number[]> {
  const rows = await db.rows<{ pid: number }>(`select pid from pg_locks where locktype = 'advisory' and granted
       and database = (select oid from pg_database where datname = current_database())`);
  return rows.map(({ pid }) => pid);
}

const relaySessions = async () =>
  (
    await db.rows<{ pid: number }>(
      `select pid from pg_stat_activity where application_name = 'relay' and datname = current_database()`,
    )
  ).map(({ pid }) => pid);

describe('two relays', () => {
  it('lead one after the other', async () => {
    const first = startRelay();
    await until(async () => (await leaderPids()).length === 1);
    startRelay();
    await until(async () => (await relaySessions()).length === 2);
    await commit(anId());
    await relayed();
    expect(channel.records).toHaveLength(1);
    const [leader] = await leaderPids();
    await first.stop();
    await until(async () => (await leaderPids()).length === 1 && (await leaderPids())[0] !== leader);
    await commit(anId());
    await relayed();
    expect(channel.records).toHaveLength(2);
  });

  it('that both believe they lead publish duplicates, which have no effect', async () => {
    const key = anId();
    const [inPublish, letGo] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let first = true;
    channel.before = async () => {
      if (!first) return;
      first = false;
      inPublish.resolve();
      await letGo.promise;
    };
    await commit(key);
    startRelay();
    await inPublish.promise;
    // The server ends the session, and with it the lock, while the first one is publishing.
    for (const pid of await leaderPids()) await db.rows('select pg_terminate_backend($1)', [pid]);
    startRelay();
    await relayed();
    await commit(key, 2);
    await relayed();
    letGo.resolve();
    await until(() => channel.records.length >= 3);
    expect(channel.records.map(({ aggregateVersion }) => aggregateVersion)).toEqual([1, 2, 1]);
    expect(await db.effectsOf(key)).toEqual([1, 2]);
  });
});

describe('a relay', () => {
  it('goes on after its connection was ended again and again', async () => {
    startRelay();
    const keys = Array.from({ length: 30 }, anId);
    for (const [index, key] of keys.entries()) {
      await commit(key);
      if (index % 6 === 0) {
        for (const pid of await relaySessions()) await db.rows('select pg_terminate_backend($1)', [pid]);
      }
    }
    await relayed();
    expect(new Set(published())).toEqual(new Set(keys));
  });

  it('publishes nothing more after it has lost its connection, until it leads again', async () => {
    const connects: number[] = [];
    let mayConnect = true;
    startRelay(async () => {
      connects.push(performance.now());
      if (!mayConnect) throw new Error('the database is away');
      return db.connect();
    });
    await until(async () => (await leaderPids()).length === 1);
    mayConnect = false;
    for (const pid of await relaySessions()) await db.rows('select pg_terminate_backend($1)', [pid]);
    await until(() => connects.length >= 2);
    await commit(anId());
    await pause(500);
    expect(channel.records).toEqual([]);
    expect(connects.length).toBeLessThan(8);
    mayConnect = true;
    await relayed();
    expect(channel.records).toHaveLength(1);
  });

  it('tries again what the channel refused', async () => {
    let refusals = 2;
    channel.before = async () => {
      if (refusals-- > 0) throw new Error('the broker is away');
    };
    startRelay();
    await commit(anId());
    await relayed();
    expect(channel.batches).toBe(3);
    expect(channel.records).toHaveLength(1);
  });

  it('finishes and marks the batch that it is publishing when it is stopped', async () => {
    const inPublish = Promise.withResolvers<void>();
    channel.before = async () => {
      inPublish.resolve();
      await pause(200);
    };
    await commit(anId());
    const relay = startRelay();
    await inPublish.promise;
    await relay.stop();
    expect(await db.rows('select from messaging.outbox where published_at is null')).toEqual([]);
    expect(await relaySessions()).toEqual([]);
  });

  it('stops within seconds when the channel hangs; what it did not mark is published again', async () => {
    const inPublish = Promise.withResolvers<void>();
    const letGo = Promise.withResolvers<void>();
    channel.before = () => {
      inPublish.resolve();
      return letGo.promise;
    };
    await commit(anId());
    const relay = startRelay();
    await inPublish.promise;
    const startedAt = performance.now();
    await relay.stop();
    expect(performance.now() - startedAt).toBeLessThan(8_000);
    letGo.resolve();
    startRelay();
    await relayed();
    expect(channel.records.length).toBe(2);
  });

  it('keeps published events for a week, and what is not published for ever', async () => {
    const [old, recent] = [anId(), anId()];
    await commit(old);
    await commit(recent);
    const first = startRelay();
    await relayed();
    await first.stop();
    await db.rows(
      `with outbox as (update messaging.outbox set published_at = now() - interval '8 days' where aggregate_id = $1)
       update messaging.inbox set received_at = now() - interval '8 days' where aggregate_id = $1`,
      [old],
    );
    startRelay();
    await until(async () => (await db.rows('select from messaging.inbox')).length === 1);
    expect(await db.rows('select aggregate_id from messaging.outbox')).toEqual([{ aggregate_id: recent }]);
    await db.rows('delete from effects where aggregate_id = $1', [old]);
    await db.rows('delete from messaging.consumer_positions where aggregate_id = $1', [old]);
  });
});
