import kafkajs, { type IHeaders } from 'kafkajs';

/** A record as it lies in a topic, whatever it is. */
export interface TopicRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: IHeaders;
}

/** Where a topic ends, by partition: the offset of its next record. */
export type TopicEnd = ReadonlyMap<number, bigint>;

const READ_TIMEOUT_MS = 60_000;
const RECORDS_OF_A_SEND = 200;

/** Reads topics and writes foreign records into them, past the services and past the proxies. */
export class TopicCopies {
  private readonly kafka: kafkajs.Kafka;

  /** @param brokers `host:port` */
  constructor(brokers: string) {
    this.kafka = new kafkajs.Kafka({
      brokers: brokers.split(','),
      clientId: 'paradesk-faults',
      logLevel: kafkajs.logLevel.NOTHING,
      retry: { retries: 40, initialRetryTime: 100, maxRetryTime: 1_000 },
    });
  }

  /** Where a topic ends now. */
  async end(topic: string): Promise<TopicEnd> {
    return this.withAdmin(async (admin) => {
      const offsets = await admin.fetchTopicOffsets(topic);
      return new Map(offsets.map(({ partition, high }) => [partition, BigInt(high)]));
    });
  }

  /** What a topic holds up to its end of now, by partition and offset. @param from an end of before; from the beginning by default */
  async read(topic: string, from: TopicEnd = new Map()): Promise<TopicRecord[]> {
    const end = await this.end(topic);
    const owed = new Set(
      [...end].filter(([partition, high]) => high > (from.get(partition) ?? 0n)).map(([one]) => one),
    );
    if (owed.size === 0) return [];
    const found: TopicRecord[] = [];
    const done = Promise.withResolvers<void>();
    const consumer = this.kafka.consumer({ groupId: `faults-${crypto.randomUUID()}`, maxWaitTimeInMs: 200 });
    const late = setTimeout(() => done.reject(new Error(`${topic} could not be read`)), READ_TIMEOUT_MS);
    try {
      await consumer.connect();
      await consumer.subscribe({ topic, fromBeginning: true });
      await consumer.run({
        autoCommit: false,
        eachBatch: async ({ batch: { partition, messages } }) => {
          const high = end.get(partition) ?? 0n;
          for (const { offset, key, value, headers = {} } of messages) {
            const record = { topic, partition, offset: BigInt(offset), key, value, headers };
            if (record.offset < high && record.offset >= (from.get(partition) ?? 0n)) found.push(record);
            if (record.offset >= high - 1n) owed.delete(partition);
          }
          if (owed.size === 0) done.resolve();
        },
      });
      for (const [partition, offset] of from) consumer.seek({ topic, partition, offset: `${offset}` });
      await done.promise;
    } finally {
      clearTimeout(late);
      await consumer.disconnect();
    }
    return found.sort((one, other) => one.partition - other.partition || Number(one.offset - other.offset));
  }

  /** Writes records in this order. @param partitionOf where to; where their keys belong by default */
  async write(
    records: readonly Omit<TopicRecord, 'partition' | 'offset'>[],
    partitionOf?: (index: number) => number,
  ): Promise<void> {
    const producer = this.kafka.producer({
      allowAutoTopicCreation: false,
      createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
    });
    await producer.connect();
    try {
      for (let start = 0; start < records.length; start += RECORDS_OF_A_SEND) {
        const messages = records
          .slice(start, start + RECORDS_OF_A_SEND)
          .map(({ topic, key, value, headers }, index) => ({
            topic,
            message: { key, value, headers, ...(partitionOf && { partition: partitionOf(start + index) }) },
          }));
        const topicMessages = [...Map.groupBy(messages, ({ topic }) => topic)].map(([topic, ofTopic]) => ({
          topic,
          messages: ofTopic.map(({ message }) => message),
        }));
        await producer.sendBatch({ acks: -1, topicMessages });
      }
    } finally {
      await producer.disconnect();
    }
  }

  /** Forgets what a group has handled: it begins anew at the first record. @throws KafkaJSError while it has members */
  async forget(group: string): Promise<void> {
    await this.withAdmin((admin) => admin.deleteGroups([group]));
  }

  private async withAdmin<T>(work: (admin: kafkajs.Admin) => Promise<T>): Promise<T> {
    const admin = this.kafka.admin();
    await admin.connect();
    try {
      return await work(admin);
    } finally {
      await admin.disconnect();
    }
  }
}
