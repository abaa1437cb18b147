import { isolateByMatter, isolateByTenant } from '@paradesk/platform';
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateErasures1767225608000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table erasures (
        tenant_id uuid not null,
        matter_id uuid not null,
        id uuid not null,
        reason text not null,
        erased_at timestamptz not null,
        erased_by_person_id uuid not null,
        documents integer not null check (documents >= 0),
        primary key (tenant_id, matter_id)
      )`);
    await isolateByTenant(runner, 'erasures');
    await isolateByMatter(runner, 'erasures');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table erasures');
  }
}
