import { context, propagation, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { EventRecord } from './event-channel.js';
import { reasonOf } from './handler-errors.js';

/** Runs `work` in a span that continues the trace of the command that caused the event. Nothing of the payload is recorded. */
export async function inConsumerSpan<T>(
  consumer: string,
  record: EventRecord,
  work: (span: Span) => Promise<T>,
): Promise<T> {
  const cause = propagation.extract(context.active(), { traceparent: record.traceparent });
  const options = {
    kind: SpanKind.CONSUMER,
    attributes: {
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.destination.name': record.topic,
      'messaging.consumer.group.name': consumer,
      'messaging.message.id': record.eventId,
    },
  };
  return trace
    .getTracer('paradesk.messaging')
    .startActiveSpan(`process ${record.topic}`, options, cause, async (span) => {
      try {
        return await work(span);
      } catch (error) {
        span.setAttribute('error.type', reasonOf(error));
        span.setStatus({ code: SpanStatusCode.ERROR });
        throw error;
      } finally {
        span.end();
      }
    });
}
