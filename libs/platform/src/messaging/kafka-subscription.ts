import type { Consumer, EachBatchPayload, KafkaMessage } from 'kafkajs';
import { setTimeout as sleep } from 'node:timers/promises';
import { crashPoint } from '../run/crash-points.js';
import type { Logger } from '../telemetry/logger.js';
import type { Lag, RecordHandler, Subscription } from './event-channel.js';
import { reasonOf } from './handler-errors.js';
import { KafkaClient, withAdmin, type KafkaAddress } from './kafka-client.js';
import { fromMessage } from './kafka-record.js';
import { OldestWaiting } from './oldest-waiting.js';
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

/** A handler threw. Without the handler's own text, which may be privileged, and of a class that kafkajs repeats. */
class RecordNotHandled extends Error {
  override readonly name = 'RecordNotHandled';
}

// As many records as a crash may repeat.
const COMMIT_EVERY = 100;
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
 * group refuses those of a member that has lost the partition. Records of a key are handled in order, one at a time.
 */
export class KafkaSubscription implements Subscription {
  private readonly client: KafkaClient;
  private readonly consumer: Consumer;
  private readonly watchdog: ProgressWatchdog;
  private readonly waiting = new OldestWaiting();
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
        return ends.map(({ partition, low, high }) => {
          const records = Math.max(0, Number(high) - reached(partition, low));
          return { group, topic, partition, records, ageMs: this.waiting.ageMs(topic, partition, records) };
        });
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
      this.waiting.clear();
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
    // Only what the group has noted is passed: without the commit the records must come again, or nobody would ever note them.
    const pass = async ({ offset }: KafkaMessage) => {
      if (generation !== this.generation) return;
      const partitions = [{ partition, offset: String(BigInt(offset) + 1n) }];
      // Not `consumer.commitOffsets()`: after a lost session that one ends the consumer while the process lives on.
      await payload.commitOffsetsIfNecessary({ topics: [{ topic, partitions }] });
      payload.resolveOffset(offset);
      crashPoint('kafka.after-offset-commit');
    };
    for (let from = 0; from < messages.length && isMine(); from += COMMIT_EVERY) {
      const window = messages.slice(from, from + COMMIT_EVERY);
      this.waiting.taking(topic, partition, Number(window[0]?.timestamp));
      const { handled, failure } = await this.handleWindow(payload, window, isMine);
      const last = window[handled - 1];
      if (last) await pass(last);
      if (failure) throw failure;
    }
    if (payload.batch.offsetLag() === '0') this.waiting.done(topic, partition);
  }

  /**
   * Records of different keys side by side, so that the inbox can take them together; those of one key in order.
   *
   * @returns how many from the first on were handled, and what kept it from the others
   */
  private async handleWindow(
    payload: EachBatchPayload,
    window: readonly KafkaMessage[],
    isMine: () => boolean,
  ): Promise<{ handled: number; failure?: unknown }> {
    const { topic, partition } = payload.batch;
    const done = new Set<KafkaMessage>();
    const failures: unknown[] = [];
    const inOrder = async (messages: readonly KafkaMessage[]) => {
      for (const message of messages) {
        if (failures.length > 0 || !isMine()) return;
        await this.handle(topic, partition, message);
        done.add(message);
        await payload.heartbeat();
      }
    };
    // Throws when the group has moved on without this member: only here kafkajs learns of it.
    await payload.heartbeat();
    const lines = Map.groupBy(window, ({ key }) => key?.toString());
    await Promise.all([...lines.values()].map((line) => inOrder(line).catch((error: unknown) => failures.push(error))));
    const undone = window.findIndex((message) => !done.has(message));
    return { handled: undone < 0 ? window.length : undone, failure: failures[0] };
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
