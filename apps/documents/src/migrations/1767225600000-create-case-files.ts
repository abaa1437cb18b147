import { isolateByTenant } from '@paradesk/platform';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Whose case files there are: copies of clients (identity's) and matters (assignment's). */
export class CreateCaseFiles1767225600000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table clients (
        tenant_id uuid not null,
        id uuid not null,
        version integer not null,
        primary key (tenant_id, id)
      )`);
    await runner.query(`
      create table matters (
        tenant_id uuid not null,
        id uuid not null,
        client_id uuid not null,
        version integer not null,
        primary key (tenant_id, id)
      )`);
    for (const table of ['clients', 'matters']) await isolateByTenant(runner, table);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table matters, clients');
  }
}
