import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { context, metrics, propagation, SpanKind, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { TracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace';
import { topics } from '@paradesk/contracts';
import { Clock } from '../../src/clock.js';
import { Inbox } from '../../src/messaging/inbox.js';
import { InProcessChannel } from '../../src/messaging/in-process-channel.js';
import { observeConsumer, observeOutbox } from '../../src/messaging/messaging-metrics.js';
import { publishObserved } from '../../src/messaging/messaging-spans.js';
import { Outbox } from '../../src/messaging/outbox.js';
import { aHistory, anEvent, anId, aRecord } from './builders.js';
import { MessagingDatabase, takeEffect } from './messaging-database.js';

const spans = new InMemorySpanExporter();
const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
let db: MessagingDatabase;
let inbox: Inbox;

beforeAll(async () => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: spans })] }));
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
  db = await MessagingDatabase.open();
  inbox = new Inbox(db.database, 'billing');
  inbox.on(topics.clients, takeEffect);
});

afterAll(async () => {
  await reader.shutdown();
  await db.close();
  for (const api of [context, propagation, trace, metrics]) api.disable();
});

/** The value of a metric, summed over its attributes or for one of them. */
async function valueOf(name: string, attributes: Record<string, string> = {}): Promise<number> {
  await reader.forceFlush();
  const all =
    exporter
      .getMetrics()
      .at(-1)
      ?.scopeMetrics.flatMap((scope) => scope.metrics) ?? [];
  const points = all.find(({ descriptor }) => descriptor.name === name)?.dataPoints ?? [];
  const wanted = points.filter((point) =>
    Object.entries(attributes).every(([key, value]) => point.attributes[key] === value),
  );
  return wanted.reduce((sum, { value }) => sum + (value as number), 0);
}

describe('telemetry of events', () => {
  it('continues the trace of the command, and tells nothing of the payload', async () => {
    const record = aRecord({ traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' });
    await inbox.receive(record);
    const span = spans.getFinishedSpans().at(-1);
    expect(span?.name).toBe('process paradesk.identity.clients');
    expect(span?.kind).toBe(SpanKind.CONSUMER);
    expect(span?.spanContext().traceId).toBe('0af7651916cd43dd8448eb211c80319c');
    expect(span?.parentSpanContext?.spanId).toBe('b7ad6b7169203331');
    expect(Object.keys(span?.attributes ?? {}).sort()).toEqual([
      'messaging.consumer.group.name',
      'messaging.destination.name',
      'messaging.message.id',
      'messaging.operation.name',
      'messaging.operation.type',
      'messaging.system.name',
      'paradesk.inbox.outcome',
    ]);
  });

  it('counts what came, what was dropped and what was parked', async () => {
    const before = await valueOf('messaging.client.consumed.messages');
    const [one, , three] = aHistory(3);
    for (const record of [one!, one!, three!, aRecord({ schemaVersion: 9 })]) await inbox.receive(record);
    expect((await valueOf('messaging.client.consumed.messages')) - before).toBe(4);
    expect(await valueOf('paradesk.inbox.dropped')).toBe(1);
    expect(await valueOf('paradesk.inbox.parked', { 'paradesk.inbox.kind': 'waiting' })).toBe(1);
    expect(await valueOf('paradesk.inbox.parked', { 'paradesk.inbox.kind': 'poison' })).toBe(1);
  });

  it('has a span between the command and the consumer, and counts what could not be sent', async () => {
    const channel = new InProcessChannel();
    channel.open();
    await channel.subscribe('billing', [topics.clients.name], (record) => inbox.receive(record));
    const record = aRecord({ traceparent: '00-1af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' });
    await publishObserved(channel, [record]);
    const [process, send] = spans.getFinishedSpans().slice(-2);
    expect(send).toMatchObject({ name: 'send paradesk.identity.clients', kind: SpanKind.PRODUCER });
    expect(send?.parentSpanContext?.spanId).toBe('b7ad6b7169203331');
    expect(process?.parentSpanContext?.spanId).toBe(send?.spanContext().spanId);
    await channel.close();
    await expect(publishObserved(channel, [record])).rejects.toThrow('closed');
    expect(await valueOf('messaging.client.sent.messages')).toBe(2);
    expect(await valueOf('messaging.client.sent.messages', { 'error.type': 'Error' })).toBe(1);
  });

  it('shows which keys are parked now, and what waits for a consumer', async () => {
    const channel = new InProcessChannel();
    const arrived = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    await channel.subscribe('billing', [topics.clients.name], async () => {
      arrived.resolve();
      await goOn.promise;
    });
    channel.open();
    const stop = observeConsumer('billing', db.database, channel);
    const parked = (kind: string) => valueOf('paradesk.inbox.parked_keys', { 'paradesk.inbox.kind': kind });
    const before = [await parked('waiting'), await parked('poison')];
    const [, two, three] = aHistory(3);
    for (const record of [two!, three!, aRecord({ schemaVersion: 9 })]) await inbox.receive(record);
    expect([await parked('waiting'), await parked('poison')]).toEqual([before[0]! + 1, before[1]! + 1]);
    expect(await valueOf('paradesk.consumer.lag.messages')).toBe(0);
    const published = channel.publish([aRecord(), aRecord()]);
    await arrived.promise;
    expect(await valueOf('paradesk.consumer.lag.messages', { 'messaging.consumer.group.name': 'billing' })).toBe(2);
    expect(await valueOf('paradesk.consumer.lag.age')).toBeGreaterThan(0);
    goOn.resolve();
    await published;
    expect(await valueOf('paradesk.consumer.lag.messages')).toBe(0);
    expect(await valueOf('paradesk.consumer.lag.age')).toBe(0);
    stop();
    await channel.close();
  });

  it('shows how much waits in the outbox, and how long', async () => {
    const stop = observeOutbox('billing', db.database);
    expect(await valueOf('paradesk.outbox.depth')).toBe(0);
    const outbox = new Outbox(new Clock());
    await db.database.transaction({ tenantId: anId() }, (tx) =>
      outbox.add(tx, { topic: topics.clients, aggregateId: anId(), aggregateVersion: 1, event: anEvent() }),
    );
    await db.rows(`update messaging.outbox set occurred_at = now() - interval '1 minute'`);
    expect(await valueOf('paradesk.outbox.depth', { 'paradesk.service': 'billing' })).toBe(1);
    expect(await valueOf('paradesk.outbox.age')).toBeGreaterThanOrEqual(60);
    stop();
  });
});
