import { isolateByTenant } from '@paradesk/platform';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What assignment must know of clients and people, which identity owns. */
export class CreateCopies1767225600000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table clients (
        tenant_id uuid not null,
        id uuid not null,
        version integer not null,
        primary key (tenant_id, id)
      )`);
    await runner.query(`
      create table people (
        tenant_id uuid not null,
        id uuid not null,
        role text not null,
        client_id uuid,
        version integer not null,
        primary key (tenant_id, id)
      )`);
    for (const table of ['clients', 'people']) await isolateByTenant(runner, table);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table people, clients');
  }
}
