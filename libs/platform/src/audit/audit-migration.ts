import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The audit trail of a service: who changed which row, and whom the role boundary refused.
 *
 * Records are written by triggers on the tenants' tables (`trailTenantTables`), which run as the owner. The role that serves may read its
 * tenant's records and add one, and can neither change one nor touch the chain. Row-level security is not forced, on purpose: triggers
 * and the seal work for all tenants, as the owner.
 */
export class CreateAudit1767225500002 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('create schema if not exists audit');
    for (const sql of [RECORDS, HEADS, CANONICAL, CHAIN, SEAL]) await runner.query(sql);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop schema audit cascade');
  }
}

// The chain covers everything but `changes`, of which it has the hash: what must be erased one day can be, and the chain still holds.
const TENANT = `tenant_id = (select nullif(current_setting('paradesk.tenant', true), '')::uuid)`;
const RECORDS = `
  create table audit.records (
    tenant_id uuid not null,
    id uuid not null default uuidv7(),
    at timestamptz generated always as (uuid_extract_timestamp(id)) virtual,
    action text not null,
    person_id uuid,
    role text,
    service text,
    rule text,
    outcome text not null check (outcome in ('done', 'refused')),
    reason text,
    table_name text,
    row_id text,
    before_hash bytea,
    after_hash bytea,
    changes jsonb,
    changes_hash bytea,
    sequence bigint,
    hash bytea,
    primary key (tenant_id, id),
    check ((sequence is null) = (hash is null))
  );
  create index records_row on audit.records (tenant_id, row_id, id);
  create unique index records_chain on audit.records (tenant_id, sequence) where sequence is not null;
  create index records_unsealed on audit.records (id) where sequence is null;
  alter table audit.records enable row level security;
  create policy tenant_isolation on audit.records using (${TENANT}) with check (${TENANT})`;

// The end of each tenant's chain, and up to where identity has signed it.
const HEADS = `
  create table audit.heads (
    tenant_id uuid primary key,
    sequence bigint not null,
    hash bytea not null,
    notarized_sequence bigint not null default 0
  )`;

// A record as it is hashed: a JSON array of texts. What verifies does the same for itself (chain.ts), and trusts no function of this database.
const CANONICAL = `
  create function audit.canonical(r audit.records) returns bytea language sql stable as $$
    select convert_to(json_build_array(
      r.tenant_id::text, r.id::text, r.action, r.person_id::text, r.role, r.service, r.rule, r.outcome, r.reason, r.table_name, r.row_id,
      encode(r.before_hash, 'hex'), encode(r.after_hash, 'hex'), encode(r.changes_hash, 'hex'))::text, 'UTF8')
  $$`;

const CHAIN = `
  create function audit.link(state bytea, previous bytea, record bytea) returns bytea language sql immutable as $$
    select sha256(coalesce(state, previous) || record)
  $$;
  create aggregate audit.chained(previous bytea, record bytea) (sfunc = audit.link, stype = bytea)`;

// Takes whatever is committed and not sealed, and keeps no cursor: one over ids would step over the records of a slow transaction.
const SEAL = `
  create function audit.seal(most integer) returns integer language plpgsql security definer set search_path = pg_catalog as $$
  declare sealed integer;
  begin
    if not pg_try_advisory_xact_lock(hashtext('paradesk.audit')) then return 0; end if;
    with batch as materialized (
      select r.tenant_id, r.id, audit.canonical(r) as record from audit.records r where r.sequence is null order by r.id limit most
    ), chained as materialized (
      select b.tenant_id, b.id, coalesce(h.sequence, 0) + row_number() over tenant as sequence,
        audit.chained(coalesce(h.hash, ''), b.record) over tenant as hash
      from batch b left join audit.heads h using (tenant_id) window tenant as (partition by b.tenant_id order by b.id)
    ), written as (
      update audit.records r set sequence = c.sequence, hash = c.hash from chained c
      where r.tenant_id = c.tenant_id and r.id = c.id returning r.tenant_id, r.sequence, r.hash
    ), moved as (
      insert into audit.heads as h (tenant_id, sequence, hash)
      select distinct on (w.tenant_id) w.tenant_id, w.sequence, w.hash from written w order by w.tenant_id, w.sequence desc
      on conflict (tenant_id) do update set sequence = excluded.sequence, hash = excluded.hash
    )
    select count(*) into sealed from written;
    return sealed;
  end $$;
  revoke execute on function audit.seal from public`;
