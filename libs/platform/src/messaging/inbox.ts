import { setTimeout as sleep } from 'node:timers/promises';
import type { Topic } from '@paradesk/contracts';
import type { Temporal } from 'temporal-polyfill';
import type { Database, Tx } from '../database/database.js';
import { SCHEMA_VERSION, type EventRecord } from './event-channel.js';
import { isTransient, reasonOf, UnreadableEvent } from './handler-errors.js';
import { countConsumed, countDropped, countParked } from './messaging-metrics.js';
import { lockPosition, nextInLine, park, type ParkedKind, type Parking } from './parking.js';
import { inConsumerSpan } from './messaging-spans.js';

/** An event as a handler sees it. */
export interface ReceivedEvent<T> {
  /** UUID of the event. */
  readonly id: string;
  readonly tenantId: string;
  readonly aggregateId: string;
  /** The handler sees 1, 2, 3 ... of each aggregate, each once. */
  readonly aggregateVersion: number;
  readonly occurredAt: Temporal.Instant;
  readonly payload: T;
}

/** Takes effect in `tx` and nowhere else. */
export type EventHandler<T> = (tx: Tx, event: ReceivedEvent<T>) => Promise<void>;

type Outcome =
  | { readonly is: 'handled'; readonly successorWaits: boolean }
  | { readonly is: 'dropped' }
  | { readonly is: 'parked'; readonly kind: ParkedKind };

/** How a delivery differs from the first one. */
interface Delivery {
  /** Poison is tried again; otherwise an event that is parked as poison stays so when it comes again. */
  readonly redriven: boolean;
}

const ATTEMPTS = 3;
const RETRY_DELAY_MS = 50;
const FIRST: Delivery = { redriven: false };

/**
 * The receiving end of a service: whatever the channel delivers, late, twice or in any order, each event takes effect once, and
 * the events of an aggregate in the order of their versions.
 *
 * Effect, position and inbox row are one transaction. An old version is dropped; one that comes too early is parked until the
 * gap closes; one that its handler cannot take is parked as poison, and what follows in its aggregate waits behind it.
 */
export class Inbox {
  private readonly handlers = new Map<string, { topic: Topic<unknown>; handle: EventHandler<unknown> }>();

  /** @param consumer the service's name: its position is kept under it */
  constructor(
    private readonly database: Database,
    readonly consumer: string,
  ) {}

  /** Names the handler of a topic. */
  on<T>(topic: Topic<T>, handle: EventHandler<T>): void {
    this.handlers.set(topic.name, { topic: topic as Topic<unknown>, handle: handle as EventHandler<unknown> });
  }

  /**
   * Takes an event. When this resolves it has taken effect, now or before, or is parked.
   *
   * @throws what is likely to pass (a lost database, DomainError unavailable): the channel delivers the event again
   */
  async receive(record: EventRecord): Promise<void> {
    countConsumed(this.consumer, record.topic);
    const outcome = await this.take(record, FIRST);
    // A crash may have parted an event from its parked successor; its redelivery, dropped, brings them together.
    const successorMayWait = outcome.is === 'handled' ? outcome.successorWaits : outcome.is === 'dropped';
    if (successorMayWait) await this.takeParked(record.key);
  }

  /**
   * Takes the parked events of an aggregate whose turn has come, in order, until one is missing or refused.
   *
   * @param poison takes poison too: what refused it may be mended
   * @returns how many took effect
   */
  async takeParked(aggregateId: string, { poison }: { poison: boolean } = { poison: false }): Promise<number> {
    const kinds: ParkedKind[] = poison ? ['waiting', 'poison'] : ['waiting'];
    for (let handled = 0; ; handled++) {
      const next = await this.database.system((tx) => nextInLine(tx, this.consumer, aggregateId, kinds));
      if (!next || (await this.take(next, { redriven: poison })).is !== 'handled') return handled;
    }
  }

  private async take(record: EventRecord, delivery: Delivery): Promise<Outcome> {
    return inConsumerSpan(this.consumer, record, async (span) => {
      const outcome = await this.tryTo(record, delivery);
      span.setAttribute('paradesk.inbox.outcome', outcome.is);
      if (outcome.is === 'dropped') countDropped(this.consumer, record.topic);
      if (outcome.is === 'parked') countParked(this.consumer, record.topic, outcome.kind);
      return outcome;
    });
  }

  private async tryTo(record: EventRecord, delivery: Delivery): Promise<Outcome> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.database.transaction(record, (tx) => this.decide(tx, record, delivery));
      } catch (error) {
        if (isTransient(error)) throw error;
        if (attempt === ATTEMPTS || error instanceof UnreadableEvent) {
          return this.parkPoison(record, { kind: 'poison', reason: reasonOf(error), attempts: attempt });
        }
        await sleep(RETRY_DELAY_MS * attempt);
      }
    }
  }

  private async decide(tx: Tx, record: EventRecord, { redriven }: Delivery): Promise<Outcome> {
    const position = await lockPosition(tx, this.consumer, record);
    if (record.aggregateVersion <= position.version) return { is: 'dropped' };
    if (record.aggregateVersion > position.version + 1) {
      await park(tx, this.consumer, record, { kind: 'waiting', reason: 'GAP', attempts: 0 });
      return { is: 'parked', kind: 'waiting' };
    }
    if (position.poisoned && !redriven) return { is: 'dropped' };
    const { topic, handle } = this.handlerOf(record);
    await handle(tx, read(topic, record));
    return { is: 'handled', successorWaits: await this.moveOn(tx, record) };
  }

  /** In a transaction of its own: that of the handler is undone. */
  private async parkPoison(record: EventRecord, parking: Parking): Promise<Outcome> {
    return this.database.transaction(record, async (tx) => {
      // Meanwhile another process may have succeeded.
      const { version } = await lockPosition(tx, this.consumer, record);
      if (record.aggregateVersion <= version) return { is: 'dropped' };
      await park(tx, this.consumer, record, parking);
      return { is: 'parked', kind: parking.kind };
    });
  }

  /** @returns whether the event after this one is parked and may come now */
  private async moveOn(tx: Tx, { eventId, tenantId, key, aggregateVersion }: EventRecord): Promise<boolean> {
    const [moved] = await tx.query<{ successor_waits: boolean }[]>(
      `with position as (
         update messaging.consumer_positions set version = $5 where consumer = $1 and aggregate_id = $4
       ), unparked as (
         delete from messaging.parked_events where consumer = $1 and event_id = $2
       )
       insert into messaging.inbox (consumer, event_id, tenant_id, aggregate_id, aggregate_version)
       values ($1, $2, $3, $4, $5)
       returning exists (
         select from messaging.parked_events
         where consumer = $1 and aggregate_id = $4 and aggregate_version = $5 + 1 and kind = 'waiting' and discarded_at is null
       ) as successor_waits`,
      [this.consumer, eventId, tenantId, key, aggregateVersion],
    );
    return moved?.successor_waits ?? false;
  }

  private handlerOf({ topic }: EventRecord) {
    const handler = this.handlers.get(topic);
    if (!handler) throw new Error(`${this.consumer} has no handler for ${topic}`);
    return handler;
  }
}

function read(topic: Topic<unknown>, record: EventRecord): ReceivedEvent<unknown> {
  if (record.schemaVersion !== SCHEMA_VERSION) throw new UnreadableEvent('UNKNOWN_SCHEMA_VERSION');
  return {
    id: record.eventId,
    tenantId: record.tenantId,
    aggregateId: record.key,
    aggregateVersion: record.aggregateVersion,
    occurredAt: record.occurredAt,
    payload: decode(topic, record.payload),
  };
}

function decode(topic: Topic<unknown>, payload: Uint8Array): unknown {
  try {
    return topic.message.decode(payload);
  } catch {
    throw new UnreadableEvent('UNDECODABLE');
  }
}
