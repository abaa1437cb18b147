import { isolateByTenant } from '@paradesk/platform';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What billing must know of tenants, clients, matters and people, copied from their owners' events. */
export class CreateCopies1767225600000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table tenants (
        tenant_id uuid primary key,
        name text not null,
        time_zone text not null,
        tax_id text not null,
        address_lines text[] not null,
        email text not null,
        version integer not null
      )`);
    await runner.query(`
      create table clients (
        tenant_id uuid not null,
        id uuid not null,
        code text not null,
        name text not null,
        address_lines text[] not null,
        version integer not null,
        primary key (tenant_id, id)
      )`);
    // The owner keeps codes unique. Events of different clients come in any order, so a copy must not insist.
    await runner.query('create index clients_code on clients (tenant_id, code)');
    await runner.query(`
      create table matters (
        tenant_id uuid not null,
        id uuid not null,
        client_id uuid not null,
        code text not null,
        client_matter_code text not null,
        name text not null,
        version integer not null,
        primary key (tenant_id, id)
      )`);
    await runner.query('create index matters_code on matters (tenant_id, code)');
    await runner.query(`
      create table people (
        tenant_id uuid not null,
        id uuid not null,
        first_name text not null,
        last_name text not null,
        role integer not null,
        timekeeper_code text not null,
        timekeeper_classification text not null,
        version integer not null,
        primary key (tenant_id, id)
      )`);
    await runner.query('create index people_timekeeper_code on people (tenant_id, timekeeper_code)');
    for (const table of ['tenants', 'clients', 'matters', 'people']) await isolateByTenant(runner, table);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table people, matters, clients, tenants');
  }
}
