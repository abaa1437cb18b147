import { ConfigError, createLogger, OpsServer, PeerTls, readConfig, startTelemetry } from '@paradesk/platform';
import { gatewayConfig, signInOptions } from './config.js';
import { startGateway } from './gateway.module.js';

/**
 * Runs the gateway as a process of its own, with its settings from the environment, until SIGTERM or SIGINT. What keeps it from
 * starting is said in plain lines on standard error, with exit code 1.
 */
export async function runGateway(): Promise<void> {
  try {
    await serve();
  } catch (error) {
    const said =
      error instanceof ConfigError
        ? error.message
        : `cannot start: ${error instanceof Error ? error.message : String(error)}`;
    process.stderr.write(`gateway: ${said}\n`);
    process.exit(1);
  }
}

async function serve(): Promise<void> {
  const config = readConfig(gatewayConfig, process.env);
  const stopTelemetry = startTelemetry({ serviceName: 'gateway', otlpEndpoint: config.OTEL_EXPORTER_OTLP_ENDPOINT });
  const logger = createLogger({ service: 'gateway', level: config.LOG_LEVEL });
  const colon = config.HTTP_ADDRESS.lastIndexOf(':');
  const gateway = await startGateway({
    host: config.HTTP_ADDRESS.slice(0, colon),
    port: Number(config.HTTP_ADDRESS.slice(colon + 1)),
    identityAddress: config.IDENTITY_ADDRESS,
    peers: config.PEERS,
    tls: PeerTls.fromConfig(config, (problem) => logger.warn({ problem }, 'the new certificates are not used')),
    shutdownTimeoutMs: config.SHUTDOWN_TIMEOUT_MS,
    signIn: signInOptions(config),
    ...(config.PUBLIC_URL !== undefined && { publicUrl: config.PUBLIC_URL }),
    trustedProxies: config.TRUSTED_PROXIES,
    logger,
  });
  const ops = await OpsServer.start(config.OPS_ADDRESS, {});
  logger.info({ url: gateway.url, ops: ops.url }, 'serving');
  const stop = async (): Promise<void> => {
    await gateway.stop();
    await ops.stop();
    await stopTelemetry();
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stop());
}
