import { isolateByMatter } from '@paradesk/platform';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Messages are shown to those who may see their client and every matter that they are about; of messages of before nobody knows which. */
export class IsolateMatters1767225609000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table messages add matter_ids uuid[]');
    for (const table of ['contacts', 'messages']) await isolateByMatter(runner, table);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['contacts', 'messages']) await runner.query(`drop policy client_access on ${table}`);
    await runner.query('drop policy matters_access on messages');
    await runner.query('alter table messages drop column matter_ids');
  }
}
