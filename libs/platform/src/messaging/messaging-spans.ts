import { context, propagation, ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { EventChannel, EventRecord } from './event-channel.js';
import { reasonOf } from './handler-errors.js';
import {
  countProcessed,
  countSent,
  processAttributes,
  sendAttributes,
  type ConsumerName,
  type Processed,
} from './messaging-metrics.js';

const tracer = trace.getTracer('paradesk.messaging');

/**
 * Publishes records, each in a span that continues the trace of the command that caused the event, and counts them. Nothing of a
 * payload is recorded.
 *
 * @throws what the channel throws
 */
export async function publishObserved(channel: EventChannel, records: readonly EventRecord[]): Promise<void> {
  const sends = records.map((record) => startSend(channel.system, record));
  const startedAtMs = performance.now();
  let errorType: string | undefined;
  try {
    await channel.publish(sends.map(({ record }) => record));
  } catch (error) {
    errorType = reasonOf(error);
    throw error;
  } finally {
    for (const { span } of sends) end(span, errorType);
    countSent(channel.system, records, (performance.now() - startedAtMs) / 1000, errorType);
  }
}

function startSend(system: string, record: EventRecord): { span: Span; record: EventRecord } {
  const attributes = {
    ...sendAttributes(system, record.topic),
    'messaging.operation.type': 'send',
    'messaging.message.id': record.eventId,
  };
  const cause = contextOf(record);
  const span = tracer.startSpan(`send ${record.topic}`, { kind: SpanKind.PRODUCER, attributes }, cause);
  const carrier: { traceparent?: string } = {};
  propagation.inject(trace.setSpan(cause, span), carrier);
  return { span, record: { ...record, ...carrier } };
}

/** Takes an event, in a span that continues the trace of its cause, and counts what became of it. */
export async function processObserved<T>(
  consumer: ConsumerName,
  record: EventRecord,
  work: () => Promise<T>,
  describe: (result: T) => Processed,
): Promise<T> {
  const attributes = {
    ...processAttributes(consumer, record.topic),
    'messaging.operation.type': 'process',
    'messaging.message.id': record.eventId,
  };
  const cause = contextOf(record);
  const span = tracer.startSpan(`process ${record.topic}`, { kind: SpanKind.CONSUMER, attributes }, cause);
  const startedAtMs = performance.now();
  let processed: Processed = { outcome: 'failed' };
  try {
    const result = await context.with(trace.setSpan(cause, span), work);
    processed = describe(result);
    return result;
  } catch (error) {
    processed = { outcome: 'failed', errorType: reasonOf(error) };
    throw error;
  } finally {
    span.setAttribute('paradesk.inbox.outcome', processed.outcome);
    end(span, processed.errorType);
    countProcessed(consumer, record.topic, (performance.now() - startedAtMs) / 1000, processed);
  }
}

// What brought the event here, such as a poll or somebody's redrive, is not its cause.
function contextOf({ traceparent }: EventRecord) {
  return propagation.extract(ROOT_CONTEXT, { traceparent });
}

function end(span: Span, errorType: string | undefined): void {
  if (errorType !== undefined) {
    span.setAttribute('error.type', errorType);
    span.setStatus({ code: SpanStatusCode.ERROR });
  }
  span.end();
}
