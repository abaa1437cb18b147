import { isolateByMatter } from '@paradesk/platform';
import type { MigrationInterface, QueryRunner } from 'typeorm';

const TABLES = ['clients', 'matters', 'documents', 'document_versions'];

/** Documents are shown to those who may see their matter or client, and those of a client as a whole go by the matters that they tell of. */
export class IsolateMatters1767225609000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table documents add matter_ids uuid[]');
    // No row is seen without a tenant unless by the owner of a table that forces nothing. What a client's file of before tells of is not known.
    await runner.query('alter table documents no force row level security');
    await runner.query(`update documents set matter_ids = '{}' where matter_id is not null`);
    await runner.query('alter table documents force row level security');
    for (const table of TABLES) await isolateByMatter(runner, table);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of TABLES)
      for (const policy of ['matter_access', 'matters_access', 'client_access', 'part_access'])
        await runner.query(`drop policy if exists ${policy} on ${table}`);
    await runner.query('alter table documents drop column matter_ids');
  }
}
