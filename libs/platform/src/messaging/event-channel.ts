import type { Temporal } from 'temporal-polyfill';

/** The layout of the envelope and of the payload around the event that this release writes and reads. */
export const SCHEMA_VERSION = 1;

/** An event on its way between services. What it says is in `payload`; the rest is for those who carry it. */
export interface EventRecord {
  /** Name of the topic, such as `paradesk.billing.invoices`. */
  readonly topic: string;
  /** The aggregate's id. Records of one key keep their order; nothing is promised between keys. */
  readonly key: string;
  /** UUID; the same one whenever the event comes again. */
  readonly eventId: string;
  readonly tenantId: string;
  /** 1 for the first event of the aggregate, then 2, 3 ... without a gap. */
  readonly aggregateVersion: number;
  /** To the millisecond. */
  readonly occurredAt: Temporal.Instant;
  /** The topic's message, encoded. */
  readonly payload: Uint8Array;
  /** W3C trace context of the command that caused the event. */
  readonly traceparent?: string;
  /** `SCHEMA_VERSION` of who wrote it: a consumer parks what it does not know. */
  readonly schemaVersion: number;
}

/** Records of one partition that a group has not handled. */
export interface Lag {
  readonly group: string;
  readonly topic: string;
  /** 0 in a channel without partitions. */
  readonly partition: number;
  readonly records: number;
  /** For how long the oldest of them has waited in the channel, in milliseconds; 0 for none. */
  readonly ageMs: number;
}

/** What a group does with one record. It throws to have the record again later, and nothing of its key before it. */
export type RecordHandler = (record: EventRecord) => Promise<void>;

/** A group's standing order for the records of its topics. */
export interface Subscription {
  /** Takes no more records and waits for those that are being handled. The group is still owed what is published from now on. */
  close(): Promise<void>;
}

/**
 * Carries events from the service that published them to every group that subscribed: at least once, in order per key.
 * Whoever publishes repeats what was rejected; whoever handles expects duplicates.
 */
export interface EventChannel {
  /** What carries the records, in telemetry (`messaging.system.name`): `kafka`, or `in_process`. */
  readonly system: string;
  /**
   * Resolves when the records are safe: no crash of any process can lose them any more.
   *
   * @throws whatever was in the way; then any of the records may have gone out, and all are to be published again
   */
  publish(records: readonly EventRecord[]): Promise<void>;
  /**
   * Hands the topics' records to `handle`, from the oldest that the group has not handled. A record counts as handled when
   * `handle` resolved, and comes again when it threw or the process ended before.
   */
  subscribe(group: string, topics: readonly string[], handle: RecordHandler): Promise<Subscription>;
  /** What waits for the groups that subscribed here, partition by partition, those without anything waiting included. */
  lag(): Promise<Lag[]>;
  /** Ends all subscriptions; a later `publish` rejects. */
  close(): Promise<void>;
}
