import type { EventChannel, EventRecord, Lag, RecordHandler, Subscription } from './event-channel.js';

interface Group {
  readonly topics: ReadonlySet<string>;
  /** Undefined after the group has left: it is still owed its records, so publishing to its topics fails. */
  handle: RecordHandler | undefined;
  /** The end of what each lane has to do. A key always takes the same lane, which keeps its order. */
  readonly lanes: Promise<unknown>[];
  /** What it was handed and has not handled. */
  readonly owed: Set<Owed>;
}

interface Owed {
  readonly record: EventRecord;
  readonly sinceMs: number;
}

// As many records of a group as are handled at once; each holds a connection to the group's database.
const LANES = 4;

/**
 * The channel of a system that runs in one process. It stores nothing: `publish` resolves when every group has handled the
 * records, so until then they stay in the publisher's outbox.
 */
export class InProcessChannel implements EventChannel {
  readonly system = 'in_process';
  private readonly groups = new Map<string, Group>();
  private readonly opened = Promise.withResolvers<void>();
  private closed = false;

  constructor() {
    // A channel that closes unopened, with nobody waiting, is no error.
    this.opened.promise.catch(() => undefined);
  }

  /** Lets records flow, once all groups have subscribed: before, nobody would know whom they are owed. */
  open(): void {
    this.opened.resolve();
  }

  /** Waits for `open`. @throws the first error of a handler, after all groups have finished */
  async publish(records: readonly EventRecord[]): Promise<void> {
    await this.opened.promise;
    if (this.closed) throw closedError();
    const deliveries = [...this.groups].flatMap(([name, group]) => deliver(name, group, records));
    for (const delivery of await Promise.allSettled(deliveries)) {
      if (delivery.status === 'rejected') throw delivery.reason;
    }
  }

  /** @throws Error when the group is subscribed already */
  async subscribe(group: string, topics: readonly string[], handle: RecordHandler): Promise<Subscription> {
    if (this.closed) throw closedError();
    if (this.groups.get(group)?.handle) throw new Error(`${group} has subscribed already`);
    const joined: Group = {
      topics: new Set(topics),
      handle,
      lanes: Array.from({ length: LANES }, async () => undefined),
      owed: new Set(),
    };
    this.groups.set(group, joined);
    return { close: () => leave(joined) };
  }

  async lag(): Promise<Lag[]> {
    return [...this.groups].flatMap(([group, { topics, owed }]) =>
      [...topics].map((topic) => {
        const since = [...owed].filter(({ record }) => record.topic === topic).map(({ sinceMs }) => sinceMs);
        const ageMs = since.length > 0 ? performance.now() - Math.min(...since) : 0;
        return { group, topic, partition: 0, records: since.length, ageMs };
      }),
    );
  }

  async close(): Promise<void> {
    this.closed = true;
    this.opened.reject(closedError());
    await Promise.all([...this.groups.values()].map(leave));
  }
}

function deliver(name: string, group: Group, records: readonly EventRecord[]): Promise<void>[] {
  const sinceMs = performance.now();
  const owed = records.filter(({ topic }) => group.topics.has(topic)).map((record) => ({ record, sinceMs }));
  for (const one of owed) group.owed.add(one);
  return [...Map.groupBy(owed, ({ record }) => laneOf(record.key))].map(([lane, inOrder]) => {
    const work = (group.lanes[lane] ?? Promise.resolve()).then(() => handleInOrder(name, group, inOrder));
    group.lanes[lane] = work.catch(() => undefined);
    return work;
  });
}

async function handleInOrder(name: string, group: Group, owed: readonly Owed[]): Promise<void> {
  try {
    for (const one of owed) {
      if (!group.handle) throw new Error(`${name} takes no events at present`);
      await group.handle(one.record);
      group.owed.delete(one);
    }
  } finally {
    // What is left is the publisher's again.
    for (const one of owed) group.owed.delete(one);
  }
}

async function leave(group: Group): Promise<void> {
  group.handle = undefined;
  await Promise.all(group.lanes);
}

function laneOf(key: string): number {
  let hash = 0;
  for (let index = 0; index < key.length; index++) hash = (hash * 31 + key.charCodeAt(index)) >>> 0;
  return hash % LANES;
}

function closedError(): Error {
  return new Error('the event channel is closed');
}
