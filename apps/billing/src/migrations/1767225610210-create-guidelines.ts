import { isolateByTenant } from '@paradesk/platform';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Guidelines of clients, what they find in time entries, and the kind of work of an entry. */
export class CreateGuidelines1767225610210 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table client_guidelines (
        tenant_id uuid not null,
        client_id uuid not null,
        severities jsonb not null,
        max_hours_per_day integer not null check (max_hours_per_day between 1 and 24),
        late_after_days integer not null check (late_after_days > 0),
        min_narrative_words integer not null check (min_narrative_words > 0),
        approved_person_ids uuid[] not null,
        allowed_task_codes text[] not null,
        primary key (tenant_id, client_id),
        foreign key (tenant_id, client_id) references clients (tenant_id, id)
      )`);
    await isolateByTenant(runner, 'client_guidelines');
    await runner.query(`
      alter table time_entries
        add task_kind text not null default '',
        add findings jsonb not null default '[]'`);
    // A timekeeper's other entries of a day, which the checks compare with.
    await runner.query('create index time_entries_day on time_entries (tenant_id, person_id, worked_on)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index time_entries_day');
    await runner.query('alter table time_entries drop column task_kind, drop column findings');
    await runner.query('drop table client_guidelines');
  }
}
