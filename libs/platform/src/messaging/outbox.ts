import { context, propagation } from '@opentelemetry/api';
import type { Topic } from '@paradesk/contracts';
import { DomainError, newId } from '@paradesk/kernel';
import type { Clock } from '../clock.js';
import type { Tx } from '../database/database.js';
import { prepared } from '../database/prepared.js';
import { SCHEMA_VERSION } from './event-channel.js';

/** What happened to an aggregate, to be told to the other services. */
export interface OutgoingEvent<T> {
  readonly topic: Topic<T>;
  /** UUID of the aggregate: events of one aggregate are received in order. */
  readonly aggregateId: string;
  /** The version that the aggregate got by this change: 1, 2, 3 ... */
  readonly aggregateVersion: number;
  readonly event: T;
}

/** Most bytes of one event. Kafka takes records up to 1 MiB, and one that it refuses would hold up all others for ever. */
export const MAX_EVENT_BYTES = 1_000_000;

/** The events of a service, written with the change that they tell of: both are committed, or neither. */
export class Outbox {
  constructor(private readonly clock: Clock) {}

  /**
   * Tells the other services, once `tx` is committed. The aggregate's row must be locked and its version raised before, so
   * that its events get their positions in the order of its versions.
   *
   * @throws Error outside a transaction
   * @throws DomainError refused EVENT_TOO_LARGE when the event is larger than `MAX_EVENT_BYTES`: its change is not made either
   * @throws the database's unique violation when the aggregate has an event of this version: its version was not raised
   */
  async add<T>(tx: Tx, event: OutgoingEvent<T>): Promise<void> {
    await this.addAll(tx, [event]);
  }

  /** As `add`, of many aggregates by one statement: each event is of another aggregate. */
  async addAll<T>(tx: Tx, events: readonly OutgoingEvent<T>[]): Promise<void> {
    if (!tx.queryRunner?.isTransactionActive) throw new Error('an event is added in the transaction of its change');
    if (events.length === 0) return;
    const now = this.clock.now();
    // The relay is woken at commit, and not at all after a rollback: that is how NOTIFY works.
    await prepared(
      tx,
      'add_events',
      `with added as (
         insert into messaging.outbox
           (event_id, tenant_id, topic, aggregate_id, aggregate_version, occurred_at, payload, traceparent, schema_version)
         select event_id, $1, topic, aggregate_id, aggregate_version, $2, payload, $3, ${SCHEMA_VERSION}
         from unnest($4::uuid[], $5::text[], $6::uuid[], $7::integer[], $8::bytea[])
           e (event_id, topic, aggregate_id, aggregate_version, payload)
       )
       select pg_notify('paradesk_outbox', '')`,
      [
        tx.tenantId,
        now.round('millisecond').toString(),
        activeTraceparent(),
        events.map(() => newId(now.epochMilliseconds)),
        events.map(({ topic }) => topic.name),
        events.map(({ aggregateId }) => aggregateId),
        events.map(({ aggregateVersion }) => aggregateVersion),
        events.map(payloadOf),
      ],
    );
  }
}

function payloadOf<T>({ topic, event }: OutgoingEvent<T>): Buffer {
  const payload = topic.message.encode(event).finish();
  if (payload.byteLength <= MAX_EVENT_BYTES) return Buffer.from(payload);
  throw DomainError.refused(
    'EVENT_TOO_LARGE',
    `an event of ${topic.name} would have ${payload.byteLength} bytes, more than the ${MAX_EVENT_BYTES} that are carried`,
  );
}

function activeTraceparent(): string | null {
  const carrier: { traceparent?: string } = {};
  propagation.inject(context.active(), carrier);
  return carrier.traceparent ?? null;
}
