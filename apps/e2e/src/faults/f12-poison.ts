import { topics, type Topic } from '@paradesk/contracts';
import { ClientEvent } from '@paradesk/contracts/paradesk/identity/events/v1/clients';
import { createLogger, KafkaChannel, type EventRecord } from '@paradesk/platform';
import { services } from '@paradesk/standalone';
import { Temporal } from 'temporal-polyfill';
import type { Fault, Programme, World } from './fault.js';
import { TopicCopies } from './topic-copies.js';
import { until } from './until.js';

/** An event that no consumer can take. */
interface Poison extends EventRecord {
  /** What it is to be parked for. */
  readonly reasons: RegExp;
}

const OF_A_KIND: Readonly<Record<Programme, number>> = { smoke: 2, soak: 20 };
const PARKED_WITHIN_MS = 60_000;
const A_LATER_SCHEMA = 99;
// Field 1 with a length that the bytes do not have.
const UNDECODABLE = Uint8Array.from([10, 255, 255]);
// Above what brokers take: 1 MiB.
const OVERSIZED_BYTES = 1_100_000;

/** F12: events that nobody can take lie among the others. */
export const poisonFaults: readonly Fault[] = [
  {
    id: 'F12',
    title: 'poison: undecodable, unknown version, refused by its handler, oversized',
    times: { smoke: 1, soak: 5 },
    async inject(world) {
      const poison = allKinds(OF_A_KIND[world.programme]);
      await new TopicCopies(world.brokers.direct).write([
        { topic: topics.clients.name, key: Buffer.from('no event'), value: Buffer.from('of ours'), headers: {} },
      ]);
      await publish(world, poison);
      await allParked(world, poison);
      const poisoned = [...new Set(poison.map(({ key }) => key))];
      return { what: `${poison.length} events of ${poisoned.length} aggregates`, poisoned };
    },
  },
];

function allKinds(each: number): Poison[] {
  const everyTopic = Object.values(topics) as readonly Topic<unknown>[];
  return Array.from({ length: each }, () => [
    ...everyTopic.map(({ name }) => aPoison(name, { payload: UNDECODABLE, reasons: /^UNDECODABLE$/ })),
    ...everyTopic.map(({ name }) =>
      aPoison(name, { schemaVersion: A_LATER_SCHEMA, reasons: /^UNKNOWN_SCHEMA_VERSION$/ }),
    ),
    aPoison(topics.clients.name, { payload: noHandlerTakes(), reasons: /^22P02$/ }),
  ]).flat();
}

/** Decodes, and then its client has an id that is none: no consumer can store it. */
function noHandlerTakes(): Uint8Array {
  const event = ClientEvent.fromPartial({ event: { $case: 'created', value: { client: { id: 'no UUID' } } } });
  return ClientEvent.encode(event).finish();
}

function aPoison(topic: string, changes: Partial<Poison> & Pick<Poison, 'reasons'>): Poison {
  return {
    topic,
    key: crypto.randomUUID(),
    eventId: crypto.randomUUID(),
    // Nobody's: the tenants of the load have their own events only.
    tenantId: crypto.randomUUID(),
    aggregateVersion: 1,
    occurredAt: Temporal.Now.instant(),
    payload: new Uint8Array(),
    schemaVersion: 1,
    ...changes,
  };
}

/** Through the services' own channel; one that is too large is refused, and holds up none of the others. */
async function publish(world: World, poison: readonly Poison[]): Promise<void> {
  const channel = await KafkaChannel.connect({
    brokers: world.brokers.direct.split(','),
    clientId: 'paradesk-faults',
    logger: createLogger({ service: 'faults', level: 'error' }),
    onCrash: () => undefined,
  });
  const oversized = aPoison(topics.clients.name, { payload: new Uint8Array(OVERSIZED_BYTES), reasons: /^$/ });
  try {
    const refused = channel.publish([oversized]).then(
      () => false,
      () => true,
    );
    await channel.publish(poison);
    if (!(await refused)) throw new Error(`a record of ${OVERSIZED_BYTES} bytes was taken`);
  } finally {
    await channel.close();
  }
}

/** Every consumer of its topic has parked it, as poison, for its reason. */
async function allParked(world: World, poison: readonly Poison[]): Promise<void> {
  const ids = poison.map(({ eventId }) => eventId);
  for (const { name, consumes } of services.filter((one) => one.consumes.length > 0)) {
    const heard = new Set(consumes.map((topic) => topic.name));
    const owed = poison.filter(({ topic }) => heard.has(topic));
    let parked: { event_id: string; kind: string; reason: string }[] = [];
    const look = async () => {
      parked = await world.postgres.query(
        name,
        'select event_id, kind, reason from messaging.parked_events where event_id = any ($1::uuid[])',
        [ids],
      );
      return parked.length >= owed.length;
    };
    await until(look, PARKED_WITHIN_MS, () => `${name} has parked ${parked.length} of ${owed.length} events`);
    for (const { eventId, reasons, topic } of owed) {
      const found = parked.find(({ event_id }) => event_id === eventId);
      if (found?.kind === 'poison' && reasons.test(found.reason)) continue;
      throw new Error(
        `${name} has parked an event of ${topic} for ${found?.kind} ${found?.reason}, not ${reasons.source}`,
      );
    }
  }
}
