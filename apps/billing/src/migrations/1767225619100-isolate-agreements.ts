import { isolateByMatter } from '@paradesk/platform';
import type { MigrationInterface, QueryRunner } from 'typeorm';

const TABLES = ['agreements', 'agreement_rates', 'rates', 'fixed_fees'];

/** Rates and fees are shown to those who see their matter or client; agreements may be of a client alone. */
export class IsolateAgreements1767225619100 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const table of TABLES) await isolateByMatter(runner, table);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['rates', 'fixed_fees'])
      for (const policy of ['matter_access', 'matters_access', 'client_access', 'part_access'])
        await runner.query(`drop policy if exists ${policy} on ${table}`);
  }
}
