import { topics } from '@paradesk/contracts';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { ConfigError, platformConfig, readConfig } from '../config.js';
import { KafkaChannel } from '../messaging/kafka-channel.js';
import { createLogger, type Logger } from '../telemetry/logger.js';
import { startTelemetry } from '../telemetry/otel.js';
import { kafkaTls } from '../tls/secure-connections.js';
import { armedCrash } from './crash-points.js';
import type { ServiceDefinition } from './service-definition.js';
import { startService } from './start-service.js';

const TAKES_BROKERS = 'takes host:port, separated by commas';

const processConfig = platformConfig.extend({
  /** Where Kafka is. */
  KAFKA_BROKERS: z
    .string(TAKES_BROKERS)
    .regex(/^[^\s,]+:\d{1,5}(,[^\s,]+:\d{1,5})*$/, TAKES_BROKERS)
    .transform((given) => given.split(',')),
  /** PEM file of the CA of the brokers' certificates: with it, Kafka is reached by TLS. */
  KAFKA_TLS_CA_FILE: z.string('takes a path').optional(),
  /** PEM files by which the brokers know this service, where they ask for a certificate. */
  KAFKA_TLS_CERT_FILE: z.string('takes a path').optional(),
  KAFKA_TLS_KEY_FILE: z.string('takes a path').optional(),
});

/**
 * Runs a service as a process of its own, with its settings from the environment, until SIGTERM or SIGINT. What keeps it from starting
 * is said in plain lines on standard error, with exit code 1; so it ends, too, when its consumer has ended for good.
 */
export async function run(definition: ServiceDefinition): Promise<void> {
  try {
    await serve(definition);
  } catch (error) {
    const message =
      error instanceof ConfigError
        ? error.message
        : `cannot start: ${error instanceof Error ? error.message : String(error)}`;
    process.stderr.write(`${definition.name}: ${message}\n`);
    process.exit(1);
  }
}

async function serve(definition: ServiceDefinition): Promise<void> {
  const config = configOf(definition);
  const stopTelemetry = startTelemetry({
    serviceName: definition.name,
    otlpEndpoint: config.OTEL_EXPORTER_OTLP_ENDPOINT,
  });
  const logger = createLogger({ service: definition.name, level: config.LOG_LEVEL });
  announceArmedCrash(logger);
  const crash = Promise.withResolvers<Error>();
  const channel = await openChannel(definition, config, logger, crash.resolve);
  const service = await startService(definition, {
    env: process.env,
    channel,
    live: { events: () => channel.health() },
  });
  const stop = async (exitCode: number) => {
    await service.stop();
    await channel.close();
    await stopTelemetry();
    process.exit(exitCode);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stop(0));
  void crash.promise.then(async (error) => {
    process.stderr.write(`${definition.name}: ${error.message}\n`);
    // Calls that are under way may end; whatever hangs must not keep a process that hears no events.
    await Promise.race([stop(1), sleep(config.SHUTDOWN_TIMEOUT_MS)]);
    process.exit(1);
  });
}

// Nobody may find out by a crash that a process was armed by mistake.
function announceArmedCrash(logger: Logger): void {
  const armed = armedCrash();
  if (!armed) return;
  const text = `PARADESK_CRASH_AT is set: this process kills itself at ${armed.point}, pass ${armed.pass}. Unset it outside the fault program`;
  logger.fatal({ crashPoint: armed.point, pass: armed.pass }, text);
}

/** Everything that is wrong with the environment at once, the service's own settings included. */
function configOf(definition: ServiceDefinition): z.output<typeof processConfig> {
  const all = processConfig.extend(definition.config.shape);
  return readConfig(all, process.env) as z.output<typeof processConfig>;
}

/** The topics that the service hears of and those that it owns must be there before it takes a command. */
function openChannel(
  definition: ServiceDefinition,
  config: z.output<typeof processConfig>,
  logger: Logger,
  onCrash: (error: Error) => void,
): Promise<KafkaChannel> {
  const heard = new Set(definition.consumes.map(({ name }) => name));
  const isOurs = ({ name }: { name: string }) => heard.has(name) || name.startsWith(`paradesk.${definition.name}.`);
  return KafkaChannel.connect({
    brokers: config.KAFKA_BROKERS,
    tls: kafkaTls(config),
    clientId: `paradesk-${definition.name}`,
    logger,
    onCrash,
    topics: Object.values(topics).filter(isOurs),
  });
}
