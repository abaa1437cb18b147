import { isolateByTenant } from '@paradesk/platform';
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateClients1767225600001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // Codes are compared byte by byte, so that a page's cursor means the same after an upgrade of the system's locales.
    await runner.query(`
      create table clients (
        tenant_id uuid not null references tenants,
        id uuid not null,
        code text collate "C" not null,
        name text not null,
        kind text not null check (kind in ('LAW_FIRM', 'SOLO_PRACTITIONER', 'LEGAL_DEPARTMENT')),
        address_lines text[] not null,
        version integer not null check (version > 0),
        primary key (tenant_id, id),
        constraint clients_code unique (tenant_id, code)
      )`);
    await runner.query(`
      create table client_contacts (
        tenant_id uuid not null,
        id uuid not null,
        client_id uuid not null,
        name text not null,
        email text not null,
        purpose text not null check (purpose in ('BILLING', 'MATTERS')),
        primary key (tenant_id, id),
        foreign key (tenant_id, client_id) references clients
      )`);
    await runner.query(
      'create unique index client_contacts_email on client_contacts (tenant_id, client_id, lower(email), purpose)',
    );
    await isolateByTenant(runner, 'clients');
    await isolateByTenant(runner, 'client_contacts');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table client_contacts, clients');
  }
}
