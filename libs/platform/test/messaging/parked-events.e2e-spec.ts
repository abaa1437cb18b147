import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { topics } from '@paradesk/contracts';
import { DomainError } from '@paradesk/kernel';
import type { EventRecord } from '../../src/messaging/event-channel.js';
import { Inbox } from '../../src/messaging/inbox.js';
import { ParkedEvents } from '../../src/messaging/parked-events.js';
import { aHistory, anId } from './builders.js';
import { MessagingDatabase, takeEffect } from './messaging-database.js';

let db: MessagingDatabase;
let inbox: Inbox;
let parkedEvents: ParkedEvents;
/** Versions that the handler cannot take at present. */
let broken: Set<number>;
let history: EventRecord[];

beforeAll(async () => {
  db = await MessagingDatabase.open();
});

afterAll(() => db.close());

// Version 2 of four is poison; 3 and 4 wait behind it.
beforeEach(async () => {
  broken = new Set([2]);
  inbox = new Inbox(db.database, 'billing');
  inbox.on(topics.clients, async (tx, event) => {
    if (broken.has(event.aggregateVersion)) throw new Error('a bug');
    await takeEffect(tx, event);
  });
  parkedEvents = new ParkedEvents(db.database, inbox);
  history = aHistory(4);
  for (const record of history) await inbox.receive(record);
});

afterEach(async () => {
  expect(await db.brokenPromises()).toEqual([]);
  await db.rows('delete from messaging.parked_events where discarded_at is null');
});

const aggregateId = () => history[0]!.key;
const eventOf = (version: number) => history[version - 1]!.eventId;

async function refusalOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  return error instanceof DomainError ? `${error.kind} ${error.reason}` : String(error);
}

describe('the list of what is parked', () => {
  it('names each event with its reason and attempts, and never its payload', async () => {
    const [poison, ...waiting] = await parkedEvents.list({ consumer: 'billing', limit: 10 });
    expect(poison).toMatchObject({
      consumer: 'billing',
      topic: topics.clients.name,
      aggregateId: aggregateId(),
      aggregateVersion: 2,
      eventId: eventOf(2),
      tenantId: history[0]!.tenantId,
      kind: 'poison',
      reason: 'Error',
      attempts: 3,
    });
    expect(poison).not.toHaveProperty('payload');
    expect(waiting.map(({ aggregateVersion, kind, reason }) => [aggregateVersion, kind, reason])).toEqual([
      [3, 'waiting', 'GAP'],
      [4, 'waiting', 'GAP'],
    ]);
  });

  it.each([
    { name: 'of another consumer', query: { consumer: 'documents', limit: 10 }, count: 0 },
    { name: 'of all consumers', query: { limit: 10 }, count: 3 },
    { name: 'up to the limit', query: { limit: 2 }, count: 2 },
  ])('is limited to what is asked for: $name', async ({ query, count }) => {
    expect(await parkedEvents.list(query)).toHaveLength(count);
  });
});

describe('a redrive', () => {
  it('takes the poison and all that waits behind it, in order, once the handler is mended', async () => {
    broken.clear();
    expect(await parkedEvents.redrive('billing', aggregateId())).toEqual({ handled: 3, parked: 0 });
    expect(await db.effectsOf(aggregateId())).toEqual([1, 2, 3, 4]);
  });

  it('stops where an event is refused again, and counts its attempts', async () => {
    expect(await parkedEvents.redrive('billing', aggregateId())).toEqual({ handled: 0, parked: 3 });
    const [poison] = await parkedEvents.list({ limit: 1 });
    expect(poison?.attempts).toBe(6);
  });

  it('goes as far as it can', async () => {
    broken = new Set([4]);
    expect(await parkedEvents.redrive('billing', aggregateId())).toEqual({ handled: 2, parked: 1 });
    expect(await db.effectsOf(aggregateId())).toEqual([1, 2, 3]);
  });

  it('takes each event once when two operators redrive at once', async () => {
    broken.clear();
    const [first, second] = await Promise.all([
      parkedEvents.redrive('billing', aggregateId()),
      parkedEvents.redrive('billing', aggregateId()),
    ]);
    expect(first.handled + second.handled).toBeLessThanOrEqual(3);
    await parkedEvents.redrive('billing', aggregateId());
    expect(await db.effectsOf(aggregateId())).toEqual([1, 2, 3, 4]);
  });

  it('finds nothing to do for an aggregate without parked events', async () => {
    expect(await parkedEvents.redrive('billing', anId())).toEqual({ handled: 0, parked: 0 });
  });
});

describe('a discard', () => {
  it('moves past the poison, lets the rest go on, and keeps who gave it up and why', async () => {
    await parkedEvents.discard('billing', aggregateId(), eventOf(2), 'sent by mistake', 'operator-7');
    expect(await db.effectsOf(aggregateId())).toEqual([1, 3, 4]);
    expect(await parkedEvents.list({ limit: 10 })).toEqual([]);
    const [kept] = await db.rows('select * from messaging.parked_events where event_id = $1', [eventOf(2)]);
    expect(kept).toMatchObject({ discarded_reason: 'sent by mistake', discarded_by: 'operator-7' });
    expect(kept?.['discarded_at']).toBeInstanceOf(Date);
  });

  it('is final: the event does not take effect when it comes again', async () => {
    await parkedEvents.discard('billing', aggregateId(), eventOf(2), 'sent by mistake', 'operator-7');
    broken.clear();
    await inbox.receive(history[1]!);
    expect(await db.effectsOf(aggregateId())).toEqual([1, 3, 4]);
    const again = parkedEvents.discard('billing', aggregateId(), eventOf(2), 'again', 'operator-7');
    expect(await refusalOf(again)).toBe('not-found PARKED_EVENT_NOT_FOUND');
  });

  it.each([
    { name: 'an event behind the poison', run: () => eventOf(3), refusal: 'refused NOT_NEXT_IN_LINE' },
    { name: 'an event that is not parked', run: () => eventOf(1), refusal: 'not-found PARKED_EVENT_NOT_FOUND' },
  ])('is refused for $name', async ({ run, refusal }) => {
    const discarding = parkedEvents.discard('billing', aggregateId(), run(), 'no reason', 'operator-7');
    expect(await refusalOf(discarding)).toBe(refusal);
    expect(await parkedEvents.list({ limit: 10 })).toHaveLength(3);
  });

  it('and a redrive are refused for another consumer', async () => {
    const discarding = parkedEvents.discard('documents', aggregateId(), eventOf(2), 'no reason', 'operator-7');
    expect(await refusalOf(discarding)).toBe('not-found CONSUMER_NOT_FOUND');
    expect(await refusalOf(parkedEvents.redrive('documents', aggregateId()))).toBe('not-found CONSUMER_NOT_FOUND');
  });
});
