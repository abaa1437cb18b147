import { topics } from '@paradesk/contracts';
import { ClientEvent } from '@paradesk/contracts/paradesk/identity/events/v1/clients';
import { newId } from '@paradesk/kernel';
import { Database, Outbox } from '@paradesk/platform';
import kafkajs from 'kafkajs';
import { setTimeout as sleep } from 'node:timers/promises';
import { serveParent } from './child.js';
import { BARE_TOPIC, nowMs, startProducer, type EventsArguments } from './events-spine.js';

const RATE = 100;
const EVENTS = 600;
const AGGREGATES = 200;
const TENANTS = 4;

const given = JSON.parse(process.argv[2] ?? '{}') as EventsArguments;
const service = await startProducer(given);
const database = service.app.get(Database);
const outbox = service.app.get(Outbox);

const tenants = Array.from({ length: TENANTS }, () => newId(Date.now()));
const aggregates = Array.from({ length: AGGREGATES }, (_, index) => ({
  tenantId: tenants[index % TENANTS]!,
  id: newId(Date.now()),
}));
const event = ClientEvent.fromPartial({
  event: { $case: 'created', value: { client: { code: 'HARBOR', name: 'Harbor & Partners', version: 1 } } },
});
const bytes = Buffer.from(ClientEvent.encode(event).finish());

const bare = new kafkajs.Kafka({ brokers: given.brokers.split(','), logLevel: kafkajs.logLevel.NOTHING });
const producer = bare.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
await producer.connect();

/** A command: a row locked, its version raised, an event. @returns aggregate and version, and when it was committed */
async function command(): Promise<[key: string, atMs: number]> {
  const { tenantId, id } = aggregates[Math.floor(Math.random() * AGGREGATES)]!;
  const version = await database.transaction({ tenantId }, async (tx) => {
    const [row] = await tx.query<{ version: number }[]>(
      `insert into aggregates (tenant_id, id, version) values ($1, $2, 1)
       on conflict (tenant_id, id) do update set version = aggregates.version + 1 returning version`,
      [tenantId, id],
    );
    const aggregateVersion = row!.version;
    await outbox.add(tx, { topic: topics.clients, aggregateId: id, aggregateVersion, event });
    return aggregateVersion;
  });
  return [`${id} ${version}`, nowMs()];
}

/** The same bytes by kafkajs alone, from the moment that they are handed to it. */
async function send(): Promise<[key: string, atMs: number]> {
  const [key, atMs] = [newId(Date.now()), nowMs()];
  await producer.send({ topic: BARE_TOPIC, acks: -1, messages: [{ key, value: bytes }] });
  return [key, atMs];
}

/** Both sides at the same rate, a little irregular so that no beat of a timer is hit again and again. */
async function atRate(act: () => Promise<[string, number]>): Promise<Record<string, number>> {
  const acts: Promise<[string, number]>[] = [];
  const startedAt = nowMs();
  for (let due = 0; acts.length < EVENTS; due += (Math.random() * 2_000) / RATE) {
    const early = startedAt + due - nowMs();
    if (early > 0) await sleep(early);
    acts.push(act());
  }
  return Object.fromEntries(await Promise.all(acts));
}

serveParent({}, { ours: () => atRate(command), bare: () => atRate(send) }, async () => {
  await producer.disconnect();
  await service.stop();
});
