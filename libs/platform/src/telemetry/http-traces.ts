import type { FastifyInstance, FastifyRequest } from 'fastify';
import {
  context,
  isSpanContextValid,
  metrics,
  propagation,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Span,
} from '@opentelemetry/api';

interface Observed {
  readonly span: Span;
  readonly method: string;
  readonly startedAtMs: number;
  route: string | undefined;
}

const tracer = trace.getTracer('paradesk.gateway');
const observed = new WeakMap<FastifyRequest, Observed>();

// Any other is the caller's own text.
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH']);

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
  const end = (request: FastifyRequest, outcome: Attributes, isFault: boolean): void => {
    const entry = observed.get(request);
    if (!entry) return;
    observed.delete(request);
    const attributes = {
      'http.request.method': entry.method,
      'url.scheme': request.protocol,
      ...(entry.route && { 'http.route': entry.route }),
      ...outcome,
    };
    entry.span.setAttributes(attributes);
    if (isFault) entry.span.setStatus({ code: SpanStatusCode.ERROR });
    entry.span.end();
    duration.record((performance.now() - entry.startedAtMs) / 1000, attributes);
  };
  server.addHook('onRequest', (request, _reply, done) => {
    const parent = propagation.extract(context.active(), request.headers);
    const method = METHODS.has(request.method) ? request.method : '_OTHER';
    const span = tracer.startSpan(method === '_OTHER' ? 'HTTP' : method, { kind: SpanKind.SERVER }, parent);
    observed.set(request, { span, method, startedAtMs: performance.now(), route: undefined });
    context.with(trace.setSpan(parent, span), done);
  });
  server.addHook('onResponse', (request, { statusCode }, done) => {
    const isFault = statusCode >= 500;
    end(
      request,
      { 'http.response.status_code': statusCode, ...(isFault && { 'error.type': String(statusCode) }) },
      isFault,
    );
    done();
  });
  // Whoever hangs up gets no response.
  server.addHook('onRequestAbort', (request, done) => {
    end(request, { 'error.type': 'aborted' }, false);
    done();
  });
}

/** Says which route a request took, once it is known. */
export function nameSpan(request: FastifyRequest, route: string): void {
  const entry = observed.get(request);
  if (!entry) return;
  entry.route = route;
  entry.span.updateName(`${entry.method} ${route}`);
}

/** The id of the trace that is being carried on, if any. */
export function traceId(): string | undefined {
  const span = trace.getSpanContext(context.active());
  return span && isSpanContextValid(span) ? span.traceId : undefined;
}
