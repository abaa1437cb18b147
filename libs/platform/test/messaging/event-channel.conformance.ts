import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { EventChannel, EventRecord } from '../../src/messaging/event-channel.js';
import { aHistory, aRecord, anId, until } from './builders.js';

/** A fresh channel that has these topics. */
export interface ChannelUnderTest {
  readonly channel: EventChannel;
  /** Tells the channel that all groups have subscribed, where it wants to know. */
  readonly open: () => void;
}

/** What every channel promises, whatever carries the records. */
export function describeEventChannel(
  name: string,
  make: (topics: readonly string[]) => Promise<ChannelUnderTest>,
): void {
  describe(name, () => {
    let topic: string;
    let other: string;
    let channel: EventChannel;
    let open: () => void;

    beforeEach(async () => {
      topic = `conformance.${anId()}`;
      other = `conformance.${anId()}`;
      ({ channel, open } = await make([topic, other]));
    });

    afterEach(() => channel.close());

    /** As a relay does: what was rejected is published again. */
    async function publish(records: readonly EventRecord[]): Promise<void> {
      let published = false;
      await until(async () => {
        await channel.publish(records).then(
          () => (published = true),
          () => undefined,
        );
        return published;
      });
    }

    it('delivers a record as it was published', async () => {
      const received: EventRecord[] = [];
      await channel.subscribe('billing', [topic], async (record) => void received.push(record));
      open();
      const bytes = Uint8Array.from([0, 255, 10, 13, 128]);
      const traced = aRecord({
        topic,
        payload: bytes,
        traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      });
      const untraced = aRecord({ topic, schemaVersion: 7, payload: new Uint8Array() });
      await publish([traced, untraced]);
      await until(() => received.length >= 2);
      for (const sent of [traced, untraced]) {
        const got = received.find(({ eventId }) => eventId === sent.eventId);
        expect({ ...got, payload: [...(got?.payload ?? [])], occurredAt: got?.occurredAt.toString() }).toEqual({
          ...sent,
          payload: [...sent.payload],
          occurredAt: sent.occurredAt.toString(),
        });
      }
    });

    it('carries a payload of a million bytes', async () => {
      const received: EventRecord[] = [];
      await channel.subscribe('billing', [topic], async (record) => void received.push(record));
      open();
      await publish([aRecord({ topic, payload: new Uint8Array(1_000_000).fill(7) })]);
      await until(() => received.length > 0);
      expect(received[0]?.payload.byteLength).toBe(1_000_000);
    });

    it('delivers to every group the topics that it subscribed to, and no others', async () => {
      const received: Record<string, Set<string>> = { billing: new Set(), documents: new Set() };
      const note = (group: string) => async (record: EventRecord) => void received[group]?.add(record.topic);
      await channel.subscribe('billing', [topic, other], note('billing'));
      await channel.subscribe('documents', [other], note('documents'));
      open();
      await publish([aRecord({ topic }), aRecord({ topic: other })]);
      await until(() => received['billing']?.size === 2 && received['documents']?.size === 1);
      expect([...(received['documents'] ?? [])]).toEqual([other]);
    });

    it('keeps the order of each key', async () => {
      const received = new Map<string, number[]>();
      await channel.subscribe('billing', [topic], async ({ key, aggregateVersion }) => {
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 3));
        received.set(key, [...(received.get(key) ?? []), aggregateVersion]);
      });
      open();
      const histories = Array.from({ length: 8 }, () => aHistory(10, { topic }));
      for (let version = 0; version < 10; version += 5) {
        await publish(histories.flatMap((history) => history.slice(version, version + 5)));
      }
      await until(() => [...received.values()].flat().length >= 80);
      expect([...received.values()].map(firsts)).toEqual(histories.map(() => [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]));
    });

    it('delivers again what a handler threw at, and nothing of its key before it', async () => {
      const [history, handled] = [aHistory(4, { topic }), [] as number[]];
      let failures = 0;
      await channel.subscribe('billing', [topic], async ({ aggregateVersion }) => {
        if (aggregateVersion === 2 && failures < 2) {
          failures += 1;
          throw new Error('not now');
        }
        handled.push(aggregateVersion);
      });
      open();
      await publish(history);
      await until(() => handled.includes(4));
      expect(failures).toBe(2);
      expect(firsts(handled)).toEqual([1, 2, 3, 4]);
    });

    it('does not keep a group waiting for another that fails', async () => {
      const handled: string[] = [];
      let failing = true;
      await channel.subscribe('failing', [topic], async () => {
        if (failing) throw new Error('not now');
      });
      await channel.subscribe('billing', [topic], async ({ eventId }) => void handled.push(eventId));
      open();
      const record = aRecord({ topic });
      const published = publish([record]);
      await until(() => handled.length > 0);
      expect(handled[0]).toBe(record.eventId);
      failing = false;
      await published;
    });

    it('owes a group that left what is published meanwhile', async () => {
      const handled: string[] = [];
      const handle = async ({ eventId }: EventRecord) => void handled.push(eventId);
      const first = await channel.subscribe('billing', [topic], handle);
      open();
      const [before, meanwhile] = [aRecord({ topic }), aRecord({ topic })];
      await publish([before]);
      await until(() => handled.includes(before.eventId));
      await first.close();
      const published = publish([meanwhile]);
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(handled).not.toContain(meanwhile.eventId);
      await channel.subscribe('billing', [topic], handle);
      await published;
      await until(() => handled.includes(meanwhile.eventId));
    });

    it('waits at close for the record that is being handled', async () => {
      let done = false;
      const started = Promise.withResolvers<void>();
      const subscription = await channel.subscribe('billing', [topic], async () => {
        started.resolve();
        await new Promise((resolve) => setTimeout(resolve, 100));
        done = true;
      });
      open();
      const published = channel.publish([aRecord({ topic })]);
      await started.promise;
      await subscription.close();
      expect(done).toBe(true);
      await published;
    });

    it('takes nothing after it was closed', async () => {
      open();
      await channel.close();
      await expect(channel.publish([aRecord({ topic })])).rejects.toThrow();
    });
  });
}

/** Versions in the order in which they came first: later ones are duplicates. */
function firsts(versions: readonly number[]): number[] {
  return [...new Set(versions)];
}
