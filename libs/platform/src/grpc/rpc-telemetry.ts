import { status as Status, type Metadata, type StatusObject } from '@grpc/grpc-js';
import {
  context,
  metrics,
  propagation,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Histogram,
  type SpanOptions,
} from '@opentelemetry/api';
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

/** What is said of every call of one RPC; made once. */
interface Described {
  readonly method: string;
  readonly span: SpanOptions;
  readonly labels: Map<Status, Attributes>;
}

const described = new WeakMap<Rpc, Described>();

function describe(rpc: Rpc): Described {
  let known = described.get(rpc);
  if (!known) {
    const method = rpc.path.slice(1);
    const attributes = { 'rpc.system.name': 'grpc', 'rpc.method': method };
    known = { method, span: { kind: SpanKind.SERVER, attributes }, labels: new Map() };
    described.set(rpc, known);
  }
  return known;
}

function labelsOf({ span, labels }: Described, code: Status): Attributes {
  let known = labels.get(code);
  if (!known) {
    known = { ...span.attributes, 'rpc.response.status_code': Status[code] };
    labels.set(code, known);
  }
  return known;
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
  const of = describe(rpc);
  const parent = propagation.extract(context.active(), metadata, carrier);
  const span = tracer.startSpan(of.method, of.span, parent);
  const startedAt = performance.now();
  const refusal = await context.with(trace.setSpan(parent, span), work);
  const code = refusal?.code ?? Status.OK;
  if (code === Status.INTERNAL) span.setStatus({ code: SpanStatusCode.ERROR });
  span.setAttribute('rpc.response.status_code', Status[code]);
  span.end();
  duration().record((performance.now() - startedAt) / 1000, labelsOf(of, code));
  return refusal;
}
