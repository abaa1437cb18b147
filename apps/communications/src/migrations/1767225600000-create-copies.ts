import { isolateByTenant } from '@paradesk/platform';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What communications must know of tenants and of contacts at clients, which identity owns. */
export class CreateCopies1767225600000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table tenants (
        tenant_id uuid not null primary key,
        name text not null,
        email text not null,
        version integer not null
      )`);
    await runner.query(`
      create table contacts (
        tenant_id uuid not null,
        id uuid not null,
        client_id uuid not null,
        name text not null,
        email text not null,
        purpose text not null,
        primary key (tenant_id, id)
      )`);
    await runner.query('create index contacts_of_client on contacts (tenant_id, client_id, purpose)');
    for (const table of ['tenants', 'contacts']) await isolateByTenant(runner, table);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table contacts, tenants');
  }
}
