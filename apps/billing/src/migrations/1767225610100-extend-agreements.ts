import { isolateByTenant } from '@paradesk/platform';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Agreements of clients, with an end and all that is agreed beside rates; rates with their own validity; fees that have become due. */
export class ExtendAgreements1767225610100 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table agreements
        alter matter_id drop not null,
        add valid_to date check (valid_to >= valid_from),
        add terms jsonb not null default '{}',
        add foreign key (tenant_id, client_id) references clients (tenant_id, id)`);
    await runner.query(`
      create unique index agreements_client_from on agreements (tenant_id, client_id, valid_from) where matter_id is null`);
    await runner.query('create index agreements_client on agreements (tenant_id, client_id)');
    await runner.query(`alter table matters add practice_area text not null default ''`);
    await createRates(runner);
    await createFixedFees(runner);
    for (const table of ['rates', 'fixed_fees']) await isolateByTenant(runner, table);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table fixed_fees, rates');
    await runner.query('alter table matters drop column practice_area');
    await runner.query('drop index agreements_client, agreements_client_from');
    await runner.query('alter table agreements drop column valid_to, drop column terms, alter matter_id set not null');
  }
}

async function createRates(runner: QueryRunner): Promise<void> {
  await runner.query(`
    create table rates (
      tenant_id uuid not null,
      id uuid not null,
      client_id uuid,
      matter_id uuid,
      practice_area text not null,
      person_id uuid,
      timekeeper_class text not null,
      task_code text not null,
      currency text not null,
      hourly_rate_minor bigint not null check (hourly_rate_minor >= 0),
      valid_from date not null,
      valid_to date check (valid_to >= valid_from),
      created_at timestamptz not null,
      created_by uuid,
      primary key (tenant_id, id),
      foreign key (tenant_id, client_id) references clients (tenant_id, id),
      foreign key (tenant_id, matter_id) references matters (tenant_id, id),
      foreign key (tenant_id, person_id) references people (tenant_id, id)
    )`);
  // Of two of the same scope that begin on the same day neither could be put before the other.
  await runner.query(`
    create unique index rates_scope on rates
      (tenant_id, client_id, matter_id, practice_area, person_id, timekeeper_class, task_code, currency, valid_from)
      nulls not distinct`);
}

async function createFixedFees(runner: QueryRunner): Promise<void> {
  await runner.query(`
    create table fixed_fees (
      tenant_id uuid not null,
      id uuid not null,
      client_id uuid not null,
      matter_id uuid not null,
      agreement_id uuid not null,
      kind text not null check (kind in ('project', 'subscription')),
      fee_key text not null,
      narrative text not null,
      currency text not null,
      amount_minor bigint not null check (amount_minor > 0),
      due_on date not null,
      status text not null check (status in ('approved', 'billed')),
      became_due_at timestamptz not null,
      primary key (tenant_id, id),
      unique (tenant_id, matter_id, kind, fee_key),
      foreign key (tenant_id, matter_id) references matters (tenant_id, id),
      foreign key (tenant_id, agreement_id) references agreements (tenant_id, id)
    )`);
  await runner.query(`create index fixed_fees_wip on fixed_fees (tenant_id, client_id) where status = 'approved'`);
}
