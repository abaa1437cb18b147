import { status as Status, type Metadata, type StatusObject } from '@grpc/grpc-js';
import {
  context,
  metrics,
  propagation,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Context,
  type Histogram,
  type Span,
  type SpanOptions,
} from '@opentelemetry/api';
import type { Rpc } from '@paradesk/contracts';

type Refusal = Partial<StatusObject> & { code: Status };

/** What is said of every call of one RPC; made once. */
interface Described {
  readonly method: string;
  readonly span: SpanOptions;
  readonly labels: Map<Status, Attributes>;
}

const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

// A refusal is the caller's error and no fault of the server: these are (OpenTelemetry's conventions for gRPC).
const FAULTS_OF_SERVER: ReadonlySet<Status> = new Set([
  Status.UNKNOWN,
  Status.DEADLINE_EXCEEDED,
  Status.UNIMPLEMENTED,
  Status.INTERNAL,
  Status.UNAVAILABLE,
  Status.DATA_LOSS,
]);

const tracer = trace.getTracer('paradesk.rpc');

/** One side of calls, the server's or the client's: names and values are those of OpenTelemetry's RPC conventions. */
class Side {
  private readonly described = new Map<string, Described>();
  private histogram: Histogram | undefined;

  constructor(
    private readonly name: 'server' | 'client',
    private readonly kind: SpanKind,
    readonly isFault: (code: Status) => boolean,
  ) {}

  begin(path: string, parent: Context): ObservedCall {
    const of = this.describe(path);
    return new ObservedCall(this, of, tracer.startSpan(of.method, of.span, parent), parent);
  }

  // Made at the first call: before telemetry is started the API gives out instruments that count nothing.
  get duration(): Histogram {
    this.histogram ??= metrics.getMeter('paradesk.rpc').createHistogram(`rpc.${this.name}.call.duration`, {
      unit: 's',
      description:
        this.name === 'server'
          ? 'How long calls took to serve, by RPC and status.'
          : 'How long calls to other services took, repeated attempts included, by RPC and status.',
      advice: { explicitBucketBoundaries: BUCKETS },
    });
    return this.histogram;
  }

  labels({ span, labels }: Described, code: Status): Attributes {
    let known = labels.get(code);
    if (!known) {
      const status = Status[code];
      known = {
        ...span.attributes,
        'rpc.response.status_code': status,
        ...(this.isFault(code) && { 'error.type': status }),
      };
      labels.set(code, known);
    }
    return known;
  }

  private describe(path: string): Described {
    let known = this.described.get(path);
    if (!known) {
      const method = path.slice(1);
      const attributes = { 'rpc.system.name': 'grpc', 'rpc.method': method };
      known = { method, span: { kind: this.kind, attributes }, labels: new Map() };
      this.described.set(path, known);
    }
    return known;
  }
}

/** A call that is under way. Nothing of its request or its answer is recorded. */
export class ObservedCall {
  private readonly startedAtMs = performance.now();
  /** What goes on within the call. */
  readonly context: Context;

  constructor(
    private readonly side: Side,
    private readonly of: Described,
    private readonly span: Span,
    parent: Context,
  ) {
    this.context = trace.setSpan(parent, span);
  }

  /** Records how the call ended. */
  end(code: Status): void {
    const labels = this.side.labels(this.of, code);
    const status = Status[code];
    this.span.setAttribute('rpc.response.status_code', status);
    if (this.side.isFault(code)) this.span.setAttribute('error.type', status).setStatus({ code: SpanStatusCode.ERROR });
    this.span.end();
    this.side.duration.record((performance.now() - this.startedAtMs) / 1000, labels);
  }
}

const server = new Side('server', SpanKind.SERVER, (code) => FAULTS_OF_SERVER.has(code));
const client = new Side('client', SpanKind.CLIENT, (code) => code !== Status.OK);

const carrier = {
  get: (metadata: Metadata, key: string) => metadata.get(key).map(String),
  keys: (metadata: Metadata) => Object.keys(metadata.getMap()),
};

/** Serves a call in a span that continues the caller's trace, and counts it. */
export async function observeCall(
  rpc: Rpc,
  metadata: Metadata,
  work: () => Promise<Refusal | undefined>,
): Promise<Refusal | undefined> {
  const call = server.begin(rpc.path, propagation.extract(context.active(), metadata, carrier));
  const refusal = await context.with(call.context, work);
  call.end(refusal?.code ?? Status.OK);
  return refusal;
}

/** Begins a call to another service, in a span within the one that is active. Whoever begins it ends it. */
export function beginOutgoingCall(path: string): ObservedCall {
  return client.begin(path, context.active());
}

/** How a call ended that threw: what broke on our side has no status of its own. */
export function codeOf(error: unknown): Status {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'number' && code in Status ? code : Status.UNKNOWN;
}
