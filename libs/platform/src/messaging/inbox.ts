import { setTimeout as sleep } from 'node:timers/promises';
import { context } from '@opentelemetry/api';
import type { Topic } from '@paradesk/contracts';
import type { Temporal } from 'temporal-polyfill';
import { acting, currentAct, renameAct } from '../audit/act.js';
import type { Database, Tx } from '../database/database.js';
import { prepared } from '../database/prepared.js';
import { crashPoint } from '../run/crash-points.js';
import { Arrivals, type Arrival } from './arrivals.js';
import { SCHEMA_VERSION, type EventRecord } from './event-channel.js';
import { isDatabaseAway, isTransient, reasonOf, UnreadableEvent } from './handler-errors.js';
import { countConsumed, type Processed } from './messaging-metrics.js';
import {
  lockPosition,
  lockPositions,
  nextInLine,
  park,
  type ParkedKind,
  type Parking,
  type Position,
} from './parking.js';
import { processObserved } from './messaging-spans.js';

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
  | { readonly is: 'parked'; readonly kind: ParkedKind; readonly reason: string };

/** How a delivery differs from the first one. */
interface Delivery {
  /** Poison is tried again; otherwise an event that is parked as poison stays so when it comes again. */
  readonly redriven: boolean;
}

const ATTEMPTS = 3;
const RETRY_DELAY_MS = 50;
// So that a member of a group with slow handlers gives its signs of life in time.
const TOGETHER_MS = 250;
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
  private readonly arrivals = new Arrivals((arrivals) => this.tryTogether(arrivals));

  /**
   * @param consumer the service's name: its position is kept under it
   * @param system what the events come from, for telemetry: `system` of the channel
   */
  constructor(
    private readonly database: Database,
    readonly consumer: string,
    readonly system = 'kafka',
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
    countConsumed(this, record.topic);
    const outcome = await processObserved(this, record, () => this.arrivals.add(record), processedOf);
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
      if (!next || (await this.takeAgain(next, { redriven: poison })).is !== 'handled') return handled;
    }
  }

  private async takeAgain(record: EventRecord, delivery: Delivery): Promise<Outcome> {
    return processObserved(
      this,
      record,
      () => this.tryTo({ record, context: context.active() }, delivery),
      processedOf,
    );
  }

  /** @returns an outcome for the first of the events, or for more of them: slow ones leave the others for another transaction */
  private async tryTogether(arrivals: readonly Arrival[]): Promise<PromiseSettledResult<Outcome>[]> {
    const [first] = arrivals;
    if (!first) return [];
    if (arrivals.length === 1) return Promise.allSettled([this.tryTo(first, FIRST)]);
    try {
      const outcomes = await this.transaction(first.record, (tx) => this.decide(tx, arrivals, FIRST));
      crashPoint('inbox.after-commit');
      return outcomes.map((value) => ({ status: 'fulfilled', value }));
    } catch (error) {
      if (isDatabaseAway(error)) return arrivals.map(() => ({ status: 'rejected', reason: error }));
      return this.tryOneByOne(arrivals);
    }
  }

  /** One of them fails. Which one shows when each has a transaction of its own, and the others take effect. */
  private async tryOneByOne(arrivals: readonly Arrival[]): Promise<PromiseSettledResult<Outcome>[]> {
    const settled: PromiseSettledResult<Outcome>[] = [];
    for (const arrival of arrivals) {
      const [one] = await Promise.allSettled([this.tryTo(arrival, FIRST)]);
      settled.push(one);
      if (one.status === 'rejected') break; // the rest is given again, without this one
    }
    return settled;
  }

  /** In the name of the event; who redrives one answers for what it changes. */
  private transaction<T>(record: EventRecord, work: (tx: Tx) => Promise<T>): Promise<T> {
    const act = { action: actionOf(record), caller: currentAct()?.caller };
    return acting(act, () => this.database.transaction(record, work));
  }

  private async tryTo(arrival: Arrival, delivery: Delivery): Promise<Outcome> {
    const { record } = arrival;
    for (let attempt = 1; ; attempt++) {
      try {
        const [outcome] = await this.transaction(record, (tx) => this.decide(tx, [arrival], delivery));
        crashPoint('inbox.after-commit');
        return outcome!;
      } catch (error) {
        if (isTransient(error)) throw error;
        if (attempt === ATTEMPTS || error instanceof UnreadableEvent) {
          return this.parkPoison(record, { kind: 'poison', reason: reasonOf(error), attempts: attempt });
        }
        await sleep(RETRY_DELAY_MS * attempt);
      }
    }
  }

  /** Takes events of one tenant in order, the first in any case and others as long as that is quick. */
  private async decide(tx: Tx, arrivals: readonly Arrival[], delivery: Delivery): Promise<Outcome[]> {
    const positions = await lockPositions(
      tx,
      this.consumer,
      arrivals.map(({ record }) => record),
    );
    const reached = new Map<string, number>();
    const startedAtMs = performance.now();
    const decided: Outcome[] = [];
    const handled: EventRecord[] = [];
    for (const arrival of arrivals) {
      if (decided.length > 0 && performance.now() - startedAtMs > TOGETHER_MS) break;
      const { key, aggregateVersion, eventId } = arrival.record;
      const position = {
        version: reached.get(key) ?? positions.versionOf(key),
        poisoned: positions.isPoisoned(eventId) && !delivery.redriven,
      };
      const outcome = await this.decideOne(tx, arrival, position);
      decided.push(outcome);
      if (outcome.is !== 'handled') continue;
      reached.set(key, aggregateVersion);
      handled.push(arrival.record);
    }
    if (handled.length === 0) return decided;
    const followed = await this.moveOn(tx, handled);
    crashPoint('inbox.before-commit');
    return decided.map((outcome, index) => {
      const { eventId } = arrivals[index]!.record;
      return outcome.is === 'handled' ? { is: 'handled', successorWaits: followed.has(eventId) } : outcome;
    });
  }

  private async decideOne(tx: Tx, { record, context: cause }: Arrival, position: Position): Promise<Outcome> {
    if (record.aggregateVersion <= position.version) return { is: 'dropped' };
    if (record.aggregateVersion > position.version + 1) {
      const gap: Parking = { kind: 'waiting', reason: 'GAP', attempts: 0 };
      await park(tx, this.consumer, record, gap);
      return { is: 'parked', ...gap };
    }
    if (position.poisoned) return { is: 'dropped' };
    const { topic, handle } = this.handlerOf(record);
    crashPoint('inbox.before-effect');
    await renameAct(tx, actionOf(record));
    await context.with(cause, () => handle(tx, read(topic, record)));
    return { is: 'handled', successorWaits: false };
  }

  /** In a transaction of its own: that of the handler is undone. */
  private async parkPoison(record: EventRecord, parking: Parking): Promise<Outcome> {
    return this.database.transaction(record, async (tx) => {
      // Meanwhile another process may have succeeded.
      const { version } = await lockPosition(tx, this.consumer, record);
      if (record.aggregateVersion <= version) return { is: 'dropped' };
      await park(tx, this.consumer, record, parking);
      return { is: 'parked', ...parking };
    });
  }

  /** @returns which of the events have a successor that is parked and may come now */
  private async moveOn(tx: Tx, handled: readonly EventRecord[]): Promise<Set<string>> {
    const moved = await prepared<{ event_id: string; successor_waits: boolean }>(
      tx,
      'move_on',
      `with handled as (
         select * from unnest($2::uuid[], $3::uuid[], $4::int[]) as handled (event_id, aggregate_id, version)
       ), position as (
         update messaging.consumer_positions position set version = reached.version
         from (select aggregate_id, max(version) as version from handled group by 1) reached
         where consumer = $1 and position.aggregate_id = reached.aggregate_id
       ), unparked as (
         delete from messaging.parked_events where consumer = $1 and event_id = any ($2::uuid[])
       )
       insert into messaging.inbox (consumer, event_id, tenant_id, aggregate_id, aggregate_version)
       select $1, event_id, $5, aggregate_id, version from handled
       returning event_id, exists (
         select from messaging.parked_events parked
         where parked.consumer = $1 and parked.aggregate_id = inbox.aggregate_id
           and parked.aggregate_version = inbox.aggregate_version + 1 and kind = 'waiting' and discarded_at is null
       ) as successor_waits`,
      [
        this.consumer,
        handled.map(({ eventId }) => eventId),
        handled.map(({ key }) => key),
        handled.map(({ aggregateVersion }) => aggregateVersion),
        tx.tenantId,
      ],
    );
    return new Set(moved.filter((row) => row.successor_waits).map((row) => row.event_id));
  }

  private handlerOf({ topic }: EventRecord) {
    const handler = this.handlers.get(topic);
    if (!handler) throw new Error(`${this.consumer} has no handler for ${topic}`);
    return handler;
  }
}

function actionOf({ topic }: EventRecord): string {
  return `event ${topic}`;
}

/** An event that waits for another is no error yet; poison is one. */
function processedOf(outcome: Outcome): Processed {
  if (outcome.is !== 'parked') return { outcome: outcome.is };
  const { kind, reason } = outcome;
  return { outcome: 'parked', kind, ...(kind === 'poison' && { errorType: reason }) };
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
