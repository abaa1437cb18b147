import { isolateByTenant } from '@paradesk/platform';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The double-entry ledger. The database itself keeps it balanced and append-only, whoever writes. */
export class CreateLedger1767225603000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table postings (
        tenant_id uuid not null,
        id uuid not null,
        kind text not null check (kind in ('invoice_issued', 'payment_received')),
        invoice_id uuid not null,
        payment_id uuid,
        posted_at timestamptz not null,
        line_count integer not null check (line_count >= 2),
        primary key (tenant_id, id),
        unique (tenant_id, payment_id),
        foreign key (tenant_id, invoice_id) references invoices (tenant_id, id),
        check ((kind = 'payment_received') = (payment_id is not null))
      )`);
    await runner.query(
      `create unique index postings_issue on postings (tenant_id, invoice_id) where kind = 'invoice_issued'`,
    );
    await runner.query('create index postings_invoice on postings (tenant_id, invoice_id, id)');
    await runner.query(`
      create table posting_lines (
        tenant_id uuid not null,
        posting_id uuid not null,
        position integer not null,
        account text not null check (account in ('receivables', 'fee_income', 'expense_recovery', 'cash')),
        client_id uuid not null,
        currency text not null,
        amount_minor bigint not null check (amount_minor <> 0),
        primary key (tenant_id, posting_id, position),
        foreign key (tenant_id, posting_id) references postings (tenant_id, id),
        foreign key (tenant_id, client_id) references clients (tenant_id, id)
      )`);
    for (const table of ['postings', 'posting_lines']) {
      await isolateByTenant(runner, table);
      await runner.query(
        `create trigger kept before update or delete on ${table} for each row execute function refuse_removal()`,
      );
      await runner.query(`create trigger kept_whole before truncate on ${table} execute function refuse_removal()`);
    }
    await balance(runner);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table posting_lines, postings');
    await runner.query('drop function balance_posting, balance_posting_of_line, require_balance');
  }
}

/**
 * Checked at commit, when all lines are there. The posting says how many lines it has, so that none can be added to it later, not
 * even two that cancel each other out.
 */
async function balance(runner: QueryRunner): Promise<void> {
  await runner.query(`
    create function require_balance(tenant uuid, posting uuid) returns void language plpgsql as $$
    begin
      if (select line_count from postings where tenant_id = tenant and id = posting)
        is distinct from (select count(*) from posting_lines where tenant_id = tenant and posting_id = posting) then
        raise exception 'posting % has not the lines that it says', posting using errcode = 'check_violation';
      end if;
      if exists (
        select from posting_lines where tenant_id = tenant and posting_id = posting
        group by currency having sum(amount_minor) <> 0
      ) then
        raise exception 'posting % does not sum to zero', posting using errcode = 'check_violation';
      end if;
    end $$`);
  await runner.query(`
    create function balance_posting() returns trigger language plpgsql as $$
    begin
      perform require_balance(new.tenant_id, new.id);
      return null;
    end $$`);
  await runner.query(`
    create function balance_posting_of_line() returns trigger language plpgsql as $$
    begin
      perform require_balance(new.tenant_id, new.posting_id);
      return null;
    end $$`);
  await runner.query(`
    create constraint trigger balanced after insert on postings
    deferrable initially deferred for each row execute function balance_posting()`);
  await runner.query(`
    create constraint trigger balanced after insert on posting_lines
    deferrable initially deferred for each row execute function balance_posting_of_line()`);
}
