import type { MigrationInterface, QueryRunner } from 'typeorm';
import { isolateByTenant } from '../database/row-level-security.js';

/**
 * The data keys of what a service stores in object storage, wrapped by the master key. The row of a scope that was erased stays without its
 * key: nothing is ever stored for that scope again, and it is on record when it was erased.
 */
export class CreateEncryptionKeys1767225500008 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table encryption_keys (
        tenant_id uuid not null,
        scope_kind text not null check (scope_kind in ('matter', 'client', 'tenant')),
        scope_id uuid not null,
        wrapped_key bytea,
        master_key_id text,
        created_at timestamptz not null default now(),
        erased_at timestamptz,
        primary key (tenant_id, scope_kind, scope_id),
        check ((wrapped_key is null) = (master_key_id is null)),
        check ((wrapped_key is null) = (erased_at is not null))
      )`);
    await isolateByTenant(runner, 'encryption_keys');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table encryption_keys');
  }
}
