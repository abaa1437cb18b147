import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What qualifies paralegals, and of whom the tenant asks it. */
export class RecordQualifications1767225607000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // Part of the person: whoever copies people copies what they are qualified for, in the order in which it changed.
    await runner.query(`alter table people add column qualifications jsonb not null default '[]'`);
    await runner.query(`
      alter table tenants add column qualification_requirement text not null default 'WHERE_RECORDED'
        check (qualification_requirement in ('WHERE_RECORDED', 'ALWAYS'))`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table tenants drop column qualification_requirement');
    await runner.query('alter table people drop column qualifications');
  }
}
