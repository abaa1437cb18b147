import { isolateByMatter, isolateByTenant } from '@paradesk/platform';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { dropUnnamed, replaceInGuard } from './1767225610400-allocate-payments.js';

const ACCOUNTS = `'receivables', 'fee_income', 'expense_recovery', 'tax_payable', 'cash', 'unapplied_cash'`;
const KINDS = `'invoice_issued', 'payment_received', 'payment_allocated', 'allocation_reversed', 'payment_refunded', 'payment_charged_back'`;
const MOVING = `'paid_minor', `;

/** What of an invoice will not be paid is written off: asked for by one person, approved by another. */
export class WriteOff1767225610410 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await extendInvoices(runner);
    await createWriteOffs(runner);
    await runner.query(`
      alter table posting_lines drop constraint posting_lines_account_check,
        add constraint posting_lines_account_check check (account in (${ACCOUNTS}, 'bad_debt'))`);
    await runner.query(`
      alter table postings drop constraint postings_kind_check,
        add constraint postings_kind_check check (kind in (${KINDS}, 'invoice_written_off', 'write_off_reversed'))`);
    // A write-off is booked, and perhaps taken back.
    await runner.query('drop index postings_source');
    await runner.query(
      'create unique index postings_source on postings (tenant_id, source_id, kind) where source_id is not null',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index postings_source');
    await runner.query(
      'create unique index postings_source on postings (tenant_id, source_id) where source_id is not null',
    );
    await runner.query(`
      alter table postings drop constraint postings_kind_check,
        add constraint postings_kind_check check (kind in (${KINDS}))`);
    await runner.query(`
      alter table posting_lines drop constraint posting_lines_account_check,
        add constraint posting_lines_account_check check (account in (${ACCOUNTS}))`);
    await runner.query('drop table write_offs');
    await runner.query('drop function guard_write_off');
    await replaceInGuard(runner, `${MOVING}'written_off_minor', `, MOVING);
    await runner.query(`
      alter table invoices drop constraint invoices_settled, drop constraint invoices_numbered, drop constraint invoices_status_check,
        drop column written_off_minor,
        add constraint invoices_status_check check (status in ('draft', 'approved', 'issued', 'partly_paid', 'paid', 'discarded')),
        add check ((status in ('issued', 'partly_paid', 'paid')) = (number is not null)),
        add check ((status = 'paid') = (number is not null and paid_minor = total_minor))`);
  }
}

async function extendInvoices(runner: QueryRunner): Promise<void> {
  await dropUnnamed(runner, 'invoices', `CHECK (((status = ANY %) = (number IS NOT NULL)))`);
  await dropUnnamed(runner, 'invoices', `CHECK (((status = 'paid'::text) = %`);
  await runner.query(`
    alter table invoices
      add written_off_minor bigint not null default 0,
      drop constraint invoices_status_check,
      add constraint invoices_status_check
        check (status in ('draft', 'approved', 'issued', 'partly_paid', 'paid', 'written_off', 'discarded')),
      add constraint invoices_numbered check ((status in ('issued', 'partly_paid', 'paid', 'written_off')) = (number is not null)),
      add constraint invoices_settled check (
        written_off_minor >= 0 and (written_off_minor = 0 or paid_minor + written_off_minor <= total_minor)
        and (status = 'paid') = (number is not null and paid_minor = total_minor)
        and (status = 'written_off') = (written_off_minor > 0 and paid_minor + written_off_minor = total_minor))`);
  await replaceInGuard(runner, MOVING, `${MOVING}'written_off_minor', `);
}

/** What is asked for never changes, and what was decided only by being taken back. */
async function createWriteOffs(runner: QueryRunner): Promise<void> {
  await runner.query(`
    create table write_offs (
      tenant_id uuid not null,
      id uuid not null,
      client_id uuid not null,
      invoice_id uuid not null,
      currency text not null,
      amount_minor bigint not null check (amount_minor > 0),
      reason text not null check (reason <> ''),
      status text not null check (status in ('requested', 'approved', 'declined', 'reversed')),
      requested_by uuid,
      decided_by uuid,
      status_reason text not null,
      primary key (tenant_id, id),
      foreign key (tenant_id, invoice_id) references invoices (tenant_id, id)
    )`);
  await runner.query(
    `create unique index write_offs_waiting on write_offs (tenant_id, invoice_id) where status = 'requested'`,
  );
  for (const by of ['invoice', 'client'])
    await runner.query(`create index write_offs_${by} on write_offs (tenant_id, ${by}_id, id)`);
  await isolateByTenant(runner, 'write_offs');
  await isolateByMatter(runner, 'write_offs');
  await runner.query(`
    create function guard_write_off() returns trigger language plpgsql as $$
    declare
      moving text[] := array['status', 'decided_by', 'status_reason'];
    begin
      if to_jsonb(new) - moving is distinct from to_jsonb(old) - moving
        or not (old.status = 'requested' and new.status in ('approved', 'declined') or old.status = 'approved' and new.status = 'reversed') then
        raise exception 'a write-off does not change' using errcode = 'restrict_violation';
      end if;
      return new;
    end $$`);
  await runner.query(
    'create trigger guarded before update on write_offs for each row execute function guard_write_off()',
  );
  await runner.query('create trigger kept before delete on write_offs for each row execute function refuse_removal()');
  await runner.query('create trigger kept_whole before truncate on write_offs execute function refuse_removal()');
}
