import { isolateByTenant } from '@paradesk/platform';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Billing runs and their accounts. */
export class CreateBillingRuns1767225610500 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table billing_runs (
        tenant_id uuid not null,
        id uuid not null,
        billing_start date not null,
        billing_end date not null,
        grouping text not null check (grouping in ('client', 'matter')),
        dry_run boolean not null,
        status text not null check (status in ('drafting', 'drafted', 'issuing', 'issued', 'cancelled')),
        started_at timestamptz not null,
        started_by uuid,
        primary key (tenant_id, id),
        check (billing_start <= billing_end),
        check (not dry_run or status in ('drafting', 'drafted', 'cancelled'))
      )`);
    await runner.query(
      `create unique index billing_runs_under_way on billing_runs (tenant_id) where status in ('drafting', 'issuing')`,
    );
    await runner.query(`
      create table billing_run_items (
        tenant_id uuid not null,
        id uuid not null,
        run_id uuid not null,
        client_id uuid not null,
        matter_id uuid,
        status text not null
          check (status in ('waiting', 'proposed', 'drafted', 'nothing', 'parked', 'issued')),
        invoice_id uuid,
        currency text,
        total_minor bigint,
        reason text not null default '',
        message text not null default '',
        primary key (tenant_id, id),
        unique nulls not distinct (tenant_id, run_id, client_id, matter_id),
        foreign key (tenant_id, run_id) references billing_runs (tenant_id, id),
        foreign key (tenant_id, client_id) references clients (tenant_id, id),
        foreign key (tenant_id, matter_id) references matters (tenant_id, id),
        foreign key (tenant_id, invoice_id) references invoices (tenant_id, id),
        check ((status = 'parked') = (reason <> '')),
        check (status not in ('drafted', 'issued') or invoice_id is not null),
        check ((currency is null) = (total_minor is null))
      )`);
    await runner.query('create index billing_run_items_run on billing_run_items (tenant_id, run_id, status, id)');
    for (const table of ['billing_runs', 'billing_run_items']) await isolateByTenant(runner, table);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table billing_run_items, billing_runs');
  }
}
