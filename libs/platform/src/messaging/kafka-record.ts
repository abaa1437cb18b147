import type { IHeaders, KafkaMessage, Message } from 'kafkajs';
import { Temporal } from 'temporal-polyfill';
import type { EventRecord } from './event-channel.js';

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;
const COUNT = /^[1-9]\d{0,8}$/;

// Key and headers of a record, rounded up.
const ENVELOPE_BYTES = 600;

/** A record as Kafka carries it: the key is the aggregate's id, so that one partition keeps the aggregate's order. */
export function toMessage(record: EventRecord): Message {
  return {
    key: record.key,
    value: Buffer.from(record.payload),
    headers: {
      eventId: record.eventId,
      tenantId: record.tenantId,
      aggregateVersion: String(record.aggregateVersion),
      occurredAt: record.occurredAt.toString(),
      schemaVersion: String(record.schemaVersion),
      ...(record.traceparent !== undefined && { traceparent: record.traceparent }),
    },
  };
}

/** The record that a message carries; undefined when it is none of ours: no service could say whose it is. */
export function fromMessage(topic: string, { key, value, headers = {} }: KafkaMessage): EventRecord | undefined {
  const read = (name: string, shape: RegExp) => matching(textOf(headers, name), shape);
  const aggregateId = matching(key?.toString(), UUID);
  const eventId = read('eventId', UUID);
  const tenantId = read('tenantId', UUID);
  const aggregateVersion = read('aggregateVersion', COUNT);
  const schemaVersion = read('schemaVersion', COUNT);
  const occurredAt = instantOf(textOf(headers, 'occurredAt'));
  const traceparent = textOf(headers, 'traceparent');
  if (!aggregateId || !eventId || !tenantId || !aggregateVersion || !schemaVersion || !occurredAt || !value)
    return undefined;
  return {
    topic,
    key: aggregateId,
    eventId,
    tenantId,
    aggregateVersion: Number(aggregateVersion),
    occurredAt,
    payload: value,
    ...(traceparent !== undefined && { traceparent }),
    schemaVersion: Number(schemaVersion),
  };
}

/**
 * Cuts records into sends that Kafka takes: what a send has for one partition becomes one batch, and a batch is refused, for ever,
 * when it is larger than the largest record may be.
 */
export function sendsOf(records: readonly EventRecord[], mostBytes: number): EventRecord[][] {
  const sends: EventRecord[][] = [];
  let bytes = Infinity;
  for (const record of records) {
    const size = record.payload.byteLength + ENVELOPE_BYTES;
    if (bytes + size > mostBytes) {
      sends.push([]);
      bytes = 0;
    }
    sends.at(-1)?.push(record);
    bytes += size;
  }
  return sends;
}

/** A header that was given several times comes as an array: the first counts. */
function textOf(headers: IHeaders, name: string): string | undefined {
  const [value] = [headers[name]].flat();
  return value?.toString();
}

function matching(text: string | undefined, shape: RegExp): string | undefined {
  return text !== undefined && shape.test(text) ? text : undefined;
}

function instantOf(text: string | undefined): Temporal.Instant | undefined {
  try {
    return text === undefined ? undefined : Temporal.Instant.from(text);
  } catch {
    return undefined;
  }
}
