import { describe, expect, it } from '@jest/globals';
import type { IHeaders, KafkaMessage } from 'kafkajs';
import { Temporal } from 'temporal-polyfill';
import type { EventRecord } from './event-channel.js';
import { fromMessage, sendsOf, toMessage } from './kafka-record.js';

const TOPIC = 'paradesk.identity.clients';

const record: EventRecord = {
  topic: TOPIC,
  key: '019a0000-0000-7000-8000-000000000001',
  eventId: '019a0000-0000-7000-8000-000000000002',
  tenantId: '019a0000-0000-7000-8000-000000000003',
  aggregateVersion: 7,
  occurredAt: Temporal.Instant.from('2026-03-02T09:30:00.123Z'),
  payload: Uint8Array.from([0, 255]),
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  schemaVersion: 1,
};

/** As kafkajs hands over what another client wrote. */
function received({ headers = {}, ...changes }: Partial<KafkaMessage> = {}): KafkaMessage {
  const { key, value, headers: written } = toMessage(record);
  const read = Object.entries({ ...written, ...headers }).filter(([, header]) => header !== undefined);
  return {
    key: Buffer.from(String(key)),
    value: value as Buffer,
    headers: Object.fromEntries(
      read.map(([name, header]) => [name, Array.isArray(header) ? header : Buffer.from(String(header))]),
    ) as IHeaders,
    timestamp: '0',
    attributes: 0,
    offset: '0',
    ...changes,
  } as KafkaMessage;
}

describe('a record in Kafka', () => {
  it('comes back as it was sent, keyed by its aggregate', () => {
    expect(toMessage(record).key).toBe(record.key);
    const got = fromMessage(TOPIC, received());
    expect({ ...got, payload: [...got!.payload], occurredAt: got?.occurredAt.toString() }).toEqual({
      ...record,
      payload: [...record.payload],
      occurredAt: record.occurredAt.toString(),
    });
  });

  it('has no traceparent where none was given', () => {
    const got = fromMessage(TOPIC, received({ headers: { traceparent: undefined } }));
    expect(got && 'traceparent' in got).toBe(false);
  });

  it('reads the first of a header that was given twice', () => {
    const twice = received({ headers: { aggregateVersion: [Buffer.from('7'), Buffer.from('8')] } });
    expect(fromMessage(TOPIC, twice)?.aggregateVersion).toBe(7);
  });

  it.each<[name: string, changes: Partial<KafkaMessage>]>([
    ['has no key', { key: null }],
    ['has a key that is no UUID', { key: Buffer.from('42') }],
    ['has no value', { value: null }],
    ['has no event id', { headers: { eventId: undefined } }],
    ['has an event id that the database would refuse', { headers: { eventId: 'abc' } }],
    ['has no tenant', { headers: { tenantId: undefined } }],
    ['has version 0', { headers: { aggregateVersion: '0' } }],
    ['has a version beyond an integer', { headers: { aggregateVersion: '99999999999' } }],
    ['has no schema version', { headers: { schemaVersion: undefined } }],
    ['happened at no moment', { headers: { occurredAt: 'yesterday' } }],
  ])('is none of ours when it %s', (_, changes) => {
    expect(fromMessage(TOPIC, received(changes))).toBeUndefined();
  });
});

describe('cutting records into sends', () => {
  const ofBytes = (bytes: number, aggregateVersion: number): EventRecord => ({
    ...record,
    aggregateVersion,
    payload: new Uint8Array(bytes),
  });

  it.each<[name: string, bytes: number[], sends: number[][]]>([
    ['nothing', [], []],
    ['small records go together', [10, 10, 10], [[1, 2, 3]]],
    ['what would grow too large is cut', [600, 600, 600], [[1, 2], [3]]],
    ['a record that is too large goes alone', [10, 9_000, 10], [[1], [2], [3]]],
  ])('%s', (_, bytes, sends) => {
    const records = bytes.map((size, index) => ofBytes(size, index + 1));
    const cut = sendsOf(records, 3_000).map((send) => send.map(({ aggregateVersion }) => aggregateVersion));
    expect(cut).toEqual(sends);
    expect(cut.flat()).toEqual(records.map(({ aggregateVersion }) => aggregateVersion));
  });
});
