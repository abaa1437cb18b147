import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The tables by which a service publishes and consumes.
 *
 * They carry `tenant_id` but no row-level security, on purpose: the relay and an operator who redrives work for all tenants
 * at once, in transactions without a tenant. No RPC reads them, and a consumer's effect goes to tenant tables, where the
 * policy of the event's tenant holds.
 */
export class CreateMessaging1767225500000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('create schema if not exists messaging');
    await runner.query(OUTBOX);
    await runner.query(CONSUMERS);
    await runner.query(PARKED_EVENTS);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      'drop table messaging.parked_events, messaging.inbox, messaging.consumer_positions, messaging.outbox',
    );
  }
}

// `position` orders the events of one aggregate, because its row is locked before the insert. It is no cursor: a slow
// transaction commits a low position after higher ones were published.
const OUTBOX = `
  create table messaging.outbox (
    position bigint generated always as identity primary key,
    event_id uuid not null unique,
    tenant_id uuid not null,
    topic text not null,
    aggregate_id uuid not null,
    aggregate_version integer not null check (aggregate_version > 0),
    occurred_at timestamptz not null,
    payload bytea not null,
    traceparent text,
    schema_version smallint not null,
    published_at timestamptz,
    unique (aggregate_id, aggregate_version)
  );
  create index outbox_unpublished on messaging.outbox (position) where published_at is null;
  create index outbox_published on messaging.outbox (published_at) where published_at is not null`;

const CONSUMERS = `
  create table messaging.inbox (
    consumer text not null,
    event_id uuid not null,
    tenant_id uuid not null,
    aggregate_id uuid not null,
    aggregate_version integer not null,
    received_at timestamptz not null default now(),
    primary key (consumer, event_id)
  );
  create index inbox_received on messaging.inbox (received_at);
  create table messaging.consumer_positions (
    consumer text not null,
    aggregate_id uuid not null,
    tenant_id uuid not null,
    version integer not null,
    primary key (consumer, aggregate_id)
  )`;

const PARKED_EVENTS = `
  create table messaging.parked_events (
    consumer text not null,
    event_id uuid not null,
    tenant_id uuid not null,
    topic text not null,
    aggregate_id uuid not null,
    aggregate_version integer not null,
    occurred_at timestamptz not null,
    payload bytea not null,
    traceparent text,
    schema_version integer not null,
    kind text not null check (kind in ('waiting', 'poison')),
    reason text not null,
    attempts integer not null,
    parked_at timestamptz not null default now(),
    discarded_at timestamptz,
    discarded_reason text,
    discarded_by text,
    primary key (consumer, event_id)
  );
  create index parked_events_in_line on messaging.parked_events (consumer, aggregate_id, aggregate_version) where discarded_at is null`;
