import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Nobody who no longer works here is put on a matter. */
export class KnowDeactivatedPeople1767225610000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table people add column is_active boolean not null default true');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table people drop column is_active');
  }
}
