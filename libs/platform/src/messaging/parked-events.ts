import { DomainError } from '@paradesk/kernel';
import { Temporal } from 'temporal-polyfill';
import type { EntityManager } from 'typeorm';
import { currentAct } from '../audit/act.js';
import { addRecord } from '../audit/audit-records.js';
import type { Database } from '../database/database.js';
import { actFor } from '../database/idempotency.js';
import type { Inbox } from './inbox.js';
import { lockPosition, type ParkedKind } from './parking.js';

/** An event that was put aside, without its payload. */
export interface ParkedEvent {
  readonly consumer: string;
  readonly eventId: string;
  readonly tenantId: string;
  readonly topic: string;
  readonly aggregateId: string;
  readonly aggregateVersion: number;
  readonly kind: ParkedKind;
  /** `GAP`, `UNDECODABLE`, `UNKNOWN_SCHEMA_VERSION`, the reason of a refusal, a SQLSTATE or the class of an error. */
  readonly reason: string;
  /** How often its handler has tried. */
  readonly attempts: number;
  readonly parkedAt: Temporal.Instant;
}

/** What a redrive came to. */
export interface Redrive {
  /** Events that took effect. */
  readonly handled: number;
  /** Events of the aggregate that are still parked. */
  readonly parked: number;
}

/** What is parked in a service, for its operators. */
export class ParkedEvents {
  constructor(
    private readonly database: Database,
    private readonly inbox: Inbox,
  ) {}

  /** What is parked and not discarded, the longest parked first; of all consumers when none is named. */
  async list({ consumer, limit }: { consumer?: string; limit: number }): Promise<ParkedEvent[]> {
    const rows = await this.database.system((tx) =>
      tx.query<ParkedRow[]>(
        `select consumer, event_id, tenant_id, topic, aggregate_id, aggregate_version, kind, reason, attempts, parked_at
         from messaging.parked_events
         where discarded_at is null and ($1::text is null or consumer = $1)
         order by parked_at, aggregate_id, aggregate_version limit $2`,
        [consumer ?? null, limit],
      ),
    );
    return rows.map(toParkedEvent);
  }

  /**
   * Tries the parked events of an aggregate again, poison too, in the order of their versions, until one is missing or refused.
   *
   * @throws DomainError CONSUMER_NOT_FOUND when the consumer is not this service; what is likely to pass, as `Inbox.receive` does
   */
  async redrive(consumer: string, aggregateId: string): Promise<Redrive> {
    this.requireOwn(consumer);
    const handled = await this.inbox.takeParked(aggregateId, { poison: true });
    const [left] = await this.database.system((tx) =>
      tx.query<{ parked: number }[]>(
        `select count(*)::int as parked from messaging.parked_events
         where consumer = $1 and aggregate_id = $2 and discarded_at is null`,
        [consumer, aggregateId],
      ),
    );
    return { handled, parked: left?.parked ?? 0 };
  }

  /**
   * Gives up an event: it never takes effect here, and those behind it go on. Its row is kept with who did so, and why.
   *
   * @param reason for the audit trail, in the operator's words
   * @param who the operator
   * @throws DomainError CONSUMER_NOT_FOUND, PARKED_EVENT_NOT_FOUND; refused NOT_NEXT_IN_LINE while an earlier version is missing or
   *   parked, because moving past it would lose that one too
   */
  async discard(consumer: string, aggregateId: string, eventId: string, reason: string, who: string): Promise<void> {
    this.requireOwn(consumer);
    await this.database.system(async (tx) => {
      const [parked] = await tx.query<{ tenant_id: string }[]>(
        `select tenant_id from messaging.parked_events
         where consumer = $1 and aggregate_id = $2 and event_id = $3 and discarded_at is null`,
        [consumer, aggregateId, eventId],
      );
      if (!parked) throw DomainError.notFound('parked event', eventId);
      const { version } = await lockPosition(tx, consumer, { key: aggregateId, tenantId: parked.tenant_id, eventId });
      await moveToDiscarded(tx, { consumer, eventId, version: version + 1, reason, who });
      await tx.query('update messaging.consumer_positions set version = $3 where consumer = $1 and aggregate_id = $2', [
        consumer,
        aggregateId,
        version + 1,
      ]);
      // Last, since from here on the transaction is the event's tenant's.
      await actFor(tx, parked.tenant_id);
      await addRecord(tx, parked.tenant_id, currentAct() ?? { action: 'discard' }, {
        outcome: 'done',
        table: 'messaging.parked_events',
        row: eventId,
        changes: { discarded_reason: [null, reason], discarded_by: [null, who] },
      });
    });
    await this.inbox.takeParked(aggregateId);
  }

  private requireOwn(consumer: string): void {
    if (consumer !== this.inbox.consumer) throw DomainError.notFound('consumer', consumer);
  }
}

interface Discarding {
  readonly consumer: string;
  readonly eventId: string;
  readonly version: number;
  readonly reason: string;
  readonly who: string;
}

async function moveToDiscarded(
  tx: EntityManager,
  { consumer, eventId, version, reason, who }: Discarding,
): Promise<void> {
  const [, discarded] = await tx.query<[unknown[], number]>(
    `update messaging.parked_events set discarded_at = now(), discarded_reason = $4, discarded_by = $5
     where consumer = $1 and event_id = $2 and aggregate_version = $3 and discarded_at is null`,
    [consumer, eventId, version, reason, who],
  );
  if (discarded === 0) {
    throw DomainError.refused(
      'NOT_NEXT_IN_LINE',
      'an earlier event of the aggregate is missing or parked: see to that one first',
    );
  }
}

interface ParkedRow {
  readonly consumer: string;
  readonly event_id: string;
  readonly tenant_id: string;
  readonly topic: string;
  readonly aggregate_id: string;
  readonly aggregate_version: number;
  readonly kind: ParkedKind;
  readonly reason: string;
  readonly attempts: number;
  readonly parked_at: Date;
}

function toParkedEvent(row: ParkedRow): ParkedEvent {
  return {
    consumer: row.consumer,
    eventId: row.event_id,
    tenantId: row.tenant_id,
    topic: row.topic,
    aggregateId: row.aggregate_id,
    aggregateVersion: row.aggregate_version,
    kind: row.kind,
    reason: row.reason,
    attempts: row.attempts,
    parkedAt: Temporal.Instant.fromEpochMilliseconds(row.parked_at.getTime()),
  };
}
