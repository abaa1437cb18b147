import { isolateByTenant } from '@paradesk/platform';
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateApiKeys1767225600003 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table api_keys (
        tenant_id uuid not null,
        id uuid not null,
        person_id uuid not null,
        name text not null,
        public_id text not null,
        secret_sha256 bytea not null check (length(secret_sha256) = 32),
        created_at timestamptz not null,
        revoked_at timestamptz,
        primary key (tenant_id, id),
        foreign key (tenant_id, person_id) references people
      )`);
    await isolateByTenant(runner, 'api_keys');
    // Who presents a key does not say of which tenant it is, so this one table is read before the tenant is known and has no
    // row-level security. It therefore holds nothing but where to look: no secret, no name, no person.
    await runner.query(`
      create table api_key_directory (
        public_id text primary key,
        tenant_id uuid not null,
        api_key_id uuid not null,
        foreign key (tenant_id, api_key_id) references api_keys
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table api_key_directory, api_keys');
  }
}
