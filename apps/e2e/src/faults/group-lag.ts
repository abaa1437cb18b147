import kafkajs from 'kafkajs';

const SILENT = () => () => undefined;

/**
 * Records that wait for each consumer group, of all its partitions.
 *
 * @param brokers `host:port` that no fault touches
 * @param groups the topics that each group hears of
 */
export async function lagOf(
  brokers: string,
  groups: Readonly<Record<string, readonly string[]>>,
): Promise<Map<string, number>> {
  const kafka = new kafkajs.Kafka({
    brokers: [brokers],
    clientId: 'faults-lag',
    connectionTimeout: 2_000,
    retry: { retries: 2, initialRetryTime: 100 },
    logCreator: SILENT,
  });
  const admin = kafka.admin();
  await admin.connect();
  try {
    const topics = [...new Set(Object.values(groups).flat())];
    const ends = new Map<string, { partition: number; low: string; high: string }[]>();
    for (const topic of topics) ends.set(topic, await admin.fetchTopicOffsets(topic));
    const lags = new Map<string, number>();
    for (const [groupId, heard] of Object.entries(groups)) {
      const committed = await admin.fetchOffsets({ groupId, topics: [...heard] });
      const waiting = committed.flatMap(({ topic, partitions }) =>
        (ends.get(topic) ?? []).map(({ partition, low, high }) => {
          // -1 means that nothing was committed yet.
          const next = Number(partitions.find((one) => one.partition === partition)?.offset ?? -1);
          return Math.max(0, Number(high) - Math.max(next, Number(low)));
        }),
      );
      lags.set(groupId, sumOf(waiting));
    }
    return lags;
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, one) => sum + one, 0);
}
