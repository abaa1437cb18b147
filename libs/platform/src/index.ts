export { keepMatterAccess } from './access/matter-access.js';
export { createTaskKinds, keepTaskKind, tighteningsOf } from './access/task-kinds.js';
export { type Seer } from './access/visibility.js';
export { erasing, findAuditFaults } from './audit/trail.js';
export { keptHeads, readSignedHead } from './audit/head-signatures.js';
export { verifyTrail, type SignedHead, type TrailFault } from './audit/verify-trail.js';
export { NOTARIZE_HEADS } from './audit/notary.js';
export {
  TOKEN_ALGORITHM,
  TOKEN_ISSUER,
  TOKEN_LIFETIME_SECONDS,
  TokenVerifier,
  type TokenClaims,
} from './auth/tokens.js';
export { Clock, Ids } from './clock.js';
export { CONFIG, ConfigError, platformConfig, readConfig, setting } from './config.js';
export { bulkInsert, insertEntities } from './database/bulk-insert.js';
export { bigintColumn, instant, plainDate, scaled4 } from './database/columns.js';
export { Database, sqlStateOf, violatedConstraint, type TenantScope, type Tx } from './database/database.js';
export { migrate } from './database/migrate.js';
export { pageQuery, pageResult, type PageQuery } from './database/pages.js';
export { provisionDatabase, type ProvisionedDatabase } from './database/provision.js';
export { findIsolationFaults, isolateByMatter, isolateByTenant } from './database/row-level-security.js';
export { type KeyScope } from './encryption/encryption-keys.js';
export { addMasterKey } from './encryption/file-keys.js';
export { callerOf, type CallMetadata } from './grpc/call-scope.js';
export { makeClient, Peers, rpcAt, type PeerCall } from './grpc/peers.js';
export { RawChannel, type RawAnswer, type RawCall } from './grpc/raw-channel.js';
export { type MethodShape, type ServiceClient, type ServiceShape } from './grpc/service-definition.js';
export { fromStatus, toStatus } from './grpc/status.js';
export { defineJob, Jobs, type FailedJob, type RunningJob } from './jobs/jobs.js';
export { type EventChannel, type EventRecord, type Lag } from './messaging/event-channel.js';
export { OnEvent } from './messaging/event-handlers.js';
export { InProcessChannel } from './messaging/in-process-channel.js';
export { type ReceivedEvent } from './messaging/inbox.js';
export { KafkaChannel, type KafkaChannelOptions } from './messaging/kafka-channel.js';
export { ensureTopics, type EnsuredTopic } from './messaging/kafka-topics.js';
export { Outbox } from './messaging/outbox.js';
export { ParkedEvents } from './messaging/parked-events.js';
export { renderPdf, type Print } from './pdf/typst-pdf.js';
export { crashPoints, type CrashPoint } from './run/crash-points.js';
export { defineService, type ServiceDefinition } from './run/service-definition.js';
export { run } from './run/run.js';
export { startService, type RunningService, type Surroundings } from './run/start-service.js';
export { ObjectStorage } from './storage/object-storage.js';
export { type ChannelSecurity, PeerTls } from './tls/peer-tls.js';
export { inClientSpan } from './telemetry/client-span.js';
export { createLogger, Logger } from './telemetry/logger.js';
export { nameSpan, traceId, traceRequests } from './telemetry/http-traces.js';
export { OpsServer } from './telemetry/ops-server.js';
export { startTelemetry } from './telemetry/otel.js';
