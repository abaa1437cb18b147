import { isolateByMatter } from '@paradesk/platform';
import type { MigrationInterface, QueryRunner } from 'typeorm';

const TABLES = [
  'clients',
  'client_contacts',
  'people',
  'api_keys',
  'sessions',
  'invitations',
  'reclassifications',
  'acknowledgements',
];

/** What is of a client is shown to the tenant's staff, and of attorneys and partner systems to the client's own. */
export class IsolateClients1767225609000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const table of TABLES) await isolateByMatter(runner, table);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of TABLES)
      for (const policy of ['client_access', 'part_access'])
        await runner.query(`drop policy if exists ${policy} on ${table}`);
  }
}
