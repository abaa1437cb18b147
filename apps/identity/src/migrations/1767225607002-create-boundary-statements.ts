import { isolateByTenant } from '@paradesk/platform';
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateBoundaryStatements1767225607002 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table boundary_statements (
        tenant_id uuid not null,
        id uuid not null,
        edition integer not null check (edition > 0),
        content text not null,
        content_sha256 text not null check (content_sha256 ~ '^[0-9a-f]{64}$'),
        effective_on date not null,
        published_at timestamptz not null,
        published_by uuid not null,
        primary key (tenant_id, id),
        constraint boundary_statements_edition unique (tenant_id, edition)
      )`);
    await runner.query(`
      create table acknowledgements (
        tenant_id uuid not null,
        id uuid not null,
        boundary_statement_id uuid not null,
        person_id uuid not null,
        acknowledged_at timestamptz not null,
        primary key (tenant_id, id),
        constraint acknowledgements_once unique (tenant_id, boundary_statement_id, person_id),
        foreign key (tenant_id, boundary_statement_id) references boundary_statements,
        foreign key (tenant_id, person_id) references people
      )`);
    for (const table of ['boundary_statements', 'acknowledgements']) await isolateByTenant(runner, table);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table acknowledgements, boundary_statements');
  }
}
