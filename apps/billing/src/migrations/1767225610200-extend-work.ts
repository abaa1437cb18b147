import { isolateByTenant } from '@paradesk/platform';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Work is submitted, rejected, discarded and transferred; timers; locked periods. */
export class ExtendWork1767225610200 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const table of ['time_entries', 'expenses', 'adjustments']) {
      await runner.query(`
        alter table ${table}
          add status_reason text not null default '',
          add lock_override_reason text not null default '',
          drop constraint ${table}_status_check,
          add constraint ${table}_status_check
            check (status in ('recorded', 'submitted', 'rejected', 'approved', 'billed', 'discarded'))`);
    }
    await runner.query(`
      create table timers (
        tenant_id uuid not null,
        id uuid not null,
        person_id uuid not null,
        matter_id uuid not null,
        narrative text not null,
        task_code text not null,
        activity_code text not null,
        started_at timestamptz not null,
        stopped_at timestamptz,
        time_entry_id uuid,
        primary key (tenant_id, id),
        foreign key (tenant_id, matter_id) references matters (tenant_id, id),
        foreign key (tenant_id, time_entry_id) references time_entries (tenant_id, id),
        check (stopped_at >= started_at),
        check (time_entry_id is null or stopped_at is not null)
      )`);
    await runner.query('create unique index timers_running on timers (tenant_id, person_id) where stopped_at is null');
    await runner.query('create index timers_matter on timers (tenant_id, matter_id)');
    await runner.query(`
      create table period_locks (
        tenant_id uuid not null,
        id uuid not null,
        through date not null,
        holds_from date not null,
        locked_at timestamptz not null,
        locked_by uuid,
        lifted_at timestamptz,
        lift_reason text not null default '',
        primary key (tenant_id, id),
        check (lifted_at is null or lift_reason <> '')
      )`);
    for (const table of ['timers', 'period_locks']) await isolateByTenant(runner, table);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table timers, period_locks');
    for (const table of ['time_entries', 'expenses', 'adjustments']) {
      await runner.query(`
        alter table ${table}
          drop column status_reason,
          drop column lock_override_reason,
          drop constraint ${table}_status_check,
          add constraint ${table}_status_check check (status in ('recorded', 'approved', 'billed'))`);
    }
  }
}
