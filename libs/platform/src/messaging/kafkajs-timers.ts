import { createRequire } from 'node:module';

/** The part of kafkajs 2.2.4's request queue, one for each connection, that the cure touches. */
export interface RequestQueue {
  readonly pending: readonly unknown[];
  /** Milliseconds since the epoch; -1 when the broker has not throttled this client. */
  readonly throttledUntil: number;
  scheduleCheckPendingRequests(): void;
}

/** kafkajs' own class; no public module of it offers this. */
export const requestQueueOfKafkajs = createRequire(import.meta.url)(
  'kafkajs/src/network/requestQueue/index.js',
) as new (options: object) => RequestQueue;

let cured = false;

/**
 * Ends the timer loop of kafkajs 2.2.4: every connection sets a timer of minus some milliseconds, which Node takes for 1 ms, for ever,
 * though nothing waits to be sent (`TimeoutNegativeWarning`; 4.8 % of a core when idle). Called again it changes nothing.
 */
export function cureIdleTimers(): void {
  if (cured) return;
  cured = true;
  const queue = requestQueueOfKafkajs.prototype as RequestQueue;
  const schedule = queue.scheduleCheckPendingRequests;
  queue.scheduleCheckPendingRequests = function (this: RequestQueue) {
    if (this.pending.length > 0 || this.throttledUntil > Date.now()) schedule.call(this);
  };
}
