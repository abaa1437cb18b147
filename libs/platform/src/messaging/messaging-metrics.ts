import { type Counter, metrics } from '@opentelemetry/api';
import type { Database } from '../database/database.js';
import type { EventRecord } from './event-channel.js';

interface MessagingCounters {
  readonly sent: Counter;
  readonly consumed: Counter;
  readonly dropped: Counter;
  readonly parked: Counter;
}

// Made at first use: what is made before telemetry has started counts nothing for ever.
let made: MessagingCounters | undefined;

function counters(): MessagingCounters {
  const meter = metrics.getMeter('paradesk.messaging');
  return (made ??= {
    sent: meter.createCounter('messaging.client.sent.messages', {
      unit: '{message}',
      description: 'Events that left the outbox.',
    }),
    consumed: meter.createCounter('messaging.client.consumed.messages', {
      unit: '{message}',
      description: 'Events that were delivered, duplicates included.',
    }),
    dropped: meter.createCounter('paradesk.inbox.dropped', {
      unit: '{message}',
      description: 'Duplicates that were dropped.',
    }),
    parked: meter.createCounter('paradesk.inbox.parked', {
      unit: '{message}',
      description: 'Events that were parked, by kind: waiting for an earlier one, or poison.',
    }),
  });
}

/** Counts events that left the outbox, by topic. */
export function countSent(records: readonly EventRecord[]): void {
  for (const record of records) counters().sent.add(1, { 'messaging.destination.name': record.topic });
}

/** Counts a delivery to a consumer, by topic. */
export function countConsumed(consumer: string, topic: string): void {
  counters().consumed.add(1, attributesOf(consumer, topic));
}

/** Counts a duplicate that had no effect. */
export function countDropped(consumer: string, topic: string): void {
  counters().dropped.add(1, attributesOf(consumer, topic));
}

/** Counts an event that was put aside. */
export function countParked(consumer: string, topic: string, kind: 'waiting' | 'poison'): void {
  counters().parked.add(1, { ...attributesOf(consumer, topic), 'paradesk.inbox.kind': kind });
}

/**
 * Reports how many events wait in the outbox of a service, and for how many seconds the oldest of them, whenever metrics are read.
 *
 * @returns ends the reports
 */
export function observeOutbox(service: string, database: Database): () => void {
  const meter = metrics.getMeter('paradesk.messaging');
  const depth = meter.createObservableGauge('paradesk.outbox.depth', {
    unit: '{message}',
    description: 'Events that are committed and not published.',
  });
  const age = meter.createObservableGauge('paradesk.outbox.age', {
    unit: 's',
    description: 'How long the oldest event has waited to be published.',
  });
  const observe: Parameters<typeof meter.addBatchObservableCallback>[0] = async (result) => {
    const [waiting] = await database.system((tx) => tx.query<{ depth: number; age: number }[]>(WAITING));
    result.observe(depth, waiting?.depth ?? 0, { 'paradesk.service': service });
    result.observe(age, waiting?.age ?? 0, { 'paradesk.service': service });
  };
  meter.addBatchObservableCallback(observe, [depth, age]);
  return () => meter.removeBatchObservableCallback(observe, [depth, age]);
}

const WAITING = `
  select count(*)::int as depth, greatest(0, coalesce(extract(epoch from now() - min(occurred_at)), 0))::float8 as age
  from messaging.outbox where published_at is null`;

function attributesOf(consumer: string, topic: string) {
  return { 'messaging.consumer.group.name': consumer, 'messaging.destination.name': topic };
}
