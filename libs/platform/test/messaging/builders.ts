import { topics } from '@paradesk/contracts';
import { ClientEvent } from '@paradesk/contracts/paradesk/identity/events/v1/clients';
import { newId } from '@paradesk/kernel';
import { Temporal } from 'temporal-polyfill';
import type { EventRecord } from '../../src/messaging/event-channel.js';

/** An event with a payload that decodes. */
export const anEvent = (): ClientEvent => ClientEvent.fromPartial({ event: { $case: 'created', value: {} } });

/** A record as a relay would publish it. */
export function aRecord(changes: Partial<EventRecord> = {}): EventRecord {
  return {
    topic: topics.clients.name,
    key: anId(),
    eventId: anId(),
    tenantId: anId(),
    aggregateVersion: 1,
    occurredAt: Temporal.Instant.from('2026-03-02T09:30:00.123Z'),
    payload: ClientEvent.encode(anEvent()).finish(),
    schemaVersion: 1,
    ...changes,
  };
}

/** The events 1..n of one aggregate. */
export function aHistory(n: number, changes: Partial<EventRecord> = {}): EventRecord[] {
  const aggregate = { key: anId(), tenantId: anId(), ...changes };
  return Array.from({ length: n }, (_, index) =>
    aRecord({ ...aggregate, aggregateVersion: index + 1, eventId: anId() }),
  );
}

export function anId(): string {
  return newId(Date.now());
}

/** Waits until it is so. */
export async function until(isSo: () => boolean | Promise<boolean>, timeoutMs = 15_000): Promise<void> {
  for (const end = performance.now() + timeoutMs; performance.now() < end;) {
    if (await isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`it was not so within ${timeoutMs} ms: ${isSo.toString()}`);
}
