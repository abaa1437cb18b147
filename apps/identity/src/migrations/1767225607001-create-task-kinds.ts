import { isolateByTenant } from '@paradesk/platform';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The tenant's own part of the task catalogue, and how it came about. */
export class CreateTaskKinds1767225607001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table task_kinds (
        tenant_id uuid not null,
        id uuid not null,
        code text not null,
        title text,
        task_class text not null check (task_class in ('ADMINISTRATIVE', 'SUBSTANTIVE', 'RESERVED')),
        signed_off_by uuid,
        version integer not null check (version > 0),
        primary key (tenant_id, id),
        constraint task_kinds_code unique (tenant_id, code),
        check ((title is not null) = (code like 'own.%'))
      )`);
    await runner.query(`
      create table reclassifications (
        tenant_id uuid not null,
        id uuid not null,
        code text not null,
        from_class text not null,
        to_class text not null check (to_class in ('ADMINISTRATIVE', 'SUBSTANTIVE', 'RESERVED') and to_class <> from_class),
        reason text not null,
        attorney_id uuid,
        proposed_by uuid not null,
        proposed_at timestamptz not null,
        signed_off_by uuid,
        signed_off_at timestamptz,
        withdrawn_at timestamptz,
        primary key (tenant_id, id),
        foreign key (tenant_id, attorney_id) references people,
        check ((signed_off_by is null) = (signed_off_at is null)),
        check (signed_off_at is null or withdrawn_at is null)
      )`);
    await runner.query(`
      create unique index reclassifications_open on reclassifications (tenant_id, code)
        where signed_off_at is null and withdrawn_at is null`);
    for (const table of ['task_kinds', 'reclassifications']) await isolateByTenant(runner, table);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table reclassifications, task_kinds');
  }
}
