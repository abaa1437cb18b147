import { Controller, Module } from '@nestjs/common';
import { topics } from '@paradesk/contracts';
import type { ClientEvent } from '@paradesk/contracts/paradesk/identity/events/v1/clients';
import {
  addMasterKey,
  createLogger,
  defineService,
  isolateByTenant,
  KafkaChannel,
  OnEvent,
  startService,
  startTelemetry,
  type EventChannel,
  type EventRecord,
  type ReceivedEvent,
  type RunningService,
  type Tx,
} from '@paradesk/platform';
import { join } from 'node:path';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { z } from 'zod';

/** What a measured process is told when it is forked. */
export interface EventsArguments {
  readonly databaseUrl: string;
  readonly brokers: string;
  readonly folder: string;
}

/** Topic of the bare round trip; as many partitions as the topic of the events. */
export const BARE_TOPIC = 'bench.bare';

/** A moment in milliseconds that all processes of this machine agree on. */
export function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** When each event, or bare message, was sent or there. */
export type Moments = Readonly<Record<string, number>>;

/** How far a consumer has come. */
export interface Progress {
  readonly events: number;
  readonly lastAtMs: number;
}

/** The producer's aggregates. */
export class CreateAggregates1767225600000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table aggregates (tenant_id uuid not null, id uuid not null, version integer not null, primary key (tenant_id, id))`);
    await isolateByTenant(runner, 'aggregates');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table aggregates');
  }
}

/** The consumer's effects: a row for each time that an event took effect, so that twice would show. */
export class CreateEffects1767225600000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table effects (
        tenant_id uuid not null,
        ordinal bigint generated always as identity,
        aggregate_id uuid not null,
        version integer not null,
        primary key (tenant_id, ordinal)
      )`);
    await isolateByTenant(runner, 'effects');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table effects');
  }
}

@Controller()
class ClientsConsumer {
  @OnEvent(topics.clients)
  async takeEffect(tx: Tx, event: ReceivedEvent<ClientEvent>): Promise<void> {
    await tx.query('insert into effects (tenant_id, aggregate_id, version) values ($1, $2, $3)', [
      tx.tenantId,
      event.aggregateId,
      event.aggregateVersion,
    ]);
  }
}

@Module({})
class ProducingModule {}

@Module({ controllers: [ClientsConsumer] })
class ConsumingModule {}

const nothingElse = { config: z.object({}), entities: [], migrations: [], grpc: [] };
const producing = defineService({ ...nothingElse, name: 'producer', module: ProducingModule, consumes: [] });
const consuming = defineService({
  ...nothingElse,
  name: 'consumer',
  module: ConsumingModule,
  consumes: [topics.clients],
});

/** The service that publishes, as `run` starts one. */
export function startProducer(given: EventsArguments): Promise<RunningService> {
  return start(producing, given, (channel) => channel);
}

/**
 * The service that hears of it, as `run` starts one.
 *
 * @param taken told of each event when its effect is committed
 */
export function startConsumer(given: EventsArguments, taken: (record: EventRecord) => void): Promise<RunningService> {
  return start(consuming, given, (channel) => ({
    system: channel.system,
    lag: () => channel.lag(),
    publish: (records) => channel.publish(records),
    subscribe: (group, names, handle) =>
      channel.subscribe(group, names, async (record) => {
        await handle(record);
        taken(record);
      }),
    close: () => channel.close(),
  }));
}

async function start(
  definition: typeof producing,
  { databaseUrl, brokers, folder }: EventsArguments,
  watched: (channel: EventChannel) => EventChannel,
): Promise<RunningService> {
  startTelemetry({ serviceName: definition.name });
  const channel = await KafkaChannel.connect({
    brokers: brokers.split(','),
    clientId: definition.name,
    logger: createLogger({ service: definition.name, level: 'warn' }),
    onCrash: (error) => {
      throw error;
    },
  });
  const keyFile = join(folder, `${definition.name}-keys.json`);
  addMasterKey(keyFile);
  const env = {
    DATABASE_URL: databaseUrl,
    SERVICE_SECRET: 'only-for-the-bench-0123456789abcdef',
    STORAGE: `folder:${folder}`,
    ENCRYPTION_KEYS: `file:${keyFile}`,
    // A job of the platform that finds no peer would fill the table with warnings.
    LOG_LEVEL: 'error',
    GRPC_ADDRESS: '127.0.0.1:0',
    OPS_ADDRESS: '127.0.0.1:0',
    SHUTDOWN_TIMEOUT_MS: '3000',
  };
  const service = await startService(definition, { env, channel: watched(channel), peers: () => ({}) });
  return { ...service, stop: () => service.stop().then(() => channel.close()) };
}
