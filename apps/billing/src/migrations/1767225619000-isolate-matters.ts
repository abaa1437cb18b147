import { isolateByMatter } from '@paradesk/platform';
import type { MigrationInterface, QueryRunner } from 'typeorm';

const TABLES = [
  'clients',
  'matters',
  'agreements',
  'agreement_rates',
  'time_entries',
  'expenses',
  'adjustments',
  'timers',
  'client_guidelines',
  'invoices',
  'invoice_lines',
  'payments',
  'postings',
  'posting_lines',
  'billing_run_items',
];

/** Billing shows what is of a matter or a client to those who may see it. An invoice says which matters its lines are of. */
export class IsolateMatters1767225619000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`alter table invoices add matter_ids uuid[] not null default '{}'`);
    // What an invoice says does not change, and no row is seen without a tenant: for this once it may, and they are.
    for (const table of ['invoices', 'invoice_lines'])
      await runner.query(`alter table ${table} no force row level security`);
    await runner.query('alter table invoices disable trigger user');
    await runner.query(`
      update invoices i set matter_ids = l.matter_ids from (
        select tenant_id, invoice_id, array_agg(distinct matter_id) as matter_ids from invoice_lines group by tenant_id, invoice_id
      ) l where l.tenant_id = i.tenant_id and l.invoice_id = i.id`);
    await runner.query('alter table invoices enable trigger user');
    for (const table of ['invoices', 'invoice_lines'])
      await runner.query(`alter table ${table} force row level security`);
    await runner.query('alter table invoices alter matter_ids drop default');
    for (const table of TABLES) await isolateByMatter(runner, table);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of TABLES)
      for (const policy of ['matter_access', 'matters_access', 'client_access', 'part_access'])
        await runner.query(`drop policy if exists ${policy} on ${table}`);
    await runner.query('alter table invoices drop column matter_ids');
  }
}
