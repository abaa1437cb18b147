import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { cureIdleTimers, requestQueueOfKafkajs, type RequestQueue } from './kafkajs-timers.js';

interface QueueInside extends RequestQueue {
  pending: unknown[];
  throttledUntil: number;
  throttleCheckTimeoutId: NodeJS.Timeout | null;
  checkPendingRequests(): void;
  destroy(): void;
}

// Fails when kafkajs changes what the cure relies on; then see whether it is needed any more.
describe('the cure of the timer loop in kafkajs', () => {
  let queue: QueueInside;

  beforeAll(() => {
    cureIdleTimers();
    cureIdleTimers();
  });

  afterEach(() => queue.destroy());

  const aQueue = (options: object = {}): QueueInside =>
    new requestQueueOfKafkajs({ logger: { debug: () => undefined }, ...options }) as QueueInside;

  it('leaves no timer where nothing waits to be sent', () => {
    queue = aQueue();
    queue.checkPendingRequests();
    expect(queue.throttleCheckTimeoutId).toBeNull();
  });

  it('still looks again at what waits because too much is under way', () => {
    queue = aQueue({ maxInFlightRequests: 0 });
    queue.pending.push({});
    queue.scheduleCheckPendingRequests();
    expect(queue.throttleCheckTimeoutId).not.toBeNull();
  });

  it('still looks again when the broker lifts its throttle', () => {
    queue = aQueue();
    queue.throttledUntil = Date.now() + 60_000;
    queue.scheduleCheckPendingRequests();
    expect(queue.throttleCheckTimeoutId).not.toBeNull();
  });
});
