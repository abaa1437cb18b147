import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { Database } from '../database/database.js';
import { crashPoint } from '../run/crash-points.js';
import type { Logger } from '../telemetry/logger.js';
import type { EventChannel } from './event-channel.js';
import { reasonOf } from './handler-errors.js';
import { observeOutbox } from './messaging-metrics.js';
import { publishObserved } from './messaging-spans.js';
import { EVENT_COLUMNS, type EventRow, toRecord } from './parking.js';
import { Wakeup } from './wakeup.js';

/** What a relay works with. */
export interface RelayOptions {
  /** Name of the service whose outbox it is. */
  readonly service: string;
  /** For the gauges of the outbox only. */
  readonly database: Database;
  readonly channel: EventChannel;
  readonly logger: Pick<Logger, 'warn'>;
  /** A new connection of the run-time role, for this relay alone: holding it is what makes the relay the leader. */
  readonly connect: () => Promise<pg.Client>;
}

const BATCH = 200;
const POLL_MS = 1_000;
const MAX_BACKOFF_MS = 5_000;
const QUERY_TIMEOUT_MS = 10_000;
const DRAIN_MS = 5_000;
const TIDY_EVERY_MS = 600_000;
const TIDY_SLICE = 1_000;

/**
 * Publishes the outbox of a service: of several processes one at a time, in the order of positions, whatever is committed and
 * not marked. It has no cursor: one over positions would step over the events of a slow transaction.
 *
 * An event is marked after it is safe in the channel, so a crash repeats it. Two relays that both believe they lead (a lock
 * lost without notice) publish duplicates; the inbox puts that right.
 */
export class Relay {
  private readonly wakeup = new Wakeup();
  private running: Promise<void> | undefined;
  private stopping = false;
  private failures = 0;
  private stopObserving: () => void = () => undefined;
  private client: pg.Client | undefined;
  private tidiedAtMs = -Infinity;

  constructor(private readonly options: RelayOptions) {}

  /** Begins, once; problems are logged and tried again, at the latest after 5 s. */
  start(): void {
    if (this.running) return;
    this.stopObserving = observeOutbox(this.options.service, this.options.database);
    this.running = this.run();
  }

  /** Ends after the batch that is being published, at most 5 s later: what is not marked by then is published again. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.stopObserving();
    this.wakeup.wake();
    const drained = await Promise.race([
      this.running?.then(() => true) ?? true,
      sleep(DRAIN_MS, false, { ref: false }),
    ]);
    if (!drained && this.client) await hangUp(this.client);
  }

  private async run(): Promise<void> {
    while (!this.stopping) {
      try {
        await this.session();
      } catch (error) {
        this.failures += 1;
        this.options.logger.warn({ reason: reasonOf(error), failures: this.failures }, 'the relay is interrupted');
      }
      // What woke the session is no reason to begin the next one early; `stop` has set its flag before it wakes.
      this.wakeup.reset();
      if (!this.stopping) await this.wakeup.wait(backoffMs(this.failures));
    }
  }

  /** As long as one connection lasts: while it waits for the lock, and while it leads. */
  private async session(): Promise<void> {
    const client = await this.options.connect();
    this.client = client;
    let lost: Error | undefined;
    const lose = (error?: Error): void => {
      lost ??= error ?? new Error('the connection ended');
      this.wakeup.wake();
    };
    client.on('error', lose);
    client.on('end', lose);
    client.on('notification', () => this.wakeup.wake());
    try {
      while (!this.stopping && !lost && !(await lock(client))) await this.wakeup.wait(POLL_MS);
      await run(client, 'listen paradesk_outbox');
      // A mark that a crash of the database undoes is a duplicate more; to wait for the disk at each would hold up what comes next.
      await run(client, 'set synchronous_commit = off');
      let published: Positions = [];
      while (!this.stopping && !lost) published = await this.publishOrWait(client, published);
      if (lost) throw lost;
      await mark(client, published);
    } finally {
      this.client = undefined;
      client.off('end', lose);
      await hangUp(client);
    }
  }

  /** @returns positions of what was published now and is not marked yet */
  private async publishOrWait(client: pg.Client, published: Positions): Promise<Positions> {
    this.wakeup.reset();
    const batch = await nextBatch(client, published);
    if (published.length > 0) crashPoint('relay.after-mark');
    this.failures = 0;
    if (batch.length > 0) return this.publish(batch);
    if (!(await this.tidy(client))) await this.wakeup.wait(POLL_MS);
    return [];
  }

  private async publish(batch: readonly OutboxRow[]): Promise<Positions> {
    const records = batch.map(toRecord);
    crashPoint('relay.before-publish');
    await publishObserved(this.options.channel, records);
    crashPoint('relay.after-publish');
    return batch.map(({ position }) => position);
  }

  /** Deletes one slice of what is older than a week. An old event that comes again is still known by the consumer's position. */
  private async tidy(client: pg.Client): Promise<boolean> {
    if (performance.now() - this.tidiedAtMs < TIDY_EVERY_MS) return false;
    const [outbox, inbox] = [await run(client, TIDY_OUTBOX), await run(client, TIDY_INBOX)];
    const more = outbox.length === TIDY_SLICE || inbox.length === TIDY_SLICE;
    if (!more) this.tidiedAtMs = performance.now();
    return more;
  }
}

type OutboxRow = EventRow & { readonly position: string };
type Positions = readonly string[];

const NEXT = `select position, ${EVENT_COLUMNS} from messaging.outbox where published_at is null`;
const MARK = 'update messaging.outbox set published_at = now() where position = any ($1::bigint[])';

/**
 * Marks what was published and looks up what comes next, in one round trip; the lookup does not see the marks yet. It runs on the
 * connection that holds the lock: who has lost it unnoticed finds out here, before publishing.
 */
function nextBatch(client: pg.Client, published: Positions): Promise<OutboxRow[]> {
  const oldestFirst = `order by position limit ${BATCH}`;
  if (published.length === 0) return run(client, `${NEXT} ${oldestFirst}`, [], 'next');
  const marking = `with marked as (${MARK}) ${NEXT} and position <> all ($1::bigint[]) ${oldestFirst}`;
  return run(client, marking, [published], 'mark_and_next');
}

async function mark(client: pg.Client, published: Positions): Promise<void> {
  if (published.length === 0) return;
  await run(client, MARK, [published]);
  crashPoint('relay.after-mark');
}

const TIDY_OUTBOX = `
  delete from messaging.outbox where position in (
    select position from messaging.outbox where published_at < now() - interval '7 days' limit ${TIDY_SLICE}
  ) returning 1`;

const TIDY_INBOX = `
  delete from messaging.inbox where (consumer, event_id) in (
    select consumer, event_id from messaging.inbox where received_at < now() - interval '7 days' limit ${TIDY_SLICE}
  ) returning 1`;

// Tried, not waited for: a statement that waits for a lock holds back vacuum, and cannot be ended from here.
async function lock(client: pg.Client): Promise<boolean> {
  const [row] = await run<{ locked: boolean }>(
    client,
    `select pg_try_advisory_lock(hashtext('paradesk.relay')) as locked`,
  );
  return row?.locked ?? false;
}

/** @param name of what is said again and again: it is parsed once */
async function run<R extends object>(
  client: pg.Client,
  text: string,
  values: unknown[] = [],
  name?: string,
): Promise<R[]> {
  // A peer that fell silent would otherwise hold the relay for as long as TCP waits.
  const query = { text, values, ...(name && { name }), query_timeout: QUERY_TIMEOUT_MS };
  return (await client.query<R>(query)).rows;
}

async function hangUp(client: pg.Client): Promise<void> {
  await Promise.race([client.end().catch(() => undefined), sleep(1_000, undefined, { ref: false })]);
}

function backoffMs(failures: number): number {
  return Math.min(MAX_BACKOFF_MS, 100 * 2 ** Math.min(failures, 10)) * (0.5 + Math.random() / 2);
}
