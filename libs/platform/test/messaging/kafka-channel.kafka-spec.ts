import { createRequire } from 'node:module';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import kafkajs, { type Consumer } from 'kafkajs';
import type { EventChannel, EventRecord, RecordHandler } from '../../src/messaging/event-channel.js';
import { KafkaChannel, type KafkaChannelOptions } from '../../src/messaging/kafka-channel.js';
import { ensureTopics } from '../../src/messaging/kafka-topics.js';
import { aHistory, anId, aRecord, until } from './builders.js';
import { describeEventChannel } from './event-channel.conformance.js';

/** kafkajs' own class; no public module of it offers this. */
const offsetManagerOfKafkajs = createRequire(import.meta.url)('kafkajs/src/consumer/offsetManager/index.js') as {
  readonly prototype: { commitOffsets(): Promise<void> };
};

const brokers = (process.env['PARADESK_KAFKA'] ?? '').split(',');
const logger = { debug: ignore, info: ignore, warn: ignore, error: ignore, fatal: ignore };

function ignore(): void {
  // what is logged is not looked at here
}

/** A channel on topics that exist, with short waits, and what it reported. */
async function aChannel(topics: readonly string[], options: Partial<KafkaChannelOptions> = {}) {
  const crashes: Error[] = [];
  const onCrash = (error: Error) => void crashes.push(error);
  await ensureTopics(
    brokers,
    topics.map((name) => ({ name, partitions: 3, retentionMs: -1 })),
  );
  const channel = await KafkaChannel.connect({ brokers, clientId: 'test', logger, onCrash, ...options });
  return { channel, crashes };
}

// A module that connects a channel by another client, to put it to the same suite: docs/kafka-client.md.
const candidate = process.env['PARADESK_CHANNEL'];

async function aCandidate(topics: readonly string[]): Promise<EventChannel> {
  const { channel } = await aChannel(topics);
  if (candidate === undefined) return channel;
  await channel.close();
  const { connect } = (await import(candidate)) as Pick<typeof KafkaChannel, 'connect'>;
  return connect({ brokers, clientId: 'test', logger, onCrash: ignore });
}

// Groups of Kafka outlive a test.
describeEventChannel('the Kafka channel', async (topics) => {
  const channel = await aCandidate(topics);
  const run = anId();
  const ownGroups: EventChannel = {
    system: channel.system,
    lag: () => channel.lag(),
    publish: (records) => channel.publish(records),
    subscribe: (group, names, handle) => channel.subscribe(`${group}-${run}`, names, handle),
    close: () => channel.close(),
  };
  return { channel: ownGroups, open: ignore };
});

describe('what only the Kafka channel promises', () => {
  let topic: string;
  let group: string;
  const closing: (() => Promise<unknown>)[] = [];

  beforeEach(() => {
    topic = `conformance.${anId()}`;
    group = `group-${anId()}`;
  });

  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  async function open(options: Partial<KafkaChannelOptions> = {}) {
    const opened = await aChannel([topic], options);
    closing.push(() => opened.channel.close());
    return opened;
  }

  const bareKafka = () => new kafkajs.Kafka({ brokers, logLevel: kafkajs.logLevel.NOTHING });

  async function committed(): Promise<number> {
    const admin = bareKafka().admin();
    await admin.connect();
    const [offsets] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
    await admin.disconnect();
    return (offsets?.partitions ?? []).reduce((sum, { offset }) => sum + Math.max(0, Number(offset)), 0);
  }

  describe('topics', () => {
    it('names a topic that does not exist, and makes none', async () => {
      const { channel } = await open();
      const missing = `${topic}.missing`;
      const subscribing = channel.subscribe(group, [topic, missing], async () => undefined);
      await expect(subscribing).rejects.toThrow(`topic ${missing} does not exist: npm run topics creates it`);
      await expect(aChannel([], { topics: [{ name: missing, partitions: 1 }] })).rejects.toThrow(missing);
    });

    it('names a topic that has too few partitions, and adds none', async () => {
      await open();
      const topics = [{ name: topic, partitions: 4 }];
      await expect(aChannel([], { topics })).rejects.toThrow(`topic ${topic} has 3 partitions and needs 4`);
      await expect(ensureTopics(brokers, [{ name: topic, partitions: 4, retentionMs: -1 }])).rejects.toThrow('needs 4');
      await expect(ensureTopics(brokers, [{ name: topic, partitions: 2, retentionMs: -1 }])).resolves.toBeDefined();
    });

    it('are created once, and get the retention of the table', async () => {
      const shape = { name: topic, partitions: 3, retentionMs: -1 };
      const outcomes = async (retentionMs: number) =>
        (await ensureTopics(brokers, [{ ...shape, retentionMs }])).map(({ outcome }) => outcome);
      expect(await outcomes(-1)).toEqual(['created']);
      expect(await outcomes(-1)).toEqual(['kept']);
      expect(await outcomes(86_400_000)).toEqual(['retention changed']);
      expect(await outcomes(86_400_000)).toEqual(['kept']);
    });
  });

  it('says in one line within seconds that no broker answers', async () => {
    const probe = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => probe.once('listening', resolve));
    const nobody = `127.0.0.1:${(probe.address() as AddressInfo).port}`;
    await new Promise((resolve) => probe.close(resolve));
    const options = { brokers: [nobody], clientId: 'test', logger, onCrash: ignore };
    const startedMs = performance.now();
    await expect(KafkaChannel.connect(options)).rejects.toThrow(`no Kafka broker answers at ${nobody}`);
    expect(performance.now() - startedMs).toBeLessThan(15_000);
  });

  it('sends more for one partition than a batch may hold', async () => {
    const { channel } = await open();
    const received: number[] = [];
    await channel.subscribe(group, [topic], async ({ aggregateVersion }) => void received.push(aggregateVersion));
    await channel.publish(aHistory(4, { topic, payload: new Uint8Array(700_000) }));
    await until(() => received.length >= 4);
    expect(received).toEqual([1, 2, 3, 4]);
  });

  it('passes over a record that is no event, and delivers what follows', async () => {
    const { channel } = await open();
    const record = aRecord({ topic });
    const producer = bareKafka().producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
    await producer.connect();
    await producer.send({ topic, messages: [{ key: record.key, value: 'foreign' }] });
    await producer.disconnect();
    const received: string[] = [];
    await channel.subscribe(group, [topic], async ({ eventId }) => void received.push(eventId));
    await channel.publish([record]);
    await until(() => received.length > 0);
    expect(received).toEqual([record.eventId]);
    await until(async () => (await committed()) === 2);
  });

  it('delivers again after an error of which kafkajs would die', async () => {
    const { channel, crashes } = await open();
    let failures = 0;
    const handled: number[] = [];
    await channel.subscribe(group, [topic], async ({ aggregateVersion }) => {
      if (aggregateVersion === 2 && failures++ < 2) throw new TypeError('undefined is not a function');
      handled.push(aggregateVersion);
    });
    await channel.publish(aHistory(3, { topic }));
    await until(() => handled.includes(3));
    expect([...new Set(handled)]).toEqual([1, 2, 3]);
    expect(crashes).toEqual([]);
  });

  it('commits what is handled before a record that fails, and not that record', async () => {
    const { channel } = await open();
    let failures = 0;
    const subscription = await channel.subscribe(group, [topic], async ({ aggregateVersion }) => {
      if (aggregateVersion < 6) return;
      failures += 1;
      throw new Error('not now');
    });
    await channel.publish(aHistory(9, { topic }));
    await until(() => failures > 1);
    await subscription.close();
    expect(await committed()).toBe(5);
  });

  it('takes records again whose offset it could not commit, so that no lag is left of them', async () => {
    const { channel } = await open();
    const handled: number[] = [];
    const commitOffsets = jest
      .spyOn(offsetManagerOfKafkajs.prototype, 'commitOffsets')
      .mockRejectedValueOnce(new Error('the broker went away'));
    try {
      await channel.subscribe(group, [topic], async ({ aggregateVersion }) => void handled.push(aggregateVersion));
      await channel.publish(aHistory(3, { topic }));
      // Nothing else comes: no later commit may be needed.
      await until(async () => (await committed()) === 3);
      expect(commitOffsets.mock.calls.length).toBeGreaterThan(1);
      expect([...new Set(handled)]).toEqual([1, 2, 3]);
    } finally {
      commitOffsets.mockRestore();
    }
  });

  it('commits what was handled when it is closed in the middle of a batch', async () => {
    const { channel } = await open();
    const handled: number[] = [];
    const subscription = await channel.subscribe(group, [topic], async ({ aggregateVersion }) => {
      await sleep(20);
      handled.push(aggregateVersion);
    });
    await channel.publish(aHistory(200, { topic }));
    await until(() => handled.length >= 5);
    await subscription.close();
    expect(handled.length).toBeLessThan(200);
    expect(await committed()).toBe(handled.length);
  });

  it('does not commit the offset of a partition that it has lost', async () => {
    const timing = { sessionTimeoutMs: 1_500, heartbeatMs: 200 };
    const [{ channel: zombie }, { channel: heir }] = [await open({ timing }), await open({ timing })];
    const history = aHistory(10, { topic });
    const woken = Promise.withResolvers<void>();
    const [slept, inherited] = [[] as number[], [] as number[]];
    await zombie.subscribe(group, [topic], async ({ aggregateVersion }) => {
      slept.push(aggregateVersion);
      if (slept.length === 1) await woken.promise;
    });
    await zombie.publish(history);
    await until(() => slept.length === 1);
    // Joins when the group has given up the sleeping member.
    await heir.subscribe(group, [topic], async ({ aggregateVersion }) => void inherited.push(aggregateVersion));
    await until(async () => (await committed()) === 10);
    woken.resolve();
    await sleep(1_000);
    expect(inherited).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    // It ended its record, took no other, and moved nothing back.
    expect(slept).toEqual([1]);
    expect(await committed()).toBe(10);
    // The one that woke is a member again, and takes over when the other leaves.
    await heir.close();
    await zombie.publish([aRecord({ topic, aggregateVersion: 11, key: history[0]!.key })]);
    await until(() => slept.includes(11));
    expect(slept).toEqual([1, 11]);
  });

  it('never has two handlers at work on one key while members come and go', async () => {
    const timing = { sessionTimeoutMs: 6_000, heartbeatMs: 200 };
    const busy = new Map<string, number>();
    let overlaps = 0;
    const handled = new Map<string, number[]>();
    const handle: RecordHandler = async ({ key, aggregateVersion }) => {
      overlaps += busy.get(key) ?? 0;
      busy.set(key, 1);
      await sleep(3);
      busy.set(key, 0);
      handled.set(key, [...(handled.get(key) ?? []), aggregateVersion]);
    };
    const [{ channel: staying }, { channel: coming }] = [await open({ timing }), await open({ timing })];
    await staying.subscribe(group, [topic], handle);
    const histories = Array.from({ length: 12 }, () => aHistory(60, { topic }));
    await staying.publish(histories.flat());
    for (let round = 0; round < 3; round++) {
      const visitor = await coming.subscribe(group, [topic], handle);
      await sleep(300);
      await visitor.close();
    }
    await until(
      () =>
        histories.every(({ length }, index) => {
          const versions = handled.get(histories[index]![0]!.key) ?? [];
          return new Set(versions).size === length;
        }),
      40_000,
    );
    expect(overlaps).toBe(0);
    for (const versions of handled.values()) expect([...new Set(versions)]).toEqual(versions.filter(isFirst));
    const twice = [...handled.values()].flat().length - 12 * 60;
    // What was not committed yet comes again at each of six rebalances, not all of it.
    expect(twice).toBeLessThan(360);
  });

  it('ends the process when it joins again and again and never comes to work', async () => {
    const timing = { sessionTimeoutMs: 6_000, heartbeatMs: 100, mostJoins: 3 };
    const { channel, crashes } = await open({ timing });
    await channel.subscribe(group, [topic], async () => undefined);
    for (let round = 0; round < 6 && crashes.length === 0; round++) {
      const restless = await aRestlessMember();
      await sleep(300);
      await restless.disconnect();
    }
    await until(() => crashes.length > 0);
    expect(crashes.map(({ message }) => message)).toEqual([
      `${group} joins its group again and again and handles nothing`,
    ]);
  });

  async function aRestlessMember(): Promise<Consumer> {
    const consumer = bareKafka().consumer({ groupId: group, sessionTimeout: 6_000, maxWaitTimeInMs: 100 });
    await consumer.connect();
    await consumer.subscribe({ topics: [topic] });
    await consumer.run({ eachMessage: async () => undefined });
    return consumer;
  }

  it('ends the process when the group does not take it', async () => {
    const { channel, crashes } = await open();
    const [roundRobin] = [kafkajs.PartitionAssigners.roundRobin];
    const foreign = bareKafka().consumer({
      groupId: group,
      partitionAssigners: [
        (config) => {
          const assigner = roundRobin(config);
          const protocol: typeof assigner.protocol = (given) => ({ ...assigner.protocol(given), name: 'Foreign' });
          return { ...assigner, name: 'Foreign', protocol };
        },
      ],
    });
    closing.push(() => foreign.disconnect());
    await foreign.connect();
    await foreign.subscribe({ topics: [topic] });
    await foreign.run({ eachMessage: async () => undefined });
    await channel.subscribe(group, [topic], async () => undefined);
    await until(() => crashes.length > 0);
    expect(crashes[0]?.message).toMatch(new RegExp(`^the consumer of ${group} has ended: `));
  });

  it('is unwell while records wait and none is handled, and well again afterwards', async () => {
    const { channel } = await open({ timing: { stalledAfterMs: 400 } });
    const going = Promise.withResolvers<void>();
    const handled: EventRecord[] = [];
    await channel.subscribe(group, [topic], async (record) => {
      await going.promise;
      handled.push(record);
    });
    await channel.health();
    await sleep(500);
    await channel.health();
    await channel.publish([aRecord({ topic })]);
    await channel.health();
    await sleep(500);
    await expect(channel.health()).rejects.toThrow(`${group} has 1 records waiting and has handled none for 0.4 s`);
    expect((await channel.lag()).map(({ records }) => records).sort()).toEqual([0, 0, 1]);
    const [waiting] = (await channel.lag()).filter(({ records }) => records > 0);
    expect(waiting?.ageMs).toBeGreaterThanOrEqual(500);
    going.resolve();
    await until(async () => (await channel.lag()).every(({ records }) => records === 0));
    await channel.health();
    expect(handled).toHaveLength(1);
  });

  it('leaves no connection and no timer behind when it is closed', async () => {
    const before = resourcesLeft();
    const { channel } = await aChannel([topic]);
    await channel.subscribe(group, [topic], async () => undefined);
    await channel.subscribe(`${group}-other`, [topic], async () => undefined);
    await channel.publish([aRecord({ topic })]);
    expect(resourcesLeft()).toBeGreaterThan(before);
    await channel.close();
    await until(() => resourcesLeft() <= before);
  });

  it('leaves nothing behind of a subscription that was under way when it was closed', async () => {
    const before = resourcesLeft();
    const { channel } = await aChannel([topic]);
    const refused = expect(channel.subscribe(group, [topic], async () => undefined)).rejects.toThrow('closed');
    await channel.close();
    await refused;
    await until(() => resourcesLeft() <= before);
  });
});

function resourcesLeft(): number {
  return process.getActiveResourcesInfo().filter((name) => /TCPSocketWrap|Timeout/.test(name)).length;
}

function isFirst<T>(one: T, index: number, all: readonly T[]): boolean {
  return all.indexOf(one) === index;
}
