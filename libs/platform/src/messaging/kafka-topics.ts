import { setTimeout as sleep } from 'node:timers/promises';
import type { Topic } from '@paradesk/contracts';
import kafkajs, { type Admin } from 'kafkajs';
import { type KafkaTls, withAdmin } from './kafka-client.js';

/** What a topic must be like. */
export type TopicShape = Pick<Topic<unknown>, 'name' | 'partitions' | 'retentionMs'>;

/** What was done about a topic. */
export interface EnsuredTopic {
  readonly name: string;
  readonly outcome: 'created' | 'retention changed' | 'kept';
}

const SILENT = { debug: () => undefined };
const LEADERS_TIMEOUT_MS = 30_000;

/**
 * Creates the topics that are missing, and gives those that exist their retention. Replicas are as many as the brokers' default says.
 * For operators and `npm run topics`: services never create topics.
 *
 * @throws Error in one line when no broker answers, or a topic has too few partitions: adding some would move its keys to other
 *   partitions while their events wait in the old ones, so that is not done
 */
export async function ensureTopics(
  brokers: readonly string[],
  topics: readonly TopicShape[],
  tls?: KafkaTls,
): Promise<EnsuredTopic[]> {
  return withAdmin({ brokers, clientId: 'paradesk-topics', tls }, SILENT, async (admin) => {
    const existing = new Set(await admin.listTopics());
    const missing = topics.filter(({ name }) => !existing.has(name));
    if (missing.length > 0) await create(admin, missing);
    refuseFaults(await faultsOf(admin, topics));
    const kept = topics.filter(({ name }) => existing.has(name));
    const changed = await alignRetention(admin, kept);
    return topics.map(({ name }) => {
      if (!existing.has(name)) return { name, outcome: 'created' };
      return { name, outcome: changed.has(name) ? 'retention changed' : 'kept' };
    });
  });
}

/** @throws Error in one line that names the topics that are missing or have too few partitions */
export async function checkTopics(
  admin: Admin,
  topics: readonly Pick<TopicShape, 'name' | 'partitions'>[],
): Promise<void> {
  refuseFaults(await faultsOf(admin, topics));
}

function refuseFaults(faults: readonly string[]): void {
  if (faults.length > 0) throw new Error(faults.join('; '));
}

async function faultsOf(admin: Admin, topics: readonly Pick<TopicShape, 'name' | 'partitions'>[]): Promise<string[]> {
  const existing = new Set(await admin.listTopics());
  const counts = await partitionsOf(
    admin,
    topics.filter(({ name }) => existing.has(name)),
  );
  return topics.flatMap(({ name, partitions }) => {
    const found = counts.get(name);
    if (found === undefined) return [`topic ${name} does not exist: npm run topics creates it`];
    if (found >= partitions) return [];
    return [
      `topic ${name} has ${found} partitions and needs ${partitions}: create it anew when its events are consumed`,
    ];
  });
}

async function partitionsOf(admin: Admin, topics: readonly Pick<TopicShape, 'name'>[]): Promise<Map<string, number>> {
  if (topics.length === 0) return new Map();
  const metadata = await admin.fetchTopicMetadata({ topics: topics.map(({ name }) => name) });
  return new Map(metadata.topics.map(({ name, partitions }) => [name, partitions.length]));
}

async function create(admin: Admin, topics: readonly TopicShape[]): Promise<void> {
  // kafkajs' own wait for leaders gives up on brokers that take a moment.
  await admin.createTopics({
    waitForLeaders: false,
    topics: topics.map(({ name, partitions, retentionMs }) => ({
      topic: name,
      numPartitions: partitions,
      configEntries: [{ name: 'retention.ms', value: String(retentionMs) }],
    })),
  });
  const deadline = performance.now() + LEADERS_TIMEOUT_MS;
  while (!(await haveLeaders(admin, topics))) {
    if (performance.now() > deadline) throw new Error('the brokers have created the topics, but no broker leads them');
    await sleep(100);
  }
}

async function haveLeaders(admin: Admin, topics: readonly TopicShape[]): Promise<boolean> {
  try {
    const found = await admin.fetchTopicMetadata({ topics: topics.map(({ name }) => name) });
    const led = found.topics.filter(({ partitions }) => partitions.every(({ leader }) => leader >= 0));
    return topics.every(({ name, partitions }) =>
      led.some((one) => one.name === name && one.partitions.length >= partitions),
    );
  } catch {
    return false; // not all brokers know them yet
  }
}

async function alignRetention(admin: Admin, topics: readonly TopicShape[]): Promise<Set<string>> {
  if (topics.length === 0) return new Set();
  const { ConfigResourceTypes } = kafkajs;
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: topics.map(({ name }) => ({ type: ConfigResourceTypes.TOPIC, name, configNames: ['retention.ms'] })),
  });
  const found = new Map(resources.map((resource) => [resource.resourceName, resource.configEntries[0]?.configValue]));
  const others = topics.filter(({ name, retentionMs }) => found.get(name) !== String(retentionMs));
  if (others.length > 0) {
    await admin.alterConfigs({
      validateOnly: false,
      resources: others.map(({ name, retentionMs }) => ({
        type: ConfigResourceTypes.TOPIC,
        name,
        configEntries: [{ name: 'retention.ms', value: String(retentionMs) }],
      })),
    });
  }
  return new Set(others.map(({ name }) => name));
}
