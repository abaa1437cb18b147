import type { Consumer, EachBatchPayload, KafkaMessage } from 'kafkajs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../telemetry/logger.js';
import type { RecordHandler, Subscription } from './event-channel.js';
import { reasonOf } from './handler-errors.js';
import { KafkaClient, withAdmin, type KafkaAddress } from './kafka-client.js';
import { fromMessage } from './kafka-record.js';
import { ProgressWatchdog, type Patience } from './progress-watchdog.js';

/** How a consumer and its group wait for each other; shorter in tests. */
export interface ConsumerTiming extends Patience {
  /** How long the group waits for a sign of life of a member, in milliseconds. */
  readonly sessionTimeoutMs: number;
  /** How often a member gives one, and learns that the group shares its partitions out anew. */
  readonly heartbeatMs: number;
}

/** What a subscription is made of. */
export interface SubscriptionOptions {
  readonly address: KafkaAddress;
  readonly group: string;
  readonly topics: readonly string[];
  readonly handle: RecordHandler;
  readonly timing: ConsumerTiming;
  readonly logger: Logger;
  /** Called once when the consumer has ended for good: the process must end too. */
  readonly onCrash: (error: Error) => void;
}

/** Records of one partition that a group has not handled. */
export interface Lag {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  readonly records: number;
}

/** A handler threw. Without the handler's own text, which may be privileged, and of a class that kafkajs repeats. */
class RecordNotHandled extends Error {
  override readonly name = 'RecordNotHandled';
}

// As many records as a crash may repeat.
const COMMIT_EVERY = 20;
// As many partitions as are handled at once; each holds a connection to the service's database.
const LANES = 4;
// `disconnect` waits for the fetch that is under way.
const FETCH_WAIT_MS = 300;
const REBALANCE_TIMEOUT_MS = 30_000;
const CLOSE_TIMEOUT_MS = 10_000;
// Less than a health check may take.
const ANSWER_TIMEOUT_MS = 1_500;

/**
 * A member of a consumer group. Offsets are committed after the handler, in the generation in which the records were fetched: the
 * group refuses those of a member that has lost the partition. Records of a partition are handled in order, one at a time.
 */
export class KafkaSubscription implements Subscription {
  private readonly client: KafkaClient;
  private readonly consumer: Consumer;
  private readonly watchdog: ProgressWatchdog;
  /** Partitions by topic. */
  private assignment: Readonly<Record<string, readonly number[]>> = {};
  private joined = false;
  private generation = 0;
  private closing: Promise<void> | undefined;
  private crashed = false;

  private constructor(private readonly options: SubscriptionOptions) {
    this.client = new KafkaClient(options.address, options.logger);
    this.watchdog = new ProgressWatchdog(options.timing);
    this.consumer = this.client.kafka.consumer({
      groupId: options.group,
      sessionTimeout: options.timing.sessionTimeoutMs,
      heartbeatInterval: options.timing.heartbeatMs,
      rebalanceTimeout: REBALANCE_TIMEOUT_MS,
      maxWaitTimeInMs: FETCH_WAIT_MS,
      allowAutoTopicCreation: false,
      // Otherwise a consumer that crashes while it is closed comes back.
      retry: { retries: 40, initialRetryTime: 100, maxRetryTime: 1_000, restartOnFailure: async () => !this.closing },
    });
  }

  /** Joins the group: it takes records when this resolves. The topics must exist. */
  static async open(options: SubscriptionOptions): Promise<KafkaSubscription> {
    const subscription = new KafkaSubscription(options);
    try {
      await subscription.start();
      return subscription;
    } catch (error) {
      await subscription.close();
      throw error;
    }
  }

  close(): Promise<void> {
    return (this.closing ??= this.leave());
  }

  /** @throws Error when records wait, or the group does not take this member, and nothing has happened for too long */
  async health(): Promise<void> {
    if (this.closing) return;
    const { group, timing } = this.options;
    const waiting = await Promise.race([
      this.lag().catch(() => undefined),
      sleep(ANSWER_TIMEOUT_MS, undefined, { ref: false }),
    ]);
    const lag = (waiting ?? []).reduce((sum, { records }) => sum + records, 0);
    if (!this.watchdog.isStalled(waiting && { joined: this.joined, lag })) return;
    const state = this.joined ? `has ${lag} records waiting` : 'is not in its group';
    throw new Error(`${group} ${state} and has handled none for ${timing.stalledAfterMs / 1000} s`);
  }

  /** Of the partitions that this member has at present. */
  async lag(): Promise<Lag[]> {
    const { address, logger, group } = this.options;
    const mine = Object.entries(this.assignment);
    return withAdmin(address, logger, async (admin) => {
      const committed = await admin.fetchOffsets({ groupId: group, topics: mine.map(([topic]) => topic) });
      const ofTopic = async ([topic, partitions]: [string, readonly number[]]): Promise<Lag[]> => {
        const offsets = committed.find((one) => one.topic === topic)?.partitions ?? [];
        const next = new Map(offsets.map(({ partition, offset }) => [partition, Number(offset)]));
        const ends = (await admin.fetchTopicOffsets(topic)).filter(({ partition }) => partitions.includes(partition));
        // -1 means that nothing was committed yet.
        const reached = (partition: number, low: string) => Math.max(next.get(partition) ?? -1, Number(low));
        return ends.map(({ partition, low, high }) => ({
          group,
          topic,
          partition,
          records: Math.max(0, Number(high) - reached(partition, low)),
        }));
      };
      return (await Promise.all(mine.map(ofTopic))).flat();
    });
  }

  private async start(): Promise<void> {
    this.observe();
    await this.consumer.connect();
    await this.consumer.subscribe({ topics: [...this.options.topics], fromBeginning: true });
    await this.consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: LANES,
      eachBatch: (payload) => this.take(payload),
    });
  }

  private observe(): void {
    const { group, logger } = this.options;
    const { events } = this.consumer;
    this.consumer.on(events.GROUP_JOIN, ({ payload }) => {
      this.generation += 1;
      this.joined = true;
      this.assignment = payload.memberAssignment;
      if (this.watchdog.joined()) this.crash(new Error(`${group} joins its group again and again and handles nothing`));
    });
    this.consumer.on(events.REBALANCING, () => {
      this.joined = false;
    });
    this.consumer.on(events.COMMIT_OFFSETS, () => this.watchdog.progressed());
    this.consumer.on(events.CRASH, ({ payload: { error, restart } }) => {
      this.joined = false;
      if (restart) logger.warn({ reason: reasonOf(error), group }, 'the consumer starts anew');
      else this.crash(new Error(`the consumer of ${group} has ended: ${error.message}`, { cause: error }));
    });
  }

  private crash(error: Error): void {
    if (this.crashed || this.closing) return;
    this.crashed = true;
    this.options.onCrash(error);
  }

  /** One partition's records in order. What is handled is committed even when the rest is not to be. */
  private async take(payload: EachBatchPayload): Promise<void> {
    const { topic, partition, messages } = payload.batch;
    const { generation } = this;
    const isMine = () => payload.isRunning() && !payload.isStale() && generation === this.generation;
    let next: string | undefined;
    const commit = async () => {
      const offset = next;
      next = undefined;
      if (offset === undefined || generation !== this.generation) return;
      // Not `consumer.commitOffsets()`: after a lost session that one ends the consumer while the process lives on.
      await payload.commitOffsetsIfNecessary({ topics: [{ topic, partitions: [{ partition, offset }] }] });
    };
    try {
      for (const [index, message] of messages.entries()) {
        if (!isMine()) break;
        // Throws when the group has moved on without this member: only here kafkajs learns of it.
        await payload.heartbeat();
        await this.handle(topic, partition, message);
        payload.resolveOffset(message.offset);
        next = String(BigInt(message.offset) + 1n);
        if ((index + 1) % COMMIT_EVERY === 0) await commit();
      }
    } finally {
      await commit();
    }
  }

  private async handle(topic: string, partition: number, message: KafkaMessage): Promise<void> {
    const { handle, logger, group } = this.options;
    const where = { group, topic, partition, offset: message.offset };
    const record = fromMessage(topic, message);
    // Nobody's event: no tenant and no aggregate to park it under, and the records behind it must not wait for ever.
    if (!record) return logger.error(where, 'a record without the envelope of an event is passed over');
    try {
      await handle(record);
    } catch (error) {
      logger.warn({ ...where, reason: reasonOf(error) }, 'a record was not handled and comes again');
      throw new RecordNotHandled('a record was not handled');
    }
  }

  private async leave(): Promise<void> {
    // A consumer that is about to start anew cannot be stopped; without connections it gives up by itself.
    await Promise.race([
      this.consumer.disconnect().catch(() => undefined),
      sleep(CLOSE_TIMEOUT_MS, undefined, { ref: false }),
    ]);
    this.client.release();
  }
}
