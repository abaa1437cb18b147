import { createTaskKinds, isolateByTenant } from '@paradesk/platform';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What must be known, of what identity owns, before somebody is put on a matter: their qualifications, the work, the tenant's day. */
export class CreateStaffingCopies1767225607000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table people
        add column qualifications jsonb not null default '[]',
        add column has_recorded_qualifications boolean not null default false`);
    await runner.query(`alter table assignments add column task_kind text not null default ''`);
    await runner.query(`
      create table tenants (
        tenant_id uuid not null,
        time_zone text not null,
        qualification_requirement text not null,
        version integer not null,
        primary key (tenant_id)
      )`);
    await isolateByTenant(runner, 'tenants');
    await createTaskKinds(runner);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table task_kinds, tenants');
    await runner.query('alter table assignments drop column task_kind');
    await runner.query('alter table people drop column qualifications, drop column has_recorded_qualifications');
  }
}
