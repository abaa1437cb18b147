import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { context, propagation, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { topics } from '@paradesk/contracts';
import type { ClientEvent } from '@paradesk/contracts/paradesk/identity/events/v1/clients';
import { Temporal } from 'temporal-polyfill';
import { Clock } from '../../src/clock.js';
import type { Tx } from '../../src/database/database.js';
import { MAX_EVENT_BYTES, Outbox, type OutgoingEvent } from '../../src/messaging/outbox.js';
import { anEvent, anId } from './builders.js';
import { MessagingDatabase } from './messaging-database.js';

class StoppedClock extends Clock {
  override now(): Temporal.Instant {
    return Temporal.Instant.from('2026-03-02T09:30:00.123456Z');
  }
}

let db: MessagingDatabase;
const outbox = new Outbox(new StoppedClock());
const tenantId = anId();

beforeAll(async () => {
  db = await MessagingDatabase.open();
});

afterAll(() => db.close());

function anOutgoing(changes: Partial<OutgoingEvent<ClientEvent>> = {}): OutgoingEvent<ClientEvent> {
  return { topic: topics.clients, aggregateId: anId(), aggregateVersion: 1, event: anEvent(), ...changes };
}

/** A change of a tenant's row with its event: what every use case does. */
async function change(tx: Tx, event: OutgoingEvent<ClientEvent>): Promise<void> {
  await tx.query('insert into effects (tenant_id, aggregate_id, version) values ($1, $2, $3)', [
    tx.tenantId,
    event.aggregateId,
    event.aggregateVersion,
  ]);
  await outbox.add(tx, event);
}

const storedOf = (aggregateId: string) =>
  db.rows('select * from messaging.outbox where aggregate_id = $1', [aggregateId]);

describe('a change and its event', () => {
  it('are committed together', async () => {
    const event = anOutgoing();
    await db.database.transaction({ tenantId }, (tx) => change(tx, event));
    expect(await db.effectsOf(event.aggregateId)).toEqual([1]);
    const [stored] = await storedOf(event.aggregateId);
    expect(stored).toMatchObject({
      tenant_id: tenantId,
      topic: 'paradesk.identity.clients',
      aggregate_version: 1,
      schema_version: 1,
      traceparent: null,
      published_at: null,
      occurred_at: new Date('2026-03-02T09:30:00.123Z'),
    });
    expect(topics.clients.message.decode(stored?.['payload'] as Buffer)).toEqual(event.event);
  });

  it('are both undone when the use case fails afterwards', async () => {
    const event = anOutgoing();
    const failing = db.database.transaction({ tenantId }, async (tx) => {
      await change(tx, event);
      throw new Error('refused');
    });
    await expect(failing).rejects.toThrow('refused');
    expect(await db.effectsOf(event.aggregateId)).toEqual([]);
    expect(await storedOf(event.aggregateId)).toEqual([]);
  });

  it('are both undone when the version has an event already: it was not raised', async () => {
    const event = anOutgoing();
    await db.database.transaction({ tenantId }, (tx) => change(tx, event));
    await expect(db.database.transaction({ tenantId }, (tx) => change(tx, event))).rejects.toMatchObject({
      code: '23505',
    });
    expect(await db.effectsOf(event.aggregateId)).toEqual([1]);
    expect(await storedOf(event.aggregateId)).toHaveLength(1);
  });

  it('wake the relay at the commit, and not at a rollback', async () => {
    const listener = await db.connect();
    let wakes = 0;
    listener.on('notification', () => (wakes += 1));
    await listener.query('listen paradesk_outbox');
    const rolledBack = db.database.transaction({ tenantId }, async (tx) => {
      await change(tx, anOutgoing());
      throw new Error('refused');
    });
    await expect(rolledBack).rejects.toThrow('refused');
    await listener.query('select 1');
    expect(wakes).toBe(0);
    await db.database.transaction({ tenantId }, (tx) => change(tx, anOutgoing()));
    await listener.query('select 1');
    expect(wakes).toBe(1);
    await listener.end();
  });
});

describe('an event is refused', () => {
  it('outside a transaction', async () => {
    const event = anOutgoing();
    let kept: Tx | undefined;
    await db.database.transaction({ tenantId }, async (tx) => void (kept = tx));
    await expect(outbox.add(kept!, event)).rejects.toThrow('an event is added in the transaction of its change');
    expect(await storedOf(event.aggregateId)).toEqual([]);
  });

  it('when no channel would carry it, with its change', async () => {
    const aggregateId = anId();
    const message = {
      ...topics.clients.message,
      encode: () => ({ finish: () => new Uint8Array(MAX_EVENT_BYTES + 1) }),
    };
    const topic = { ...topics.clients, message } as unknown as typeof topics.clients;
    const adding = db.database.transaction({ tenantId }, (tx) => change(tx, anOutgoing({ aggregateId, topic })));
    await expect(adding).rejects.toMatchObject({
      kind: 'refused',
      reason: 'EVENT_TOO_LARGE',
      message: 'an event of paradesk.identity.clients would have 1000001 bytes, more than the 1000000 that are carried',
    });
    expect(await db.effectsOf(aggregateId)).toEqual([]);
    expect(await storedOf(aggregateId)).toEqual([]);
  });
});

describe('the trace of the command', () => {
  it('travels with its event', async () => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    propagation.setGlobalPropagator(new W3CTraceContextPropagator());
    const event = anOutgoing();
    const parent = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', traceFlags: 1 };
    await context.with(trace.setSpanContext(ROOT_CONTEXT, parent), () =>
      db.database.transaction({ tenantId }, (tx) => change(tx, event)),
    );
    const [stored] = await storedOf(event.aggregateId);
    expect(stored?.['traceparent']).toBe('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01');
    context.disable();
    propagation.disable();
  });
});
