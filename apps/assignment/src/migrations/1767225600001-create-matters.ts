import { isolateByTenant } from '@paradesk/platform';
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateMatters1767225600001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table matters (
        tenant_id uuid not null,
        id uuid not null,
        client_id uuid not null,
        code text not null,
        client_matter_code text not null,
        name text not null,
        practice_area text not null,
        jurisdiction text not null,
        instructions text not null,
        parties jsonb not null,
        supervising_attorney_id uuid not null,
        opened_at timestamptz not null,
        version integer not null check (version > 0),
        primary key (tenant_id, id),
        constraint matters_code unique (tenant_id, client_id, code)
      )`);
    await runner.query(`
      create table assignments (
        tenant_id uuid not null,
        id uuid not null,
        matter_id uuid not null,
        person_id uuid not null,
        work text not null,
        assigned_at timestamptz not null,
        primary key (tenant_id, id),
        constraint assignments_once unique (tenant_id, matter_id, person_id, work),
        foreign key (tenant_id, matter_id) references matters
      )`);
    for (const table of ['matters', 'assignments']) await isolateByTenant(runner, table);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table assignments, matters');
  }
}
