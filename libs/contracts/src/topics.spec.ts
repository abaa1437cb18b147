import { create, type DescMessage, toBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from '@jest/globals';
import { registry, rpcs } from './registry.js';
import { type Topic, topics } from './topics.js';

const all: Topic<{ event?: { $case: string } | undefined }>[] = Object.values(topics);

describe.each(all.map((topic) => [topic.name, topic] as const))('%s', (name, topic) => {
  const [, owner = '', noun = ''] = name.split('.');

  it('is named after a service and a noun of its own', () => {
    expect(name).toMatch(/^paradesk\.[a-z]+\.[a-z_]+$/);
    expect(rpcs().map((rpc) => rpc.owner)).toContain(owner);
    expect(topics).toHaveProperty(noun, topic);
  });

  it('has partitions, and keeps its events for ever', () => {
    expect(topic.partitions).toBeGreaterThan(0);
    expect(topic.retentionMs).toBe(-1);
  });

  // By names: what a descriptor prints is the whole registry.
  it('carries a message with one oneof, event, and beside it nothing but ids', () => {
    const message = messageOf(owner, noun);
    const [events, beside] = [true, false].map((isEvent) =>
      message.fields.filter((field) => (field.oneof !== undefined) === isEvent),
    );
    expect(message.oneofs.map((oneof) => oneof.name)).toEqual(['event']);
    expect(events!.filter((field) => field.fieldKind !== 'message').map((field) => field.name)).toEqual([]);
    expect(beside!.map((field) => field.name).filter((name) => !/_ids?$/.test(name))).toEqual([]);
  });

  it('decodes every event of its message', () => {
    const message = messageOf(owner, noun);
    for (const field of message.fields.filter(({ oneof }) => oneof)) {
      const value = create(field.message!);
      const bytes = toBinary(message, create(message, { event: { case: field.localName, value } } as never));
      expect(topic.message.decode(bytes).event?.$case).toBe(field.localName);
    }
  });
});

describe('topics', () => {
  it('have names of their own', () => {
    expect(new Set(all.map((topic) => topic.name)).size).toBe(all.length);
  });

  it('are there for every file of events in the contracts', () => {
    const nouns = [...registry().files].filter((file) => /^paradesk\.\w+\.events\./.test(file.proto.package));
    expect(nouns.map((file) => file.name.split('/').at(-1)).toSorted()).toEqual(Object.keys(topics).toSorted());
  });
});

/** The one message of the events file that is not an event itself. */
function messageOf(owner: string, noun: string): DescMessage {
  const file = registry().getFile(`paradesk/${owner}/events/v1/${noun}.proto`);
  const [message, ...others] = file?.messages.filter((candidate) => candidate.oneofs.length > 0) ?? [];
  expect(others).toEqual([]);
  return message!;
}
