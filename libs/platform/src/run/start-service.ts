import { Module, type DynamicModule, type INestApplication, type Provider } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import pg from 'pg';
import type { z } from 'zod';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { AuditRecordsServiceService } from '@paradesk/contracts/paradesk/audit/v1/audit_records';
import { ParkedEventsServiceService } from '@paradesk/contracts/paradesk/operations/v1/parked_events';
import { AuditRecords } from '../audit/audit-records.js';
import { AuditRecordsController } from '../audit/audit-records.controller.js';
import { Notary } from '../audit/notary.js';
import { Refusals } from '../audit/refusals.js';
import { Sealer } from '../audit/sealer.js';
import { IdentityTokens } from '../auth/service-tokens.js';
import { TokenVerifier } from '../auth/tokens.js';
import { Clock, Ids } from '../clock.js';
import { CONFIG, platformConfig, readConfig } from '../config.js';
import { Database } from '../database/database.js';
import { observePool } from '../database/pool-metrics.js';
import { EncryptionKeys } from '../encryption/encryption-keys.js';
import { openKeyProvider } from '../encryption/key-provider.js';
import { GrpcStrategy } from '../grpc/grpc-strategy.js';
import { Peers } from '../grpc/peers.js';
import { Jobs } from '../jobs/jobs.js';
import type { EventChannel } from '../messaging/event-channel.js';
import { EventsStrategy } from '../messaging/event-handlers.js';
import { Inbox } from '../messaging/inbox.js';
import { observeConsumer } from '../messaging/messaging-metrics.js';
import { Outbox } from '../messaging/outbox.js';
import { ParkedEventsController } from '../messaging/parked-events.controller.js';
import { ParkedEvents } from '../messaging/parked-events.js';
import { Relay } from '../messaging/relay.js';
import { ObjectStorage } from '../storage/object-storage.js';
import { PeerTls } from '../tls/peer-tls.js';
import { requireSecureDatabase } from '../tls/secure-connections.js';
import { createLogger, Logger, nestLogger } from '../telemetry/logger.js';
import { OpsServer, type ReadinessCheck } from '../telemetry/ops-server.js';
import { RethrowFilter } from './rethrow-filter.js';
import type { ServiceDefinition } from './service-definition.js';
import { ServiceName } from './service-name.js';

/** What a service runs in. */
export interface Surroundings {
  /** The environment: all settings come from here. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** How events travel. */
  readonly channel: EventChannel;
  readonly clock?: Clock;
  /** Addresses of the other services; PEERS of the environment by default. */
  readonly peers?: () => Readonly<Record<string, string>>;
  /** Run due jobs as they come (default), or only when a test drains them. */
  readonly jobs?: 'running' | 'drained';
  /** Checks of what only a new process would mend, by name. */
  readonly live?: Readonly<Record<string, ReadinessCheck>>;
}

/** A service that serves. */
export interface RunningService {
  readonly name: string;
  /** `host:port` of gRPC. */
  readonly address: string;
  /** URL of health and metrics. */
  readonly opsUrl: string;
  readonly app: INestApplication;
  /** Takes nothing new, ends what is under way, closes all. */
  stop(): Promise<void>;
}

/**
 * Starts a service: it serves when this resolves.
 *
 * @throws ConfigError with every problem of the environment; Error in one line where an RPC or a topic has no handler, an address is
 *   taken or the database cannot be reached
 */
export async function startService(definition: ServiceDefinition, surroundings: Surroundings): Promise<RunningService> {
  const parts = await assemble(definition, surroundings);
  const { config, logger, database, inbox, clock, jobs } = parts;
  const grpc = new GrpcStrategy({
    address: config.GRPC_ADDRESS,
    services: [...definition.grpc, AuditRecordsServiceService, ParkedEventsServiceService],
    tls: parts.tls,
    verifier: new TokenVerifier(definition.name, () => parts.tokens.publicKeys(), clock),
    onError: (error, rpc) => logger.error({ err: error, rpc: rpc.path }, 'an RPC failed'),
    onRefusal: (act, reason) => parts.refusals.keep(act, reason),
  });
  const events = new EventsStrategy({
    channel: surroundings.channel,
    inbox,
    group: definition.name,
    consumes: definition.consumes,
  });
  const app = await NestFactory.create(rootModule(definition, parts), new FastifyAdapter(), {
    logger: nestLogger(logger),
    abortOnError: false,
  });
  app.useGlobalFilters(new RethrowFilter());
  app.connectMicroservice({ strategy: grpc }, { inheritAppConfig: true });
  if (definition.consumes.length > 0) app.connectMicroservice({ strategy: events }, { inheritAppConfig: true });
  await app.startAllMicroservices();
  const relay = new Relay({
    service: definition.name,
    database,
    channel: surroundings.channel,
    logger,
    connect: () => connectTo(config.DATABASE_URL),
  });
  relay.start();
  parts.sealer.start();
  if (surroundings.jobs !== 'drained') await jobs.start();
  const ops = await OpsServer.start(config.OPS_ADDRESS, { database: () => database.ping() }, surroundings.live);
  const host = config.GRPC_ADDRESS.slice(0, config.GRPC_ADDRESS.lastIndexOf(':'));
  const address = `${host}:${grpc.port}`;
  logger.info({ grpc: address, ops: ops.url }, 'serving');
  const stopObserving = observe(definition, parts, surroundings.channel);
  const stop = () => stopService({ ...parts, grpc, events, relay, app, ops, stopObserving });
  return { name: definition.name, address, opsUrl: ops.url, app, stop };
}

type Running = Parts & {
  grpc: GrpcStrategy;
  events: EventsStrategy;
  relay: Relay;
  app: INestApplication;
  ops: OpsServer;
  stopObserving: () => void;
};

/** What is looked up whenever metrics are read; what happens is counted where it does. */
function observe({ name, consumes }: ServiceDefinition, { database, jobs }: Parts, channel: EventChannel): () => void {
  const ends = [observePool(name, database.pool), jobs.observe(name)];
  if (consumes.length > 0) ends.push(observeConsumer(name, database, channel));
  return () => ends.forEach((end) => end());
}

// What comes in stops first, what others may still need last.
async function stopService(running: Running): Promise<void> {
  const { config, grpc, events, jobs, relay, sealer, app, peers, database, ops, stopObserving } = running;
  stopObserving();
  await grpc.drain(config.SHUTDOWN_TIMEOUT_MS);
  await events.close();
  await jobs.stop(config.SHUTDOWN_TIMEOUT_MS);
  await relay.stop();
  await app.close();
  await sealer.stop();
  peers.close();
  await database.close();
  await ops.stop();
}

type Parts = Awaited<ReturnType<typeof assemble>>;

async function assemble(definition: ServiceDefinition, surroundings: Surroundings) {
  const config = readConfig(platformConfig.extend(definition.config.shape), surroundings.env) as z.output<
    typeof platformConfig
  >;
  const logger = createLogger({ service: definition.name, level: config.LOG_LEVEL });
  const clock = surroundings.clock ?? new Clock();
  const tls = PeerTls.fromConfig(config, (problem) => logger.warn({ problem }, 'the new certificates are not used'));
  if (tls) requireSecureDatabase(config.DATABASE_URL);
  const keyProvider = openKeyProvider(config.ENCRYPTION_KEYS);
  const database = await Database.connect({
    url: config.DATABASE_URL,
    entities: definition.entities,
    poolSize: config.DATABASE_POOL_SIZE,
    applicationName: `paradesk-${definition.name}`,
    waiting: {
      waitMs: config.DATABASE_WAIT_MS,
      onWait: (reason) => logger.warn({ reason, waitMs: config.DATABASE_WAIT_MS }, 'waiting for the database'),
    },
  });
  const tokens: IdentityTokens = new IdentityTokens(
    definition.name,
    config.SERVICE_SECRET,
    () => peers.channel('identity'),
    clock,
  );
  const peers: Peers = new Peers(surroundings.peers ?? (() => config.PEERS), tokens, tls);
  const jobs = new Jobs(database.pool, logger, clock);
  const inbox = new Inbox(database, definition.name, surroundings.channel.system);
  new Notary(database, peers, jobs, config.AUDIT_HEAD_EVERY_MINUTES);
  const sealer = new Sealer(database, logger);
  const refusals = new Refusals(database, clock, logger);
  const keys = new EncryptionKeys(database, keyProvider, definition.name);
  const storage = ObjectStorage.open(config.STORAGE, keys);
  return { config, logger, clock, database, inbox, tokens, peers, jobs, storage, sealer, refusals, tls };
}

function rootModule(definition: ServiceDefinition, parts: Parts): DynamicModule {
  const { config, logger, clock, database, inbox, peers, jobs, storage } = parts;
  const providers: Provider[] = [
    { provide: CONFIG, useValue: config },
    { provide: Logger, useValue: logger },
    { provide: Clock, useValue: clock },
    { provide: Ids, useValue: new Ids(clock) },
    { provide: Database, useValue: database },
    { provide: Outbox, useValue: new Outbox(clock) },
    { provide: ParkedEvents, useValue: new ParkedEvents(database, inbox) },
    { provide: AuditRecords, useValue: new AuditRecords(database) },
    { provide: ServiceName, useValue: new ServiceName(definition.name) },
    { provide: Peers, useValue: peers },
    { provide: Jobs, useValue: jobs },
    { provide: ObjectStorage, useValue: storage },
  ];
  const exported = providers.map((provider) => (provider as { provide: symbol }).provide);
  // What every service serves beside its own.
  const controllers = [AuditRecordsController, ParkedEventsController];
  return { module: ServiceRoot, global: true, imports: [definition.module], controllers, providers, exports: exported };
}

@Module({})
class ServiceRoot {}

async function connectTo(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, keepAlive: true });
  await client.connect();
  return client;
}
