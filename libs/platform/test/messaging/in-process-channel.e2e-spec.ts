import { describe, expect, it } from '@jest/globals';
import { InProcessChannel } from '../../src/messaging/in-process-channel.js';
import { aRecord, until } from './builders.js';
import { describeEventChannel } from './event-channel.conformance.js';

describeEventChannel('the in-process channel', async () => {
  const channel = new InProcessChannel();
  return { channel, open: () => channel.open() };
});

describe('what only the in-process channel promises', () => {
  it('holds records back until all groups have subscribed', async () => {
    const channel = new InProcessChannel();
    const record = aRecord();
    const received: string[] = [];
    let published = false;
    const publishing = channel.publish([record]).then(() => (published = true));
    await channel.subscribe('late', [record.topic], async ({ eventId }) => void received.push(eventId));
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(published).toBe(false);
    channel.open();
    await publishing;
    expect(received).toEqual([record.eventId]);
    await channel.close();
  });

  it('lets a publisher go when it is closed before it opened', async () => {
    const channel = new InProcessChannel();
    const publishing = expect(channel.publish([aRecord()])).rejects.toThrow('the event channel is closed');
    await channel.close();
    await publishing;
  });

  it('resolves when every group has taken effect, and rejects with the error of one that has not', async () => {
    const channel = new InProcessChannel();
    const record = aRecord();
    let done = false;
    await channel.subscribe('slow', [record.topic], async () => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      done = true;
    });
    await channel.subscribe('failing', [record.topic], async () => {
      throw new Error('not now');
    });
    channel.open();
    await expect(channel.publish([record])).rejects.toThrow('not now');
    expect(done).toBe(true);
    await channel.close();
  });

  it('refuses a second subscription of a group', async () => {
    const channel = new InProcessChannel();
    await channel.subscribe('billing', ['a'], async () => undefined);
    await expect(channel.subscribe('billing', ['b'], async () => undefined)).rejects.toThrow(
      'billing has subscribed already',
    );
    await channel.close();
  });

  it('handles records of different keys side by side', async () => {
    const channel = new InProcessChannel();
    let [now, most] = [0, 0];
    const records = Array.from({ length: 20 }, () => aRecord());
    await channel.subscribe('billing', [records[0]!.topic], async () => {
      most = Math.max(most, ++now);
      await new Promise((resolve) => setTimeout(resolve, 5));
      now -= 1;
    });
    channel.open();
    await channel.publish(records);
    await until(() => now === 0);
    expect(most).toBeGreaterThan(1);
    await channel.close();
  });
});
