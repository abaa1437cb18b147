import { isolateByTenant, isolateByMatter } from '@paradesk/platform';
import type { MigrationInterface, QueryRunner } from 'typeorm';

const ACCOUNTS = `'receivables', 'fee_income', 'expense_recovery', 'tax_payable', 'cash'`;
const KINDS = `'invoice_issued', 'payment_received'`;
const RETURNS = `'payment_refunded', 'payment_charged_back'`;
const OF_PAYMENTS = `'payment_received', 'payment_allocated', 'allocation_reversed', ${RETURNS}`;

/** Payments are of a client: invoices get of them what is allocated, the rest is the client's credit, and money goes back. */
export class AllocatePayments1767225610400 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await extendPayments(runner);
    await createAllocations(runner);
    await allocateKnownPayments(runner);
    await createReturns(runner);
    for (const table of ['allocations', 'refunds', 'chargebacks']) {
      await isolateByTenant(runner, table);
      await isolateByMatter(runner, table);
      await runner.query(
        `create trigger kept before update or delete on ${table} for each row execute function refuse_removal()`,
      );
      await runner.query(`create trigger kept_whole before truncate on ${table} execute function refuse_removal()`);
    }
    await extendLedger(runner);
    // What was paid of an invoice can be taken back.
    await replaceInGuard(runner, 'new.paid_minor < old.paid_minor or ', '');
  }

  async down(runner: QueryRunner): Promise<void> {
    await replaceInGuard(
      runner,
      'new.version < old.version',
      'new.paid_minor < old.paid_minor or new.version < old.version',
    );
    await runner.query('drop index postings_source, postings_receipt');
    await runner.query(`
      alter table postings
        drop constraint postings_payment_kinds, drop constraint postings_invoice_kinds, drop constraint postings_source_kinds,
        drop constraint postings_kind_check, drop column source_id, drop column booked_on,
        alter invoice_id set not null, add unique (tenant_id, payment_id),
        add constraint postings_kind_check check (kind in (${KINDS})),
        add check ((kind = 'payment_received') = (payment_id is not null))`);
    await runner.query(`
      alter table posting_lines drop constraint posting_lines_account_check,
        add constraint posting_lines_account_check check (account in (${ACCOUNTS}))`);
    await runner.query('drop table chargebacks, refunds, allocations');
    await runner.query('drop trigger guarded on payments');
    await runner.query('drop trigger kept on payments');
    await runner.query('drop function guard_payment');
    await runner.query(
      'create trigger kept before update or delete on payments for each row execute function refuse_removal()',
    );
    await runner.query('drop index payments_client');
    await runner.query(`
      alter table payments drop constraint payments_spent, drop column allocated_minor, drop column refunded_minor,
        drop column charged_back_minor, alter invoice_id set not null`);
  }
}

/** What became of a payment moves; what was paid, by whom and when never does. Of no payment more is spent than came. */
async function extendPayments(runner: QueryRunner): Promise<void> {
  await runner.query(`
    alter table payments
      alter invoice_id drop not null,
      add allocated_minor bigint not null default 0,
      add refunded_minor bigint not null default 0,
      add charged_back_minor bigint not null default 0,
      add constraint payments_spent check (
        allocated_minor >= 0 and refunded_minor >= 0 and charged_back_minor >= 0
        and allocated_minor + refunded_minor + charged_back_minor <= amount_minor)`);
  await runner.query('create index payments_client on payments (tenant_id, client_id, id)');
  await runner.query(`
    create function guard_payment() returns trigger language plpgsql as $$
    declare
      moving text[] := array['allocated_minor', 'refunded_minor', 'charged_back_minor'];
    begin
      if to_jsonb(new) - moving is distinct from to_jsonb(old) - moving
        or new.refunded_minor < old.refunded_minor or new.charged_back_minor < old.charged_back_minor then
        raise exception 'what was paid does not change' using errcode = 'restrict_violation';
      end if;
      return new;
    end $$`);
  await runner.query('drop trigger kept on payments');
  await runner.query('create trigger kept before delete on payments for each row execute function refuse_removal()');
  await runner.query('create trigger guarded before update on payments for each row execute function guard_payment()');
}

async function createAllocations(runner: QueryRunner): Promise<void> {
  await runner.query(`
    create table allocations (
      tenant_id uuid not null,
      id uuid not null,
      client_id uuid not null,
      payment_id uuid not null,
      invoice_id uuid not null,
      currency text not null,
      amount_minor bigint not null check (amount_minor <> 0),
      allocated_on date not null,
      reason text not null default '',
      primary key (tenant_id, id),
      foreign key (tenant_id, client_id) references clients (tenant_id, id),
      foreign key (tenant_id, payment_id) references payments (tenant_id, id),
      foreign key (tenant_id, invoice_id) references invoices (tenant_id, id),
      check ((amount_minor < 0) = (reason <> ''))
    )`);
  for (const by of ['payment', 'invoice', 'client'])
    await runner.query(`create index allocations_${by} on allocations (tenant_id, ${by}_id, id)`);
}

/** What was paid before is allocated to its invoice. No row is seen without a tenant, and payments are guarded: for this once not. */
async function allocateKnownPayments(runner: QueryRunner): Promise<void> {
  await runner.query('alter table payments no force row level security, disable trigger user');
  await runner.query(`
    insert into allocations (tenant_id, id, client_id, payment_id, invoice_id, currency, amount_minor, allocated_on)
      select tenant_id, id, client_id, id, invoice_id, currency, amount_minor, received_on from payments`);
  await runner.query('update payments set allocated_minor = amount_minor');
  await runner.query('alter table payments force row level security, enable trigger user');
}

async function createReturns(runner: QueryRunner): Promise<void> {
  await runner.query(`
    create table refunds (
      tenant_id uuid not null,
      id uuid not null,
      client_id uuid not null,
      payment_id uuid not null,
      currency text not null,
      amount_minor bigint not null check (amount_minor > 0),
      refunded_on date not null,
      reference text not null,
      recorded_by uuid,
      primary key (tenant_id, id),
      constraint refunds_reference unique (tenant_id, client_id, reference),
      foreign key (tenant_id, payment_id) references payments (tenant_id, id)
    )`);
  await runner.query('create index refunds_payment on refunds (tenant_id, payment_id)');
  await runner.query(`
    create table chargebacks (
      tenant_id uuid not null,
      id uuid not null,
      client_id uuid not null,
      payment_id uuid not null,
      currency text not null,
      amount_minor bigint not null check (amount_minor > 0),
      charged_back_on date not null,
      reason text not null check (reason <> ''),
      recorded_by uuid,
      primary key (tenant_id, id),
      unique (tenant_id, payment_id),
      foreign key (tenant_id, payment_id) references payments (tenant_id, id)
    )`);
}

/** A posting may be of a payment alone, and says what it books and from which day it counts. */
async function extendLedger(runner: QueryRunner): Promise<void> {
  await runner.query(`
    alter table posting_lines
      drop constraint posting_lines_account_check,
      add constraint posting_lines_account_check check (account in (${ACCOUNTS}, 'unapplied_cash'))`);
  await dropUnnamed(runner, 'postings', 'UNIQUE (tenant_id, payment_id)');
  await dropUnnamed(runner, 'postings', 'CHECK (((kind = %payment_id IS NOT NULL%');
  await runner.query(`
    alter table postings
      alter invoice_id drop not null,
      add source_id uuid,
      add booked_on date,
      drop constraint postings_kind_check,
      add constraint postings_kind_check check (kind in ('invoice_issued', ${OF_PAYMENTS})),
      add constraint postings_payment_kinds check ((kind in (${OF_PAYMENTS})) = (payment_id is not null)),
      add constraint postings_invoice_kinds check (invoice_id is not null or kind in ('payment_received', ${RETURNS})),
      add constraint postings_source_kinds check ((kind in (${KINDS})) = (source_id is null))`);
  await runner.query(
    `create unique index postings_receipt on postings (tenant_id, payment_id) where kind = 'payment_received'`,
  );
  await runner.query(
    'create unique index postings_source on postings (tenant_id, source_id) where source_id is not null',
  );
}

/** Drops a constraint that was given no name when it was made. @param definition as the catalog prints it, for `like` */
export async function dropUnnamed(runner: QueryRunner, table: string, definition: string): Promise<void> {
  const [found]: { conname: string }[] = await runner.query(
    `select conname from pg_constraint where conrelid = $1::regclass and pg_get_constraintdef(oid) like $2`,
    [table, definition],
  );
  if (!found) throw new Error(`${table} have no constraint like ${definition}`);
  await runner.query(`alter table ${table} drop constraint ${found.conname}`);
}

/** Changes what the guard of invoices says. */
export async function replaceInGuard(runner: QueryRunner, text: string, by: string): Promise<void> {
  const [guard]: { definition: string }[] = await runner.query(
    `select pg_get_functiondef('guard_invoice'::regproc) as definition`,
  );
  if (!guard?.definition.includes(text)) throw new Error(`guard_invoice does not say ${text}`);
  await runner.query(guard.definition.replace(text, by));
}
