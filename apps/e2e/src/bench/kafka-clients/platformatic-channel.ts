import type { EventChannel, EventRecord, KafkaChannelOptions, Lag } from '@paradesk/platform';
import {
  compatibilityPartitioner,
  Consumer,
  Producer,
  stringSerializers,
  type Message,
  type MessagesStream,
} from '@platformatic/kafka';
import { setTimeout as sleep } from 'node:timers/promises';
import { Temporal } from 'temporal-polyfill';

type Handle = Parameters<EventChannel['subscribe']>[2];
type Stream = MessagesStream<Buffer, Buffer, Buffer, Buffer>;

const COMMIT_EVERY = 100;
const AGAIN_AFTER_MS = 100;
const CLOSE_TIMEOUT_MS = 5_000;

/**
 * The platform's channel as @platformatic/kafka would carry it: as much of it as it takes to compare the two. It has no watchdog, no
 * health check and no crash handling.
 */
export class PlatformaticChannel implements EventChannel {
  readonly system = 'kafka';
  private readonly subscriptions = new Set<PlatformaticSubscription>();
  private readonly producer: Producer<string, Buffer, string, string>;
  private isClosed = false;

  constructor(private readonly options: Pick<KafkaChannelOptions, 'brokers' | 'clientId'>) {
    this.producer = new Producer({
      ...connectionOf(options),
      serializers: { ...stringSerializers, value: (value) => value as unknown as Buffer },
      // The default one puts half of the keys elsewhere than kafkajs and Java do: events of one aggregate would lie in two partitions.
      partitioner: compatibilityPartitioner,
    } as ConstructorParameters<typeof Producer<string, Buffer, string, string>>[0]);
  }

  async publish(records: readonly EventRecord[]): Promise<void> {
    if (this.isClosed) throw new Error('the event channel is closed');
    await this.producer.send({ acks: -1, messages: records.map(toMessage) });
  }

  async subscribe(group: string, topics: readonly string[], handle: Handle): Promise<{ close(): Promise<void> }> {
    const subscription = await PlatformaticSubscription.open(this.options, group, topics, handle);
    this.subscriptions.add(subscription);
    return subscription;
  }

  /** Not compared. */
  async lag(): Promise<Lag[]> {
    return [];
  }

  async close(): Promise<void> {
    this.isClosed = true;
    await Promise.all([...this.subscriptions].map((subscription) => subscription.close()));
    await within(CLOSE_TIMEOUT_MS, this.producer.close(true));
  }
}

/** For `PARADESK_CHANNEL`: the conformance suite opens its channels by this. */
export async function connect(options: KafkaChannelOptions): Promise<PlatformaticChannel> {
  return new PlatformaticChannel(options);
}

class PlatformaticSubscription {
  private closing: Promise<void> | undefined;
  private ended: Promise<void> | undefined;
  private readonly unnoted = new Map<string, Message<Buffer, Buffer, Buffer, Buffer>>();
  private handled = 0;

  private constructor(
    private readonly consumer: Consumer<Buffer, Buffer, Buffer, Buffer>,
    private readonly handle: Handle,
  ) {}

  static async open(
    options: Pick<KafkaChannelOptions, 'brokers' | 'clientId'>,
    group: string,
    topics: readonly string[],
    handle: Handle,
  ): Promise<PlatformaticSubscription> {
    const consumer = new Consumer<Buffer, Buffer, Buffer, Buffer>({
      ...connectionOf(options),
      groupId: group,
      sessionTimeout: 6_000,
      heartbeatInterval: 200,
      rebalanceTimeout: 30_000,
      maxWaitTime: 300,
      autocommit: false,
    });
    const subscription = new PlatformaticSubscription(consumer, handle);
    const stream = () => consumer.consume({ topics: [...topics], mode: 'committed', fallbackMode: 'earliest' });
    const first = await stream();
    subscription.ended = subscription.run(first, stream);
    return subscription;
  }

  close(): Promise<void> {
    return (this.closing ??= this.leave());
  }

  /** A commit that fails after a rebalance destroys the stream: another one takes over where the group is. */
  private async run(first: Stream, next: () => Promise<Stream>): Promise<void> {
    for (let stream: Stream | undefined = first; !this.closing;) {
      try {
        stream ??= await next();
        stream.on('error', () => undefined);
        await this.take(stream);
      } catch {
        await sleep(AGAIN_AFTER_MS);
      }
      this.unnoted.clear();
      stream = undefined;
    }
  }

  private async take(stream: Stream): Promise<void> {
    const ending = setInterval(() => this.closing && void stream.close().catch(() => undefined), 20);
    try {
      for await (const message of stream) {
        if (this.closing) break;
        if (this.isStale(message)) continue;
        await this.untilHandled(toRecord(message));
        this.unnoted.set(`${message.topic} ${message.partition}`, message);
        this.handled += 1;
        if (this.handled % COMMIT_EVERY === 0 || stream.readableLength === 0) await this.commit();
      }
    } finally {
      clearInterval(ending);
      await this.commit().catch(() => undefined);
    }
  }

  /** Of a partition that the group has given to another member meanwhile. */
  private isStale({ topic, partition }: Message<Buffer, Buffer, Buffer, Buffer>): boolean {
    return !this.consumer.assignments?.some((one) => one.topic === topic && one.partitions.includes(partition));
  }

  private async untilHandled(record: EventRecord): Promise<void> {
    for (;;) {
      try {
        return await this.handle(record);
      } catch (error) {
        if (this.closing) throw error;
        await sleep(AGAIN_AFTER_MS);
      }
    }
  }

  private async commit(): Promise<void> {
    const offsets = [...this.unnoted.values()].map(({ topic, partition, offset, leaderEpoch }) => ({
      topic,
      partition,
      offset: offset + 1n,
      leaderEpoch,
    }));
    this.unnoted.clear();
    if (offsets.length > 0) await this.consumer.commit({ offsets });
  }

  private async leave(): Promise<void> {
    await within(CLOSE_TIMEOUT_MS, this.ended ?? Promise.resolve());
    await within(CLOSE_TIMEOUT_MS, this.consumer.close(true));
  }
}

function connectionOf({ brokers, clientId }: Pick<KafkaChannelOptions, 'brokers' | 'clientId'>) {
  return { clientId, bootstrapBrokers: [...brokers], retries: 40, retryDelay: 250, connectTimeout: 3_000 };
}

function toMessage(record: EventRecord) {
  const { topic, key, eventId, tenantId, aggregateVersion, occurredAt, payload, traceparent, schemaVersion } = record;
  const headers = {
    eventId,
    tenantId,
    aggregateVersion: String(aggregateVersion),
    occurredAt: occurredAt.toString(),
    schemaVersion: String(schemaVersion),
    ...(traceparent !== undefined && { traceparent }),
  };
  return { topic, key, value: Buffer.from(payload), headers };
}

function toRecord({ topic, key, value, headers }: Message<Buffer, Buffer, Buffer, Buffer>): EventRecord {
  const texts = new Map([...headers].map(([name, text]) => [name.toString(), text.toString()]));
  const text = (name: string) => texts.get(name) ?? '';
  const traceparent = texts.get('traceparent');
  return {
    topic,
    key: key.toString(),
    eventId: text('eventId'),
    tenantId: text('tenantId'),
    aggregateVersion: Number(text('aggregateVersion')),
    occurredAt: Temporal.Instant.from(text('occurredAt')),
    payload: value,
    ...(traceparent !== undefined && { traceparent }),
    schemaVersion: Number(text('schemaVersion')),
  };
}

async function within(ms: number, work: Promise<unknown>): Promise<void> {
  await Promise.race([work.catch(() => undefined), sleep(ms, undefined, { ref: false })]);
}
