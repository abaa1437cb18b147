import { isolateByTenant } from '@paradesk/platform';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Signed heads of the audit trails: only ever added to, whoever writes. */
export class CreateAuditHeads1767225600020 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table audit_heads (
        tenant_id uuid not null,
        id uuid not null,
        service text not null,
        sequence bigint not null check (sequence > 0),
        hash text not null check (hash ~ '^[0-9a-f]{64}$'),
        signed_at timestamptz not null,
        jws text not null,
        primary key (tenant_id, id),
        unique (tenant_id, service, sequence)
      )`);
    await runner.query('create index audit_heads_by_time on audit_heads (tenant_id, signed_at)');
    await isolateByTenant(runner, 'audit_heads');
    await runner.query(`
      create function refuse_change_of_heads() returns trigger language plpgsql as $$
      begin
        raise exception 'a signed head is kept as it is' using errcode = 'restrict_violation';
      end $$`);
    await runner.query(`
      create trigger kept before update or delete on audit_heads for each row execute function refuse_change_of_heads();
      create trigger kept_whole before truncate on audit_heads execute function refuse_change_of_heads()`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table audit_heads');
    await runner.query('drop function refuse_change_of_heads');
  }
}
