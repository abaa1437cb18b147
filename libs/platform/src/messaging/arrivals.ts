import { context, type Context } from '@opentelemetry/api';
import type { EventRecord } from './event-channel.js';

/** An event that waits to be taken. */
export interface Arrival {
  readonly record: EventRecord;
  /** The trace that its handler continues. */
  readonly context: Context;
}

interface Pending<T> extends Arrival {
  resolve(outcome: T): void;
  reject(error: unknown): void;
}

// As many transactions at once; each holds a connection to the service's database.
const LANES = 4;
const MOST_TOGETHER = 50;

/**
 * Puts events of one tenant that come at the same time together: a transaction for many costs little more than one for a single
 * event. One that comes alone is taken at once. Tenants are never put together, so that a transaction sees the rows of one.
 */
export class Arrivals<T> {
  private pending: Pending<T>[] = [];
  private lanes = 0;
  private waking = false;

  /**
   * @param take takes the first of these, or more of them, in order: an outcome each. The rest is given to it again. It never rejects
   */
  constructor(private readonly take: (arrivals: readonly Arrival[]) => Promise<readonly PromiseSettledResult<T>[]>) {}

  /** Waits for the event's turn. @throws what its outcome was rejected with */
  add(record: EventRecord): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.pending.push({ record, context: context.active(), resolve, reject });
    this.wake();
    return promise;
  }

  // Later, so that what comes in one go is seen as such.
  private wake(): void {
    if (this.waking) return;
    this.waking = true;
    setImmediate(() => {
      this.waking = false;
      while (this.pending.length > 0 && this.lanes < LANES) void this.run();
    });
  }

  private async run(): Promise<void> {
    this.lanes += 1;
    const together = this.next();
    const outcomes = await this.take(together);
    this.pending.unshift(...together.slice(outcomes.length));
    for (const [index, outcome] of outcomes.entries()) {
      if (outcome.status === 'fulfilled') together[index]?.resolve(outcome.value);
      else together[index]?.reject(outcome.reason);
    }
    this.lanes -= 1;
    if (this.pending.length > 0) this.wake();
  }

  /** The longest waiting event, and others of its tenant. */
  private next(): Pending<T>[] {
    const tenantId = this.pending[0]?.record.tenantId;
    const together = this.pending.filter(({ record }) => record.tenantId === tenantId).slice(0, MOST_TOGETHER);
    const taken = new Set(together);
    this.pending = this.pending.filter((one) => !taken.has(one));
    return together;
  }
}
