import { topics } from '@paradesk/contracts';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault, World } from './fault.js';
import { replicated } from './processes-of.js';
import { TopicCopies } from './topic-copies.js';
import { until } from './until.js';

// Billing is the service that both publishes and runs twice.
const SERVICE = 'billing';
const TOPIC = topics.invoices.name;
const ATTEMPTS = 3;
const WAIT_MS = 15_000;
// Longer than it takes the other one to lead and to publish, shorter than kafkajs waits for an answer.
const HELD_BACK_MS = 8_000;
const STUCK_MS = 1_500;

/**
 * F14: two relays that believe they lead. The leader has read a batch, and its records are on their way, held back; meanwhile the database
 * gives its lock away without its notice, and the other process publishes the same events and later ones. Then the first records arrive.
 */
export const relayFaults: readonly Fault[] = [
  {
    id: 'F14',
    title: 'two relays believe they lead',
    times: { smoke: 1, soak: 20 },
    async inject(world) {
      for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
        const twice = await publishTwice(world);
        if (twice > 0) return { what: `${twice} events of ${SERVICE} published twice` };
      }
      throw new Error(`in ${ATTEMPTS} attempts the two relays of ${SERVICE} published nothing twice`);
    },
  },
];

/** @returns how many events went out twice */
async function publishTwice(world: World): Promise<number> {
  const copies = new TopicCopies(world.brokers.direct);
  const { first, second } = replicated(world, SERVICE);
  const [toPostgres, toKafka] = [
    world.proxies.link(`${first.name}>postgres`),
    world.proxies.link(`${first.name}>kafka`),
  ];
  await second.stop();
  const leader = await until(
    () => leaderOf(world),
    WAIT_MS,
    () => `no relay of ${SERVICE} leads`,
  );
  await second.start();
  const start = await copies.end(TOPIC);
  try {
    toKafka.delay(HELD_BACK_MS, 0);
    const stuck = await until(
      () => waitingEvents(world),
      WAIT_MS,
      () => `${SERVICE} publishes nothing`,
    );
    toPostgres.blackhole();
    await world.postgres.query(SERVICE, 'select pg_terminate_backend($1)', [leader]);
    const isPublished = async () => (await unpublishedOf(world, stuck)) === 0;
    await until(isPublished, WAIT_MS, () => `the other relay of ${SERVICE} does not take over`);
  } finally {
    toKafka.heal();
    await sleep(STUCK_MS);
    toPostgres.heal();
  }
  const ids = (await copies.read(TOPIC, start)).map(({ headers }) => String(headers.eventId));
  return ids.length - new Set(ids).size;
}

/** The backend of the connection that holds the relay's lock. */
async function leaderOf(world: World): Promise<number | undefined> {
  const [row] = await world.postgres.query<{ pid: number }>(
    SERVICE,
    `select l.pid from pg_locks l join pg_database d on d.oid = l.database
     where d.datname = current_database() and l.locktype = 'advisory' and l.granted and l.objsubid = 1
       and l.objid::bigint = hashtext('paradesk.relay')::bigint & 4294967295`,
  );
  return row?.pid;
}

/** Events that have waited longer than a relay needs: their batch has been read, and is on its way. */
async function waitingEvents(world: World): Promise<string[] | undefined> {
  const rows = await world.postgres.query<{ event_id: string }>(
    SERVICE,
    `select event_id from messaging.outbox where published_at is null and occurred_at < now() - $1 * interval '1 ms'`,
    [STUCK_MS],
  );
  return rows.length > 0 ? rows.map(({ event_id }) => event_id) : undefined;
}

async function unpublishedOf(world: World, ids: readonly string[]): Promise<number> {
  const [row] = await world.postgres.query<{ left: number }>(
    SERVICE,
    'select count(*)::int as left from messaging.outbox where published_at is null and event_id = any ($1::uuid[])',
    [ids],
  );
  return row?.left ?? 0;
}
