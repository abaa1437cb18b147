import { ConfigError } from '../config.js';
import type { EventChannel } from '../messaging/event-channel.js';
import { startTelemetry } from '../telemetry/otel.js';
import type { ServiceDefinition } from './service-definition.js';
import { startService, type RunningService } from './start-service.js';

/**
 * Runs a service as a process of its own, with its settings from the environment, until SIGTERM or SIGINT. What keeps it from starting
 * is said in plain lines on standard error, with exit code 1.
 */
export async function run(definition: ServiceDefinition): Promise<void> {
  const stopTelemetry = startTelemetry({
    serviceName: definition.name,
    otlpEndpoint: process.env.OTEL_EXPORTER_OTLP_ENDPOINT,
  });
  let service: RunningService | undefined;
  try {
    service = await startService(definition, { env: process.env, channel: openChannel(definition) });
  } catch (error) {
    const message =
      error instanceof ConfigError
        ? error.message
        : `cannot start: ${error instanceof Error ? error.message : String(error)}`;
    process.stderr.write(`${definition.name}: ${message}\n`);
    process.exit(1);
  }
  const stop = async () => {
    await service.stop();
    await stopTelemetry();
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stop());
}

function openChannel(definition: ServiceDefinition): EventChannel {
  throw new ConfigError([`KAFKA_BROKERS: ${definition.name} runs in standalone only, until events travel over Kafka`]);
}
