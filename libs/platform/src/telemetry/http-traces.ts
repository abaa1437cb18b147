import type { FastifyInstance, FastifyRequest } from 'fastify';
import {
  context,
  isSpanContextValid,
  metrics,
  propagation,
  SpanKind,
  SpanStatusCode,
  trace,
  type Span,
} from '@opentelemetry/api';

interface Observed {
  readonly span: Span;
  readonly startedAtMs: number;
  route: string | undefined;
}

const tracer = trace.getTracer('paradesk.gateway');
const observed = new WeakMap<FastifyRequest, Observed>();

/**
 * Runs every request in a span that continues the caller's `traceparent`, and measures it. Names and values are those of OpenTelemetry's
 * HTTP conventions; paths are recorded as templates, since ids in them are the caller's.
 */
export function traceRequests(server: FastifyInstance): void {
  const duration = metrics.getMeter('paradesk.gateway').createHistogram('http.server.request.duration', {
    unit: 's',
    description: 'How long requests took, by route and status.',
    advice: { explicitBucketBoundaries: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10] },
  });
  server.addHook('onRequest', (request, _reply, done) => {
    const parent = propagation.extract(context.active(), request.headers);
    const span = tracer.startSpan(
      request.method,
      { kind: SpanKind.SERVER, attributes: { 'http.request.method': request.method } },
      parent,
    );
    observed.set(request, { span, startedAtMs: performance.now(), route: undefined });
    context.with(trace.setSpan(parent, span), done);
  });
  server.addHook('onResponse', (request, { statusCode }, done) => {
    const { span, startedAtMs, route } = observed.get(request) ?? {};
    const attributes = {
      'http.request.method': request.method,
      'http.response.status_code': statusCode,
      ...(route && { 'http.route': route }),
    };
    span?.setAttributes(attributes);
    if (statusCode >= 500) span?.setStatus({ code: SpanStatusCode.ERROR });
    span?.end();
    if (startedAtMs !== undefined) duration.record((performance.now() - startedAtMs) / 1000, attributes);
    done();
  });
}

/** Says which route a request took, once it is known. */
export function nameSpan(request: FastifyRequest, route: string): void {
  const entry = observed.get(request);
  if (!entry) return;
  entry.route = route;
  entry.span.updateName(`${request.method} ${route}`);
}

/** The id of the trace that is being carried on, if any. */
export function traceId(): string | undefined {
  const span = trace.getSpanContext(context.active());
  return span && isSpanContextValid(span) ? span.traceId : undefined;
}
