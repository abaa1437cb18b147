import { newId } from '@paradesk/kernel';
import {
  createLogger,
  ensureTopics,
  KafkaChannel,
  type EventChannel,
  type EventRecord,
  type KafkaChannelOptions,
} from '@paradesk/platform';
import { freePort, startBroker, Started, type Broker } from '@paradesk/standalone';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Temporal } from 'temporal-polyfill';
import { median, printTable, rounded } from './figures.js';
import { PlatformaticChannel } from './kafka-clients/platformatic-channel.js';

const FLOOD = { keys: 500, versions: 40 };
const REBALANCES = { keys: 100, versions: 40, visits: 6 };
const OUTAGE = { keys: 100, versions: 100 };
const TRIPS = 300;
const TOGETHER = 200;
const PAYLOAD = new Uint8Array(1_000).fill(7);
const TIMEOUT_MS = 120_000;

const open = {
  kafkajs: (options: KafkaChannelOptions): Promise<EventChannel> => KafkaChannel.connect(options),
  platformatic: async (options: KafkaChannelOptions): Promise<EventChannel> => new PlatformaticChannel(options),
};
type Client = keyof typeof open;

/** What became of the events of some keys. */
class Ledger {
  private readonly versions = new Map<string, number[]>();
  private readonly seen = new Set<string>();
  received = 0;

  readonly note = ({ key, aggregateVersion }: EventRecord): void => {
    this.received += 1;
    this.seen.add(`${key} ${aggregateVersion}`);
    const versions = this.versions.get(key) ?? [];
    versions.push(aggregateVersion);
    this.versions.set(key, versions);
  };

  async until(events: number): Promise<void> {
    const deadline = performance.now() + TIMEOUT_MS;
    while (this.seen.size < events && performance.now() < deadline) await sleep(5);
  }

  /** Lost, twice, and keys whose versions did not come first in the order 1..n. */
  against(events: number): [lost: number, twice: number, disordered: number] {
    const inOrder = (versions: number[]) => [...new Set(versions)].every((version, index) => version === index + 1);
    const disordered = [...this.versions.values()].filter((versions) => !inOrder(versions)).length;
    return [events - this.seen.size, this.received - this.seen.size, disordered];
  }
}

/** One client's runs, each on a topic and in a group of its own. */
class Trial {
  private readonly closing: EventChannel[] = [];

  constructor(
    readonly client: Client,
    private readonly broker: { current: Broker; again(): Promise<void> },
  ) {}

  async channel(): Promise<EventChannel> {
    const logger = createLogger({ service: this.client, level: 'fatal' });
    const onCrash = (error: Error) => console.log(`${this.client} crashed: ${error.message}`);
    const brokers = [this.broker.current.brokers];
    const timing = { sessionTimeoutMs: 6_000, heartbeatMs: 200 };
    const channel = await open[this.client]({ brokers, clientId: this.client, logger, onCrash, timing });
    this.closing.push(channel);
    return channel;
  }

  async topic(): Promise<string> {
    const name = `bench.${newId(Date.now())}`;
    await ensureTopics([this.broker.current.brokers], [{ name, partitions: 3, retentionMs: -1 }]);
    return name;
  }

  async close(): Promise<void> {
    await Promise.all(this.closing.splice(0).map((channel) => channel.close()));
  }

  /** @returns events published and handled in a second, by one publisher of batches and one group */
  async flood(): Promise<[published: number, handled: number]> {
    const [topic, channel, ledger] = [await this.topic(), await this.channel(), new Ledger()];
    const records = histories(topic, FLOOD);
    let startedMs = performance.now();
    for (const batch of batches(records)) await channel.publish(batch);
    const published = (records.length / (performance.now() - startedMs)) * 1000;
    startedMs = performance.now();
    await channel.subscribe(topic, [topic], async (record) => ledger.note(record));
    await ledger.until(records.length);
    return [published, (records.length / (performance.now() - startedMs)) * 1000];
  }

  /** @returns the median from publish to handler, at 100 a second, in milliseconds */
  async roundTrip(): Promise<number> {
    const [topic, channel] = [await this.topic(), await this.channel()];
    const took: number[] = [];
    const sentAt = new Map<string, number>();
    await channel.subscribe(topic, [topic], async ({ eventId }) => {
      took.push(performance.now() - (sentAt.get(eventId) ?? NaN));
    });
    const publish = (record: EventRecord): Promise<void> => {
      sentAt.set(record.eventId, performance.now());
      return channel.publish([record]);
    };
    await publish(histories(topic, { keys: 1, versions: 1 })[0]!);
    const sent: Promise<void>[] = [];
    for (const record of histories(topic, { keys: TRIPS, versions: 1 })) {
      await sleep(Math.random() * 20);
      sent.push(publish(record));
    }
    await Promise.all(sent);
    for (const deadline = performance.now() + TIMEOUT_MS; took.length <= TRIPS && performance.now() < deadline;)
      await sleep(5);
    return median(took.slice(1));
  }

  /** A second member comes and goes while records are handled. */
  async rebalances(): Promise<[lost: number, twice: number, disordered: number]> {
    const [topic, ledger] = [await this.topic(), new Ledger()];
    const [staying, coming] = [await this.channel(), await this.channel()];
    const records = histories(topic, REBALANCES);
    const handle = async (record: EventRecord) => {
      await sleep(1);
      ledger.note(record);
    };
    await staying.subscribe(topic, [topic], handle);
    // So slowly that records come during every visit.
    const publishing = publishAll(staying, records, 350);
    for (let visit = 0; visit < REBALANCES.visits; visit++) {
      const visitor = await coming.subscribe(topic, [topic], handle);
      await sleep(500);
      await visitor.close();
    }
    await publishing;
    await ledger.until(records.length);
    return ledger.against(records.length);
  }

  /** The broker is killed in the middle and started again; what is refused is published again, as the relay does. */
  async outage(): Promise<[lost: number, twice: number, disordered: number]> {
    const [topic, channel, ledger] = [await this.topic(), await this.channel(), new Ledger()];
    const records = histories(topic, OUTAGE);
    await channel.subscribe(topic, [topic], async (record) => ledger.note(record));
    const publishing = publishAll(channel, records, 20);
    await ledger.until(records.length / 4);
    await this.broker.again();
    await publishing;
    await ledger.until(records.length);
    await sleep(1_000);
    return ledger.against(records.length);
  }
}

/** Both clients in the same channel, on the same broker, one after the other. */
export async function measure(): Promise<Record<string, number>> {
  const started = new Started();
  try {
    const broker = await aBroker(started);
    const rows: (string | number)[][] = [];
    const publishes: Partial<Record<Client, number>> = {};
    for (const client of Object.keys(open) as Client[]) {
      const trial = new Trial(client, broker);
      const [published, handled] = await trial.flood();
      const tripMs = await trial.roundTrip();
      await trial.close();
      const rebalances = await trial.rebalances();
      await trial.close();
      const outage = await trial.outage();
      await trial.close();
      publishes[client] = published;
      rows.push([
        client,
        Math.round(published),
        Math.round(handled),
        tripMs.toFixed(2),
        rebalances.join(' / '),
        outage.join(' / '),
      ]);
    }
    const faults = 'lost / twice / keys out of order';
    printTable(['', 'published/s', 'handled/s', 'round trip p50 ms', 'rebalances', 'kill -9 of the broker'], rows);
    console.log(`of the last two: ${faults}`);
    return { publishRatio: rounded((publishes.platformatic ?? NaN) / (publishes.kafkajs ?? NaN)) };
  } finally {
    await started.stop();
  }
}

async function aBroker(started: Started) {
  const folder = mkdtempSync(join(tmpdir(), 'paradesk-bench-'));
  started.add(async () => rmSync(folder, { recursive: true, force: true }));
  const port = await freePort(29_092);
  const start = () => startBroker({ folder, cache: '.tools/kafka', port });
  const broker = {
    current: await start(),
    again: async () => {
      process.kill(broker.current.pid, 'SIGKILL');
      await broker.current.failed;
      broker.current = await start();
    },
  };
  started.add(() => broker.current.stop());
  return broker;
}

/** Versions in the outer loop: neighbours are events of different keys, as in an outbox. */
function histories(topic: string, { keys, versions }: { keys: number; versions: number }): EventRecord[] {
  const aggregates = Array.from({ length: keys }, () => newId(Date.now()));
  const occurredAt = Temporal.Instant.fromEpochMilliseconds(Date.now());
  const tenantId = newId(Date.now());
  return Array.from({ length: versions }, (_, version) =>
    aggregates.map((key) => ({
      topic,
      key,
      eventId: newId(Date.now()),
      tenantId,
      aggregateVersion: version + 1,
      occurredAt,
      payload: PAYLOAD,
      schemaVersion: 1,
    })),
  ).flat();
}

function batches(records: readonly EventRecord[]): EventRecord[][] {
  return Array.from({ length: Math.ceil(records.length / TOGETHER) }, (_, index) =>
    records.slice(index * TOGETHER, (index + 1) * TOGETHER),
  );
}

async function publishAll(channel: EventChannel, records: readonly EventRecord[], pauseMs: number): Promise<void> {
  for (const batch of batches(records)) {
    for (let published = false; !published;) {
      published = await channel.publish(batch).then(
        () => true,
        () => sleep(200).then(() => false),
      );
    }
    await sleep(pauseMs);
  }
}
