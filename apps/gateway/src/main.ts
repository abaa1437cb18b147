import { createLogger, OpsServer, readConfig, startTelemetry } from '@paradesk/platform';
import { gatewayConfig } from './config.js';
import { startGateway } from './gateway.module.js';

const config = readConfig(gatewayConfig, process.env);
const stopTelemetry = startTelemetry({ serviceName: 'gateway', otlpEndpoint: config.OTEL_EXPORTER_OTLP_ENDPOINT });
const logger = createLogger({ service: 'gateway', level: config.LOG_LEVEL });
const colon = config.HTTP_ADDRESS.lastIndexOf(':');
const gateway = await startGateway({
  host: config.HTTP_ADDRESS.slice(0, colon),
  port: Number(config.HTTP_ADDRESS.slice(colon + 1)),
  identityAddress: config.IDENTITY_ADDRESS,
  peers: config.PEERS,
  shutdownTimeoutMs: config.SHUTDOWN_TIMEOUT_MS,
  logger,
});
const ops = await OpsServer.start(config.OPS_ADDRESS, {});
logger.info({ url: gateway.url, ops: ops.url }, 'serving');

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(
    signal,
    () =>
      void gateway
        .stop()
        .then(() => ops.stop())
        .then(stopTelemetry),
  );
}
