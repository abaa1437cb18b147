import type { MigrationInterface, QueryRunner } from 'typeorm';

const KINDS = `'fee', 'expense', 'fee_adjustment', 'expense_adjustment'`;
const DERIVED = `'minimum_fee', 'fee_discount', 'expense_discount'`;

/** Invoices have fixed fees, discounts and taxes, and one of several payers may get a share. Taxes are an account of the ledger. */
export class ExtendInvoices1767225610110 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table invoices
        add fixed_fees_minor bigint not null default 0,
        add taxes_minor bigint not null default 0,
        add share_percent numeric(14, 4) check (share_percent > 0 and share_percent <= 100),
        add split_id uuid,
        add notices jsonb not null default '[]'`);
    await replaceTotalCheck(runner, 'fees_minor + fixed_fees_minor + expenses_minor + adjustments_minor + taxes_minor');
    await runner.query('create index invoices_split on invoices (tenant_id, split_id) where split_id is not null');
    await runner.query(`
      alter table invoice_lines
        alter entry_id drop not null,
        add included_hours numeric(14, 4) not null default 0,
        add share_no integer not null default 1 check (share_no > 0),
        add tax_name text not null default '',
        add tax_percent numeric(14, 4) not null default 0 check (tax_percent >= 0),
        add tax_minor bigint not null default 0,
        add constraint invoice_lines_entry check ((entry_id is null) = (kind in (${DERIVED}))),
        drop constraint invoice_lines_kind_check,
        add constraint invoice_lines_kind_check check (kind in (${KINDS}, 'fixed_fee', 'subscription_fee', ${DERIVED}))`);
    // Whatever races: each payer's share of an entry is billed once.
    await runner.query('drop index invoice_lines_live_entry');
    await runner.query(
      'create unique index invoice_lines_live_entry on invoice_lines (tenant_id, entry_id, share_no) where live',
    );
    // What caps, minimums and included hours are counted from.
    await runner.query('create index invoice_lines_matter on invoice_lines (tenant_id, matter_id, date) where live');
    await replaceGuard(runner, 'amount_minor + tax_minor');
    await runner.query(`
      alter table posting_lines
        drop constraint posting_lines_account_check,
        add constraint posting_lines_account_check
          check (account in ('receivables', 'fee_income', 'expense_recovery', 'tax_payable', 'cash'))`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table posting_lines
        drop constraint posting_lines_account_check,
        add constraint posting_lines_account_check
          check (account in ('receivables', 'fee_income', 'expense_recovery', 'cash'))`);
    await replaceGuard(runner, 'amount_minor');
    await runner.query('drop index invoice_lines_matter, invoice_lines_live_entry');
    await runner.query(`
      alter table invoice_lines
        drop constraint invoice_lines_kind_check, add constraint invoice_lines_kind_check check (kind in (${KINDS})),
        drop constraint invoice_lines_entry, alter entry_id set not null,
        drop column included_hours, drop column share_no, drop column tax_name, drop column tax_percent, drop column tax_minor`);
    await runner.query(
      'create unique index invoice_lines_live_entry on invoice_lines (tenant_id, entry_id) where live',
    );
    await replaceTotalCheck(runner, 'fees_minor + expenses_minor + adjustments_minor');
    await runner.query(`
      alter table invoices drop column fixed_fees_minor, drop column taxes_minor, drop column share_percent,
        drop column split_id, drop column notices`);
  }
}

// The check was given no name when it was made.
async function replaceTotalCheck(runner: QueryRunner, sum: string): Promise<void> {
  const [check]: { conname: string }[] = await runner.query(
    `select conname from pg_constraint where conrelid = 'invoices'::regclass and contype = 'c'
     and pg_get_constraintdef(oid) like 'CHECK ((total_minor = %'`,
  );
  if (!check) throw new Error('invoices have no check of their total');
  await runner.query(`alter table invoices drop constraint ${check.conname}`);
  await runner.query(`alter table invoices add constraint invoices_total check (total_minor = ${sum})`);
}

// All of it stays but for what the lines are summed up from.
async function replaceGuard(runner: QueryRunner, lineTotal: string): Promise<void> {
  const [guard]: { definition: string }[] = await runner.query(
    `select pg_get_functiondef('guard_invoice'::regproc) as definition`,
  );
  const changed = guard?.definition.replace(/coalesce\(sum\([^)]*\), 0\)/, `coalesce(sum(${lineTotal}), 0)`);
  if (!changed?.includes(lineTotal)) throw new Error('guard_invoice does not sum up lines');
  await runner.query(changed);
}
