import { platformConfig } from '@paradesk/platform';
import { z } from 'zod';

/** What the gateway needs of its environment: it has no database and no secret of its own. */
export const gatewayConfig = platformConfig
  .pick({ OPS_ADDRESS: true, LOG_LEVEL: true, PEERS: true, SHUTDOWN_TIMEOUT_MS: true })
  .extend({
    /** Where REST is served. */
    HTTP_ADDRESS: platformConfig.shape.GRPC_ADDRESS.unwrap().default('127.0.0.1:8080'),
    /** Where identity exchanges API keys. */
    IDENTITY_ADDRESS: platformConfig.shape.GRPC_ADDRESS.unwrap(),
    /** URL of an OTLP/HTTP collector; without one, traces stay in the logs. */
    OTEL_EXPORTER_OTLP_ENDPOINT: z.url().optional(),
  });
