import { createTaskKinds } from '@paradesk/platform';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What tenants have set of kinds of work: it decides what is billed as clerical and what is refused. */
export class KnowTaskKinds1767225610220 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createTaskKinds(runner);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table task_kinds');
  }
}
