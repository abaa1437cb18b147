import { Temporal } from 'temporal-polyfill';
import type { EntityManager } from 'typeorm';
import { prepared } from '../database/prepared.js';
import type { EventRecord } from './event-channel.js';

/** `waiting` for an earlier event of its aggregate, or `poison`: its handler cannot take it. */
export type ParkedKind = 'waiting' | 'poison';

/** Why an event is put aside. */
export interface Parking {
  readonly kind: ParkedKind;
  /** A word for programs and operators; never the text of an error, which may be privileged. */
  readonly reason: string;
  /** How often the handler tried now. */
  readonly attempts: number;
}

/** A row of messaging.parked_events, or of the outbox, as far as it is an event. */
export interface EventRow {
  readonly topic: string;
  readonly aggregate_id: string;
  readonly aggregate_version: number;
  readonly event_id: string;
  readonly tenant_id: string;
  readonly occurred_at: Date;
  readonly payload: Buffer;
  readonly traceparent: string | null;
  readonly schema_version: number;
}

/** Columns of an `EventRow`. */
export const EVENT_COLUMNS =
  'topic, aggregate_id, aggregate_version, event_id, tenant_id, occurred_at, payload, traceparent, schema_version';

/** The event that a row holds. */
export function toRecord(row: EventRow): EventRecord {
  return {
    topic: row.topic,
    key: row.aggregate_id,
    eventId: row.event_id,
    tenantId: row.tenant_id,
    aggregateVersion: row.aggregate_version,
    occurredAt: Temporal.Instant.fromEpochMilliseconds(row.occurred_at.getTime()),
    payload: row.payload,
    ...(row.traceparent !== null && { traceparent: row.traceparent }),
    schemaVersion: row.schema_version,
  };
}

/** Puts an event aside; attempts add up, and poison does not become waiting again. */
export async function park(tx: EntityManager, consumer: string, record: EventRecord, parking: Parking): Promise<void> {
  await tx.query(
    `insert into messaging.parked_events as parked (consumer, ${EVENT_COLUMNS}, kind, reason, attempts)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
     on conflict (consumer, event_id) do update
       set kind = excluded.kind, reason = excluded.reason, attempts = parked.attempts + excluded.attempts
       where excluded.kind = 'poison'`,
    [
      consumer,
      record.topic,
      record.key,
      record.aggregateVersion,
      record.eventId,
      record.tenantId,
      record.occurredAt.toString(),
      Buffer.from(record.payload),
      record.traceparent ?? null,
      record.schemaVersion,
      parking.kind,
      parking.reason,
      parking.attempts,
    ],
  );
}

/** The parked event whose turn it is: one version after the consumer's position. */
export async function nextInLine(
  tx: EntityManager,
  consumer: string,
  aggregateId: string,
  kinds: readonly ParkedKind[],
): Promise<EventRecord | undefined> {
  const [row] = await tx.query<EventRow[]>(
    `select ${EVENT_COLUMNS} from messaging.parked_events
     where consumer = $1 and aggregate_id = $2 and kind = any ($3) and discarded_at is null and aggregate_version = 1 + coalesce(
       (select version from messaging.consumer_positions where consumer = $1 and aggregate_id = $2), 0)`,
    [consumer, aggregateId, kinds],
  );
  return row && toRecord(row);
}

/** Where a consumer stands with an aggregate. */
export interface Position {
  /** The last version that it has taken, 0 for none. */
  readonly version: number;
  /** Whether the event asked about is parked as poison. */
  readonly poisoned: boolean;
}

/** Looks up and locks a consumer's position: events of one aggregate take turns, in all processes. */
export async function lockPosition(
  tx: EntityManager,
  consumer: string,
  record: Pick<EventRecord, 'key' | 'tenantId' | 'eventId'>,
): Promise<Position> {
  const position = await lockPositions(tx, consumer, [record]);
  return { version: position.versionOf(record.key), poisoned: position.isPoisoned(record.eventId) };
}

// Of the column: an event of any version is behind it.
const LAST_VERSION = 2 ** 31 - 1;

/** Where a consumer stands with some aggregates. */
export interface Positions {
  versionOf(aggregateId: string): number;
  isPoisoned(eventId: string): boolean;
}

/**
 * Locks the positions of several events of one tenant: always in the same order, so that nobody waits in a circle. An aggregate is of the
 * tenant whose event came first: what another tenant's envelope says of it is as good as passed, or it would hold up the owner's next event.
 */
export async function lockPositions(
  tx: EntityManager,
  consumer: string,
  records: readonly Pick<EventRecord, 'key' | 'tenantId' | 'eventId'>[],
): Promise<Positions> {
  const keys = [...new Set(records.map(({ key }) => key))].sort();
  const eventIds = records.map(({ eventId }) => eventId);
  const lock = (): Promise<LockedPosition[]> =>
    prepared(
      tx,
      'lock_positions',
      `select aggregate_id, case when tenant_id = $4 then version else ${LAST_VERSION} end as version, array(
         select event_id from messaging.parked_events where consumer = $1 and event_id = any ($3::uuid[]) and kind = 'poison'
       ) as poisoned
       from messaging.consumer_positions where consumer = $1 and aggregate_id = any ($2::uuid[])
       order by aggregate_id for no key update`,
      [consumer, keys, eventIds, records[0]?.tenantId],
    );
  let known = await lock();
  if (known.length < keys.length) {
    await tx.query(
      `insert into messaging.consumer_positions (consumer, aggregate_id, tenant_id, version)
       select $1, key, $3, 0 from unnest($2::uuid[]) key order by key on conflict do nothing`,
      [consumer, keys, records[0]?.tenantId],
    );
    known = await lock();
  }
  if (known.length < keys.length) throw new Error('the position of a consumer vanished');
  const versions = new Map(known.map(({ aggregate_id, version }) => [aggregate_id, version]));
  const poisoned = new Set(known.flatMap((position) => position.poisoned));
  return { versionOf: (key) => versions.get(key) ?? 0, isPoisoned: (eventId) => poisoned.has(eventId) };
}

interface LockedPosition {
  readonly aggregate_id: string;
  readonly version: number;
  readonly poisoned: readonly string[];
}
