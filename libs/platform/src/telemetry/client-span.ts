import { SpanKind, SpanStatusCode, trace, type Attributes } from '@opentelemetry/api';
import { DomainError } from '@paradesk/kernel';

const tracer = trace.getTracer('paradesk.client');

/**
 * Runs `work`, which asks something outside of the system, in a span of its own. For what no client of platform's observes already.
 *
 * @param name of few values: nothing of what is sent
 * @param attributes nothing privileged: no names, addresses or texts
 */
export async function inClientSpan<T>(name: string, attributes: Attributes, work: () => Promise<T>): Promise<T> {
  return tracer.startActiveSpan(name, { kind: SpanKind.CLIENT, attributes }, async (span) => {
    try {
      return await work();
    } catch (error) {
      span.setAttribute('error.type', error instanceof DomainError ? error.reason : classOf(error));
      span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end();
    }
  });
}

function classOf(error: unknown): string {
  return error instanceof Error ? error.constructor.name : 'NO_ERROR_OBJECT';
}
