import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { RuntimeNodeInstrumentation } from '@opentelemetry/instrumentation-runtime-node';
import { resourceFromAttributes } from '@opentelemetry/resources';
import type { SpanProcessor } from '@opentelemetry/sdk-trace';
import { NodeSDK } from '@opentelemetry/sdk-node';

/** How a process reports on itself. */
export interface TelemetryOptions {
  /** `service.name` of the process. */
  readonly serviceName: string;
  /** URL of an OTLP/HTTP collector; without one spans only give log lines their trace ids. */
  readonly otlpEndpoint?: string | undefined;
}

let exporter: PrometheusExporter | undefined;
let stop: (() => Promise<void>) | undefined;

// Spans that go nowhere still give log lines and events their trace ids; without any processor the SDK makes none.
const forgetting: SpanProcessor = {
  onStart: () => undefined,
  onEnd: () => undefined,
  forceFlush: () => Promise.resolve(),
  shutdown: () => Promise.resolve(),
};

/**
 * Starts OpenTelemetry for the process: W3C trace context through gRPC, the outbox and jobs, and metrics that `metricsText` gives
 * out. Nothing is instrumented behind the code's back: the gRPC instrumentation alone would halve the throughput. One for a process,
 * however many services run in it: called again it changes nothing. Instruments made before it count nothing.
 *
 * @returns ends it, sending what is left
 */
export function startTelemetry({ serviceName, otlpEndpoint }: TelemetryOptions): () => Promise<void> {
  if (stop) return stop;
  exporter = new PrometheusExporter({ preventServerStart: true });
  const sdk = new NodeSDK({
    resource: resourceFromAttributes({ 'service.name': serviceName }),
    autoDetectResources: false,
    metricReaders: [exporter],
    instrumentations: [new RuntimeNodeInstrumentation()],
    ...(otlpEndpoint
      ? { traceExporter: new OTLPTraceExporter({ url: `${otlpEndpoint.replace(/\/$/, '')}/v1/traces` }) }
      : { spanProcessors: [forgetting] }),
  });
  sdk.start();
  stop = () => sdk.shutdown();
  return stop;
}

// Some are looked up in databases and at brokers. What does not come in time is left out: Prometheus gives up after 10 s.
const COLLECT_TIMEOUT_MS = 3_000;

/** All metrics of the process in Prometheus' text format; empty before `startTelemetry`. */
export async function metricsText(): Promise<string> {
  if (!exporter) return '';
  const { resourceMetrics } = await exporter.collect({ timeoutMillis: COLLECT_TIMEOUT_MS });
  return new PrometheusSerializer().serialize(resourceMetrics);
}
