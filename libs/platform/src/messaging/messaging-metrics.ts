import { type Attributes, type Counter, type Histogram, metrics, type ObservableGauge } from '@opentelemetry/api';
import type { Database } from '../database/database.js';
import type { EventChannel, EventRecord } from './event-channel.js';
import type { ParkedKind } from './parking.js';

/** Who takes events, and from what. */
export interface ConsumerName {
  /** Name of the consumer group: the service's. */
  readonly consumer: string;
  /** `system` of the channel. */
  readonly system: string;
}

/** What became of an event that was delivered. */
export interface Processed {
  readonly outcome: 'handled' | 'dropped' | 'parked' | 'failed';
  /** Of parked events. */
  readonly kind?: ParkedKind;
  /** Why it was not handled, in a word; undefined where that is as it should be. */
  readonly errorType?: string;
}

interface Instruments {
  readonly sent: Counter;
  readonly operation: Histogram;
  readonly consumed: Counter;
  readonly process: Histogram;
  readonly dropped: Counter;
  readonly parked: Counter;
}

const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const SCOPE = 'paradesk.messaging';

// Made at first use: what is made before telemetry has started counts nothing for ever.
let made: Instruments | undefined;

function instruments(): Instruments {
  const meter = metrics.getMeter(SCOPE);
  const messages = (description: string) => ({ unit: '{message}', description });
  const seconds = (description: string) => ({
    unit: 's',
    description,
    advice: { explicitBucketBoundaries: BUCKETS },
  });
  return (made ??= {
    sent: meter.createCounter('messaging.client.sent.messages', messages('Events that the relay gave to the channel.')),
    operation: meter.createHistogram(
      'messaging.client.operation.duration',
      seconds('How long it took until a batch of events was safe in the channel.'),
    ),
    consumed: meter.createCounter(
      'messaging.client.consumed.messages',
      messages('Events that were delivered, duplicates included.'),
    ),
    process: meter.createHistogram('messaging.process.duration', seconds('How long an event took to take effect.')),
    dropped: meter.createCounter('paradesk.inbox.dropped', messages('Duplicates that were dropped.')),
    parked: meter.createCounter(
      'paradesk.inbox.parked',
      messages('Events that were parked, by kind: waiting for an earlier one, which is a gap, or poison.'),
    ),
  });
}

// Made once for each: events are many, their attributes few.
const known = new Map<string, Attributes>();

function cached(key: string, make: () => Attributes): Attributes {
  let attributes = known.get(key);
  if (!attributes) known.set(key, (attributes = make()));
  return attributes;
}

/** What is said of events that are published. */
export function sendAttributes(system: string, topic: string): Attributes {
  return cached(`${system} ${topic}`, () => ({
    'messaging.system.name': system,
    'messaging.operation.name': 'send',
    'messaging.destination.name': topic,
  }));
}

/** What is said of events that are taken. */
export function processAttributes({ system, consumer }: ConsumerName, topic: string): Attributes {
  return cached(`${system} ${topic} ${consumer}`, () => ({
    'messaging.system.name': system,
    'messaging.operation.name': 'process',
    'messaging.destination.name': topic,
    'messaging.consumer.group.name': consumer,
  }));
}

/** Counts a batch that was given to the channel. */
export function countSent(system: string, records: readonly EventRecord[], seconds: number, errorType?: string): void {
  const failed = errorType !== undefined && { 'error.type': errorType };
  for (const { topic } of records) {
    const attributes = sendAttributes(system, topic);
    instruments().sent.add(1, failed ? { ...attributes, ...failed } : attributes);
  }
  const operation = { 'messaging.system.name': system, 'messaging.operation.name': 'send', ...failed };
  instruments().operation.record(seconds, operation);
}

/** Counts a delivery to a consumer, by topic. */
export function countConsumed(consumer: ConsumerName, topic: string): void {
  instruments().consumed.add(1, processAttributes(consumer, topic));
}

/** Counts what became of an event, and how long that took. */
export function countProcessed(consumer: ConsumerName, topic: string, seconds: number, processed: Processed): void {
  const { outcome, kind, errorType } = processed;
  const attributes = processAttributes(consumer, topic);
  if (outcome === 'dropped') instruments().dropped.add(1, attributes);
  if (kind) instruments().parked.add(1, { ...attributes, 'paradesk.inbox.kind': kind });
  instruments().process.record(seconds, {
    ...attributes,
    'paradesk.inbox.outcome': outcome,
    ...(errorType !== undefined && { 'error.type': errorType }),
  });
}

/**
 * Reports how many events wait in the outbox of a service, and for how many seconds the oldest of them, whenever metrics are read.
 *
 * @returns ends the reports
 */
export function observeOutbox(service: string, database: Database): () => void {
  const depth = gauge('paradesk.outbox.depth', '{message}', 'Events that are committed and not published.');
  const age = gauge('paradesk.outbox.age', 's', 'How long the oldest event has waited to be published.');
  return whenRead([depth, age], async (observe) => {
    const [waiting] = await database.system((tx) => tx.query<{ depth: number; age: number }[]>(WAITING));
    observe(depth, waiting?.depth ?? 0, { 'paradesk.service': service });
    observe(age, waiting?.age ?? 0, { 'paradesk.service': service });
  });
}

/**
 * Reports how many keys of a consumer are parked, and what waits for it in the channel, whenever metrics are read.
 *
 * @returns ends the reports
 */
export function observeConsumer(consumer: string, database: Database, channel: EventChannel): () => void {
  const group = { 'messaging.consumer.group.name': consumer };
  const keys = gauge('paradesk.inbox.parked_keys', '{key}', 'Aggregates that have parked events now, by kind.');
  const records = gauge(
    'paradesk.consumer.lag.messages',
    '{message}',
    'Events of a topic that the consumer is behind.',
  );
  const age = gauge('paradesk.consumer.lag.age', 's', 'How long the oldest event that it has not handled has waited.');
  const stopKeys = whenRead([keys], async (observe) => {
    const rows = await database.system((tx) => tx.query<{ kind: ParkedKind; keys: number }[]>(PARKED, [consumer]));
    for (const row of rows) observe(keys, row.keys, { ...group, 'paradesk.inbox.kind': row.kind });
  });
  const stopLag = whenRead([records, age], async (observe) => {
    const ofConsumer = (await channel.lag()).filter((lag) => lag.group === consumer);
    for (const [topic, lags] of Map.groupBy(ofConsumer, (lag) => lag.topic)) {
      const attributes = { ...group, 'messaging.system.name': channel.system, 'messaging.destination.name': topic };
      observe(
        records,
        lags.reduce((sum, lag) => sum + lag.records, 0),
        attributes,
      );
      observe(age, Math.max(...lags.map((lag) => lag.ageMs)) / 1000, attributes);
    }
  });
  return () => [stopKeys, stopLag].forEach((stop) => stop());
}

const WAITING = `
  select count(*)::int as depth, greatest(0, coalesce(extract(epoch from now() - min(occurred_at)), 0))::float8 as age
  from messaging.outbox where published_at is null`;

// A kind that nothing is parked of is reported too.
const PARKED = `
  select kinds.kind, count(distinct parked.aggregate_id)::int as keys
  from (values ('waiting'), ('poison')) kinds (kind)
  left join messaging.parked_events parked on parked.kind = kinds.kind and parked.consumer = $1 and parked.discarded_at is null
  group by kinds.kind`;

type Observe = (gauge: ObservableGauge, value: number, attributes: Attributes) => void;

function gauge(name: string, unit: string, description: string): ObservableGauge {
  return metrics.getMeter(SCOPE).createObservableGauge(name, { unit, description });
}

function whenRead(gauges: ObservableGauge[], read: (observe: Observe) => Promise<void>): () => void {
  const meter = metrics.getMeter(SCOPE);
  const callback: Parameters<typeof meter.addBatchObservableCallback>[0] = (result) =>
    read((of, value, attributes) => result.observe(of, value, attributes));
  meter.addBatchObservableCallback(callback, gauges);
  return () => meter.removeBatchObservableCallback(callback, gauges);
}
