import { isolateByTenant } from '@paradesk/platform';
import type { MigrationInterface, QueryRunner } from 'typeorm';

// What time entries, expenses and adjustments have in common. An import names each of its lines, so that it is recorded once.
const CAPTURED = `
  tenant_id uuid not null,
  id uuid not null,
  client_id uuid not null,
  matter_id uuid not null,
  currency text not null,
  amount_minor bigint not null,
  narrative text not null,
  status text not null check (status in ('recorded', 'approved', 'billed')),
  recorded_at timestamptz not null,
  recorded_by uuid,
  import_ref text,
  primary key (tenant_id, id),
  unique (tenant_id, import_ref),
  foreign key (tenant_id, matter_id) references matters (tenant_id, id)`;

/** Captured work: time entries, expenses, adjustments. */
export class CreateWork1767225601000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table time_entries (${CAPTURED},
        person_id uuid not null,
        worked_on date not null,
        worked_minutes integer not null check (worked_minutes >= 0),
        hours numeric(14, 4) not null check (hours >= 0),
        hourly_rate numeric(14, 4) not null,
        rate_reason text not null,
        adjustment_minor bigint not null,
        task_code text not null,
        activity_code text not null,
        task_class text not null check (task_class in ('administrative', 'substantive')),
        billable boolean not null,
        check (billable or amount_minor = 0)
      )`);
    await runner.query('create index time_entries_person on time_entries (tenant_id, person_id, id)');
    await runner.query(`
      create table expenses (${CAPTURED},
        incurred_on date not null,
        expense_code text not null,
        units numeric(14, 4) not null check (units > 0),
        unit_cost numeric(14, 4) not null,
        adjustment_minor bigint not null
      )`);
    await runner.query(`
      create table adjustments (${CAPTURED},
        kind text not null check (kind in ('fee', 'expense')),
        applies_on date not null
      )`);
    for (const table of ['time_entries', 'expenses', 'adjustments']) {
      await runner.query(`create index ${table}_matter on ${table} (tenant_id, matter_id, id)`);
      // What an invoice is drafted from: the client's work in progress.
      await runner.query(`create index ${table}_wip on ${table} (tenant_id, client_id) where status = 'approved'`);
      await isolateByTenant(runner, table);
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table adjustments, expenses, time_entries');
  }
}
