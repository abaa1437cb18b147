import { topics } from '@paradesk/contracts';
import { createLogger, KafkaChannel } from '@paradesk/platform';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EventFact } from './facts.js';

const GROUP = 'faults-reader';
const AGAIN_AFTER_MS = 500;
const CAUGHT_UP_WITHIN_MS = 60_000;

/** Reads all topics from the first record on, once, and keeps who is in them; it outlives the broker's deaths. */
export class TopicReader {
  private readonly seen: EventFact[] = [];
  private channel: KafkaChannel | undefined;
  private opening: Promise<void> | undefined;
  private closed = false;

  /** @param brokers `host:port` that no fault touches but those of the broker itself */
  constructor(private readonly brokers: string) {}

  open(): Promise<void> {
    return (this.opening ??= this.connect());
  }

  /** Everything that Kafka has at this moment, in the order of each partition. @throws Error when it cannot be read within a minute */
  async records(): Promise<readonly EventFact[]> {
    for (const lateMs = performance.now() + CAUGHT_UP_WITHIN_MS; performance.now() < lateMs; await sleep(200)) {
      await this.opening;
      const lag = await this.channel?.lag().catch(() => undefined);
      // No partition is no answer: the group is being shared out anew.
      if (lag && lag.length > 0 && lag.every(({ records }) => records === 0)) return this.seen;
    }
    throw new Error('Kafka cannot be read to its end');
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.channel?.close();
  }

  private async connect(): Promise<void> {
    for (;;) {
      try {
        this.channel = await KafkaChannel.connect({
          brokers: [this.brokers],
          clientId: GROUP,
          logger: createLogger({ service: GROUP, level: 'fatal' }),
          onCrash: () => this.again(),
        });
        const names = Object.values(topics).map(({ name }) => name);
        await this.channel.subscribe(GROUP, names, async (record) => {
          const { topic, eventId, key, aggregateVersion } = record;
          this.seen.push({ topic, eventId, aggregateId: key, version: aggregateVersion });
        });
        return;
      } catch (error) {
        await this.channel?.close().catch(() => undefined);
        if (this.closed) return;
        if (!this.opening) throw error;
        await sleep(AGAIN_AFTER_MS);
      }
    }
  }

  private again(): void {
    if (this.closed) return;
    const old = this.channel;
    this.opening = Promise.resolve(old?.close())
      .catch(() => undefined)
      .then(() => this.connect());
  }
}
