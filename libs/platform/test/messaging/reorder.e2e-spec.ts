import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { topics } from '@paradesk/contracts';
import fc from 'fast-check';
import type { EventRecord } from '../../src/messaging/event-channel.js';
import { Inbox } from '../../src/messaging/inbox.js';
import { aHistory } from './builders.js';
import { MessagingDatabase, takeEffect } from './messaging-database.js';

// A case takes some 16 ms; who looks for rare orders asks for thousands.
const CASES = Number(process.env['PARADESK_CASES'] ?? 300);
const TIMEOUT_MS = 60_000 + 200 * CASES;

let db: MessagingDatabase;

beforeAll(async () => {
  db = await MessagingDatabase.open();
});

afterAll(() => db.close());

/** The inbox of one process of the service. */
function anInbox(): Inbox {
  const inbox = new Inbox(db.database, 'billing');
  inbox.on(topics.clients, takeEffect);
  return inbox;
}

/** The events of some aggregates in an order that may be right for none of them, some twice, and how many processes share them. */
const deliveries = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 }).chain((lengths) => {
  const events = lengths.flatMap((length) => aHistory(length));
  return fc.record({
    events: fc.constant(events),
    order: fc.shuffledSubarray(events, { minLength: events.length }),
    again: fc.subarray(events),
    processes: fc.integer({ min: 1, max: 2 }),
  });
});

async function deliver(inbox: Inbox, records: readonly EventRecord[]): Promise<void> {
  for (const record of records) await inbox.receive(record);
}

async function outcomeOf(keys: readonly string[]): Promise<{ effects: string[] | null; parked: number } | undefined> {
  const [found] = await db.rows<{ effects: string[] | null; parked: number }>(
    `select
       (select array_agg(aggregate_id || ' ' || version order by aggregate_id, ordinal) from effects
        where aggregate_id = any ($1)) as effects,
       (select count(*)::int from messaging.parked_events where aggregate_id = any ($1)) as parked`,
    [keys],
  );
  return found;
}

it(
  `events end in one state, in the order of versions and none parked, whatever order they come in (${CASES} cases)`,
  async () => {
    await fc.assert(
      fc.asyncProperty(deliveries, async ({ events, order, again, processes }) => {
        const all = [...order, ...again];
        const shares = Array.from({ length: processes }, (_, share) =>
          all.filter((__, at) => at % processes === share),
        );
        await Promise.all(shares.map((share) => deliver(anInbox(), share)));
        const keys = [...new Set(events.map(({ key }) => key))].toSorted();
        const inOrder = keys.flatMap((key) => events.filter((one) => one.key === key));
        expect(await outcomeOf(keys)).toEqual({
          effects: inOrder.map(({ key, aggregateVersion }) => `${key} ${aggregateVersion}`),
          parked: 0,
        });
      }),
      // A smaller case would find the aggregates of the one before it.
      { numRuns: CASES, endOnFailure: true },
    );
    expect(await db.brokenPromises()).toEqual([]);
  },
  TIMEOUT_MS,
);
