import { status as Status, type Metadata, type StatusObject } from '@grpc/grpc-js';
import { context, metrics, propagation, SpanKind, SpanStatusCode, trace, type Histogram } from '@opentelemetry/api';
import type { Rpc } from '@paradesk/contracts';

type Refusal = Partial<StatusObject> & { code: Status };

const tracer = trace.getTracer('paradesk.rpc');
let histogram: Histogram | undefined;

// Made at the first call: before telemetry is started the API gives out instruments that count nothing.
function duration(): Histogram {
  histogram ??= metrics.getMeter('paradesk.rpc').createHistogram('rpc.server.call.duration', {
    unit: 's',
    description: 'How long calls took, by method and status.',
    advice: { explicitBucketBoundaries: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] },
  });
  return histogram;
}

const carrier = {
  get: (metadata: Metadata, key: string) => metadata.get(key).map(String),
  keys: (metadata: Metadata) => Object.keys(metadata.getMap()),
};

/** Runs a call in a span that continues the caller's trace, and counts it. Nothing of the request or the answer is recorded. */
export async function observeCall(
  rpc: Rpc,
  metadata: Metadata,
  work: () => Promise<Refusal | undefined>,
): Promise<Refusal | undefined> {
  const method = rpc.path.slice(1);
  const parent = propagation.extract(context.active(), metadata, carrier);
  const attributes = { 'rpc.system.name': 'grpc', 'rpc.method': method };
  const span = tracer.startSpan(method, { kind: SpanKind.SERVER, attributes }, parent);
  const startedAt = performance.now();
  const refusal = await context.with(trace.setSpan(parent, span), work);
  const code = Status[refusal?.code ?? Status.OK];
  if (refusal?.code === Status.INTERNAL) span.setStatus({ code: SpanStatusCode.ERROR });
  span.setAttribute('rpc.response.status_code', code);
  span.end();
  duration().record((performance.now() - startedAt) / 1000, { ...attributes, 'rpc.response.status_code': code });
  return refusal;
}
