import { topics } from '@paradesk/contracts';
import { ClientEvent } from '@paradesk/contracts/paradesk/identity/events/v1/clients';
import { ensureTopics, migrate, provisionDatabase } from '@paradesk/platform';
import { startEmbeddedPostgres } from '@paradesk/platform/embedded-postgres';
import { freePort, startBroker, Started } from '@paradesk/standalone';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { Child } from './child.js';
import {
  BARE_TOPIC,
  CreateAggregates1767225600000,
  CreateEffects1767225600000,
  nowMs,
  type EventsArguments,
  type Moments,
  type Progress,
} from './events-spine.js';
import { median, printTable, quantile, rounded } from './figures.js';

const ROUNDS = 5;
const FLOODS = 3;
const FLOOD_EVENTS = 20_000;
const FLOOD_AGGREGATES = 1_000;
const TIMEOUT_MS = 120_000;

type Findings = { ratio: number; eventsPerSecond: number };

/** A round trip, measured again and again. */
class Way {
  readonly medians: number[] = [];
  readonly latenciesMs: number[] = [];

  constructor(
    readonly name: string,
    private readonly question: string,
  ) {}

  /** @throws Error when something that was sent is not there in time */
  async round(producer: Child<object>, consumer: Child<object>, counts: boolean): Promise<void> {
    const sent = await producer.ask<Moments>(this.question);
    const there: Record<string, number> = {};
    const deadline = nowMs() + TIMEOUT_MS;
    const missing = () => Object.keys(sent).filter((key) => !(key in there)).length;
    while (missing() > 0) {
      if (nowMs() > deadline) throw new Error(`${this.name}: ${missing()} of ${Object.keys(sent).length} are missing`);
      await sleep(100);
      Object.assign(there, await consumer.ask<Moments>('moments'));
    }
    if (!counts) return;
    const took = Object.entries(sent).map(([key, atMs]) => there[key]! - atMs);
    this.latenciesMs.push(...took);
    this.medians.push(median(took));
  }

  row(): (string | number)[] {
    return [this.name, ...[0.5, 0.95, 0.99].map((q) => quantile(this.latenciesMs, q).toFixed(2))];
  }
}

/** The whole path of events, in processes of its own: PostgreSQL, broker, the service that publishes, the service that hears of it. */
class Spine {
  readonly started = new Started();
  private constructor(
    readonly producer: Child<object>,
    readonly consumer: Child<object>,
    readonly producerDb: pg.Client,
    readonly consumerDb: pg.Client,
  ) {}

  static async start(started: Started): Promise<Spine> {
    const folder = mkdtempSync(join(tmpdir(), 'paradesk-bench-'));
    started.add(async () => rmSync(folder, { recursive: true, force: true }));
    const postgres = await startEmbeddedPostgres({ folder: join(folder, 'postgres'), durable: true });
    started.add(() => postgres.stop());
    const port = await freePort(29_092);
    const broker = await startBroker({ folder: join(folder, 'kafka'), cache: '.tools/kafka', port });
    started.add(() => broker.stop());
    const bare = { name: BARE_TOPIC, partitions: topics.clients.partitions, retentionMs: -1 };
    await ensureTopics([broker.brokers], [topics.clients, bare]);
    const open = async (name: string, migration: typeof CreateAggregates1767225600000) => {
      const { ownerUrl, runtimeUrl, runtimeRole } = await provisionDatabase(postgres.url, name, 'only-for-the-bench');
      await migrate({ ownerUrl, runtimeRole, migrations: [migration] });
      const superuserUrl = new URL(postgres.url);
      superuserUrl.pathname = `/${name}`;
      const client = new pg.Client(superuserUrl.href);
      await client.connect();
      started.add(() => client.end());
      const given: EventsArguments = { databaseUrl: runtimeUrl, brokers: broker.brokers, folder };
      return { client, args: [JSON.stringify(given)] };
    };
    const ofProducer = await open('bench_producer', CreateAggregates1767225600000);
    const ofConsumer = await open('bench_consumer', CreateEffects1767225600000);
    const profile = process.env.BENCH_CPU_PROFILE;
    const flags = profile ? ['--cpu-prof', `--cpu-prof-dir=${profile}`] : [];
    const consumer = await Child.start<object>('./events-consumer.js', ofConsumer.args, flags);
    started.add(() => consumer.stop());
    const producer = await Child.start<object>('./events-producer.js', ofProducer.args, flags);
    started.add(() => producer.stop());
    return new Spine(producer, consumer, ofProducer.client, ofConsumer.client);
  }

  /** Commits many events at once and waits until each has taken effect. @returns events per second from the commit to the last effect */
  async flood(events: number): Promise<number> {
    const before = await this.consumer.ask<Progress>('progress');
    await this.producerDb.query(FLOOD, [events / FLOOD_AGGREGATES, FLOOD_AGGREGATES, topics.clients.name, PAYLOAD]);
    const committedAtMs = nowMs();
    const deadline = committedAtMs + TIMEOUT_MS;
    for (;;) {
      await sleep(100);
      const { events: all, lastAtMs } = await this.consumer.ask<Progress>('progress');
      if (all - before.events >= events) return (events / (lastAtMs - committedAtMs)) * 1000;
      if (nowMs() > deadline) throw new Error(`${all - before.events} of ${events} events within ${TIMEOUT_MS} ms`);
    }
  }

  /** Sentences about events that were lost, doubled or out of order; none when all is well. */
  async faults(): Promise<string[]> {
    const [outbox] = (await this.producerDb.query<Count>(OUTBOX_COUNT)).rows;
    const [effects] = (await this.consumerDb.query<Count>(EFFECTS_COUNT)).rows;
    const { rows: disordered } = await this.consumerDb.query<{ aggregate_id: string }>(DISORDERED);
    return [
      ...(outbox!.count === effects!.count ? [] : [`${outbox!.count} events and ${effects!.count} effects`]),
      ...disordered.map(({ aggregate_id }) => `the effects of ${aggregate_id} are not 1..n in order`),
    ];
  }
}

type Count = { count: number };

const PAYLOAD = Buffer.from(
  ClientEvent.encode(
    ClientEvent.fromPartial({
      event: { $case: 'created', value: { client: { code: 'HARBOR', name: 'Harbor & Partners', version: 1 } } },
    }),
  ).finish(),
);

// Versions in the outer loop: neighbours in the outbox are events of different aggregates, as in life.
const FLOOD = `
  with aggregates as materialized (
    select gen_random_uuid() as id, ('00000000-0000-4000-8000-00000000000' || n % 4)::uuid as tenant_id from generate_series(1, $2) n
  ), added as (
    insert into messaging.outbox
      (event_id, tenant_id, topic, aggregate_id, aggregate_version, occurred_at, payload, traceparent, schema_version)
    select gen_random_uuid(), tenant_id, $3, id, version, now(), $4, null, 1
    from generate_series(1, $1) version cross join aggregates order by version
  )
  select pg_notify('paradesk_outbox', '')`;
const OUTBOX_COUNT = 'select count(*)::int from messaging.outbox';
const EFFECTS_COUNT = `
  select count(*)::int from effects where not exists (select from messaging.parked_events)`;
const DISORDERED = `
  select aggregate_id from effects group by 1
  having array_agg(version order by ordinal) <> array(select n from generate_series(1, max(version)) n)`;

/**
 * From the commit in one service to the committed effect in another, against a message by kafkajs alone from `send` to `eachMessage`,
 * in turns and at the same rate; then how many events a second pass when many wait, by one relay and one consumer.
 */
export async function measure(): Promise<Findings> {
  const started = new Started();
  try {
    const spine = await Spine.start(started);
    const bare = new Way('kafkajs alone, send to eachMessage', 'bare');
    const ours = new Way('paradesk, commit to committed effect', 'ours');
    for (let round = 0; round <= ROUNDS; round++) {
      await bare.round(spine.producer, spine.consumer, round > 0);
      await ours.round(spine.producer, spine.consumer, round > 0);
    }
    const ratios = ours.medians.map((one, round) => one / bare.medians[round]!);
    printTable(['at 100 a second', 'p50 ms', 'p95 ms', 'p99 ms'], [bare.row(), ours.row()]);
    console.log(`medians, paradesk to kafkajs, by round: ${ratios.map((ratio) => ratio.toFixed(2)).join(' ')}`);
    const perSecond: number[] = [];
    const rows: (string | number)[][] = [];
    await spine.flood(FLOOD_EVENTS / 4);
    for (let flood = 1; flood <= FLOODS; flood++) {
      const before = await Promise.all([spine.producer.usage(), spine.consumer.usage()]);
      perSecond.push(await spine.flood(FLOOD_EVENTS));
      const after = await Promise.all([spine.producer.usage(), spine.consumer.usage()]);
      const micros = after.map(({ cpuMs }, index) =>
        Math.round(((cpuMs - before[index]!.cpuMs) * 1000) / FLOOD_EVENTS),
      );
      rows.push([
        `${FLOOD_EVENTS} at once`,
        Math.round(perSecond.at(-1)!),
        ...micros,
        ...after.map(({ peakMb }) => Math.round(peakMb)),
      ]);
    }
    const head = [
      'one relay, one consumer',
      'events/s',
      'producer us/event',
      'consumer us/event',
      'producer peak MB',
      'consumer peak MB',
    ];
    printTable(head, rows);
    const faults = await spine.faults();
    if (faults.length > 0) throw new Error(faults.slice(0, 5).join('; '));
    console.log('lost: 0, twice: 0, out of order: 0');
    return { ratio: rounded(median(ratios)), eventsPerSecond: Math.round(median(perSecond)) };
  } finally {
    await started.stop();
  }
}
