import type { Topic } from '@paradesk/contracts';
import kafkajs, { type Producer } from 'kafkajs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../telemetry/logger.js';
import type { EventChannel, EventRecord, Lag, RecordHandler, Subscription } from './event-channel.js';
import { KafkaClient, withAdmin, type KafkaAddress } from './kafka-client.js';
import { sendsOf, toMessage } from './kafka-record.js';
import { KafkaSubscription, type ConsumerTiming } from './kafka-subscription.js';
import { checkTopics } from './kafka-topics.js';
import { MAX_EVENT_BYTES } from './outbox.js';

/** How to reach Kafka. */
export interface KafkaChannelOptions extends KafkaAddress {
  readonly logger: Logger;
  /** Called when a consumer has ended for good: the process must end too, for nobody else would notice. */
  readonly onCrash: (error: Error) => void;
  /** Topics that must exist with at least so many partitions. Others that are subscribed to must exist. */
  readonly topics?: readonly Pick<Topic<unknown>, 'name' | 'partitions'>[];
  readonly timing?: Partial<ConsumerTiming>;
}

const TIMING: ConsumerTiming = { sessionTimeoutMs: 10_000, heartbeatMs: 1_000, stalledAfterMs: 60_000, mostJoins: 30 };
const ALL_REPLICAS = -1;
const SEND_TIMEOUT_MS = 10_000;
const CLOSE_TIMEOUT_MS = 5_000;
// Room for one event of the largest size; a broker takes 1,048,588.
const MOST_BYTES_OF_A_SEND = MAX_EVENT_BYTES + 20_000;

/** The channel of services that run as processes of their own. Safe means here: all replicas in sync have the record. */
export class KafkaChannel implements EventChannel {
  readonly system = 'kafka';
  private readonly subscriptions = new Set<KafkaSubscription>();
  private readonly closed = Promise.withResolvers<never>();
  private isClosed = false;

  private constructor(
    private readonly options: KafkaChannelOptions,
    private readonly client: KafkaClient,
    private readonly producer: Producer,
  ) {
    this.closed.promise.catch(() => undefined);
  }

  /** @throws Error in one line when no broker answers, or a topic is missing or has too few partitions */
  static async connect(options: KafkaChannelOptions): Promise<KafkaChannel> {
    await withAdmin(options, options.logger, (admin) => checkTopics(admin, options.topics ?? []));
    const client = new KafkaClient(options, options.logger);
    const producer = client.kafka.producer({
      allowAutoTopicCreation: false,
      // kafkajs' idempotent producer gets stuck, and has lost acknowledged records, when a broker restarts. The inbox drops duplicates.
      idempotent: false,
      createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
    });
    await producer.connect();
    return new KafkaChannel(options, client, producer);
  }

  async publish(records: readonly EventRecord[]): Promise<void> {
    for (const send of sendsOf(records, MOST_BYTES_OF_A_SEND)) {
      if (this.isClosed) throw closedError();
      const topicMessages = [...Map.groupBy(send, ({ topic }) => topic)].map(([topic, ofTopic]) => ({
        topic,
        messages: ofTopic.map(toMessage),
      }));
      const sent = this.producer.sendBatch({ acks: ALL_REPLICAS, timeout: SEND_TIMEOUT_MS, topicMessages });
      // While no broker answers, kafkajs tries on for a minute: whoever closes does not wait for that.
      await Promise.race([sent, this.closed.promise]);
    }
  }

  /** @throws Error in one line when a topic is missing or has too few partitions */
  async subscribe(group: string, topics: readonly string[], handle: RecordHandler): Promise<Subscription> {
    if (this.isClosed) throw closedError();
    const { options } = this;
    const shapes = topics.map(
      (name) => options.topics?.find((topic) => topic.name === name) ?? { name, partitions: 1 },
    );
    // Asked first: kafkajs stays subscribed to a topic that it has just complained about.
    await withAdmin(options, options.logger, (admin) => checkTopics(admin, shapes));
    const subscription = await KafkaSubscription.open({
      address: options,
      group,
      topics,
      handle,
      timing: { ...TIMING, ...options.timing },
      logger: options.logger,
      onCrash: options.onCrash,
    });
    if (this.isClosed) {
      await subscription.close();
      throw closedError();
    }
    this.subscriptions.add(subscription);
    return {
      close: async () => {
        this.subscriptions.delete(subscription);
        await subscription.close();
      },
    };
  }

  /**
   * For the liveness of the process. Brokers that do not answer are no reason to fail: a restart would not help.
   *
   * @throws Error when a consumer has records waiting, or no place in its group, and has done nothing for a minute
   */
  async health(): Promise<void> {
    await Promise.all([...this.subscriptions].map((subscription) => subscription.health()));
  }

  /** Of the partitions that the consumers of this process have at present. @throws Error when no broker answers in time */
  async lag(): Promise<Lag[]> {
    return (await Promise.all([...this.subscriptions].map((subscription) => subscription.lag()))).flat();
  }

  async close(): Promise<void> {
    this.isClosed = true;
    this.closed.reject(closedError());
    await Promise.all([...this.subscriptions].map((subscription) => subscription.close()));
    await Promise.race([
      this.producer.disconnect().catch(() => undefined),
      sleep(CLOSE_TIMEOUT_MS, undefined, { ref: false }),
    ]);
    this.client.release();
  }
}

function closedError(): Error {
  return new Error('the event channel is closed');
}
