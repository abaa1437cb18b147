import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { RuntimeNodeInstrumentation } from '@opentelemetry/instrumentation-runtime-node';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { NodeSDK } from '@opentelemetry/sdk-node';

/** How a process reports on itself. */
export interface TelemetryOptions {
  /** `service.name` of the process. */
  readonly serviceName: string;
  /** URL of an OTLP/HTTP collector; without one spans only give log lines their trace ids. */
  readonly otlpEndpoint?: string | undefined;
}

let exporter: PrometheusExporter | undefined;

/**
 * Starts OpenTelemetry for the process: W3C trace context through gRPC, the outbox and jobs, and metrics that `metricsText` gives
 * out. Nothing is instrumented behind the code's back: the gRPC instrumentation alone would halve the throughput.
 *
 * @returns ends it, sending what is left
 */
export function startTelemetry({ serviceName, otlpEndpoint }: TelemetryOptions): () => Promise<void> {
  exporter = new PrometheusExporter({ preventServerStart: true });
  const sdk = new NodeSDK({
    resource: resourceFromAttributes({ 'service.name': serviceName }),
    autoDetectResources: false,
    metricReaders: [exporter],
    instrumentations: [new RuntimeNodeInstrumentation()],
    ...(otlpEndpoint ? { traceExporter: new OTLPTraceExporter({ url: `${otlpEndpoint.replace(/\/$/, '')}/v1/traces` }) } : { spanProcessors: [] }),
  });
  sdk.start();
  return () => sdk.shutdown();
}

/** All metrics of the process in Prometheus' text format; empty before `startTelemetry`. */
export async function metricsText(): Promise<string> {
  if (!exporter) return '';
  const { resourceMetrics } = await exporter.collect();
  return new PrometheusSerializer().serialize(resourceMetrics);
}

