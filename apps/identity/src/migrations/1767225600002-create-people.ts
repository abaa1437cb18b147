import { isolateByTenant } from '@paradesk/platform';
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreatePeople1767225600002 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table people (
        tenant_id uuid not null references tenants,
        id uuid not null,
        first_name text not null,
        last_name text not null,
        email text not null,
        role text not null,
        client_id uuid,
        timekeeper_code text,
        timekeeper_classification text,
        version integer not null check (version > 0),
        primary key (tenant_id, id),
        foreign key (tenant_id, client_id) references clients,
        constraint people_timekeeper_code unique (tenant_id, timekeeper_code),
        check ((role in ('ATTORNEY', 'PARTNER')) = (client_id is not null)),
        check (role in ('OPERATIONS_MANAGER', 'BILLING_MANAGER', 'PARALEGAL', 'VIRTUAL_ASSISTANT', 'ATTORNEY', 'PARTNER')),
        check ((timekeeper_code is null) = (timekeeper_classification is null))
      )`);
    await runner.query('create unique index people_email on people (tenant_id, lower(email))');
    await isolateByTenant(runner, 'people');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table people');
  }
}
