import { context, propagation } from '@opentelemetry/api';
import type { Topic } from '@paradesk/contracts';
import { DomainError, newId } from '@paradesk/kernel';
import type { Clock } from '../clock.js';
import type { Tx } from '../database/database.js';
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
  async add<T>(tx: Tx, { topic, aggregateId, aggregateVersion, event }: OutgoingEvent<T>): Promise<void> {
    if (!tx.queryRunner?.isTransactionActive) throw new Error('an event is added in the transaction of its change');
    const payload = topic.message.encode(event).finish();
    if (payload.byteLength > MAX_EVENT_BYTES) {
      throw DomainError.refused(
        'EVENT_TOO_LARGE',
        `an event of ${topic.name} would have ${payload.byteLength} bytes, more than the ${MAX_EVENT_BYTES} that are carried`,
      );
    }
    const now = this.clock.now();
    // The relay is woken at commit, and not at all after a rollback: that is how NOTIFY works.
    await tx.query(
      `with added as (
         insert into messaging.outbox
           (event_id, tenant_id, topic, aggregate_id, aggregate_version, occurred_at, payload, traceparent, schema_version)
         values ($1, $2, $3, $4, $5, $6, $7, $8, ${SCHEMA_VERSION})
       )
       select pg_notify('paradesk_outbox', '')`,
      [
        newId(now.epochMilliseconds),
        tx.tenantId,
        topic.name,
        aggregateId,
        aggregateVersion,
        now.round('millisecond').toString(),
        Buffer.from(payload),
        activeTraceparent(),
      ],
    );
  }
}

function activeTraceparent(): string | null {
  const carrier: { traceparent?: string } = {};
  propagation.inject(context.active(), carrier);
  return carrier.traceparent ?? null;
}
