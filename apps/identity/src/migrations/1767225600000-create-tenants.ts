import { isolateByTenant } from '@paradesk/platform';
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateTenants1767225600000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table tenants (
        tenant_id uuid primary key,
        name text not null,
        time_zone text not null,
        tax_id text not null,
        address_lines text[] not null,
        email text not null,
        version integer not null check (version > 0)
      )`);
    await isolateByTenant(runner, 'tenants');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table tenants');
  }
}
