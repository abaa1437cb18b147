import { isolateByTenant } from '@paradesk/platform';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Pre-bills and invoices, their lines, and the counters of their numbers. Triggers hold what an issued invoice promises. */
export class CreateInvoices1767225602000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createInvoices(runner);
    await createLines(runner);
    await runner.query(`
      create table invoice_number_counters (
        tenant_id uuid not null,
        year integer not null,
        last integer not null check (last > 0),
        primary key (tenant_id, year)
      )`);
    for (const table of ['invoices', 'invoice_lines', 'invoice_number_counters']) await isolateByTenant(runner, table);
    await runner.query(`
      create function refuse_removal() returns trigger language plpgsql as $$
      begin
        raise exception '% are never changed or removed', tg_table_name using errcode = 'restrict_violation';
      end $$`);
    for (const table of ['invoices', 'invoice_lines']) {
      await runner.query(
        `create trigger kept before delete on ${table} for each row execute function refuse_removal()`,
      );
      await runner.query(`create trigger kept_whole before truncate on ${table} execute function refuse_removal()`);
    }
    await guardInvoices(runner);
    await guardLines(runner);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table invoice_number_counters, invoice_lines, invoices');
    await runner.query('drop function refuse_removal, guard_invoice, guard_invoice_line');
  }
}

async function createInvoices(runner: QueryRunner): Promise<void> {
  await runner.query(`
    create table invoices (
      tenant_id uuid not null,
      id uuid not null,
      client_id uuid not null,
      number text,
      status text not null check (status in ('draft', 'approved', 'issued', 'partly_paid', 'paid', 'discarded')),
      currency text not null,
      billing_start date not null,
      billing_end date not null,
      issued_on date,
      due_on date,
      fees_minor bigint not null,
      expenses_minor bigint not null,
      adjustments_minor bigint not null,
      total_minor bigint not null,
      paid_minor bigint not null,
      pdf_document_id uuid,
      ledes_document_id uuid,
      drafted_at timestamptz not null,
      version integer not null,
      primary key (tenant_id, id),
      constraint invoices_number unique (tenant_id, number),
      foreign key (tenant_id, client_id) references clients (tenant_id, id),
      check (billing_start <= billing_end and issued_on <= due_on),
      check (total_minor = fees_minor + expenses_minor + adjustments_minor),
      check (paid_minor >= 0 and paid_minor <= greatest(total_minor, 0)),
      check ((status in ('issued', 'partly_paid', 'paid')) = (number is not null)),
      check ((number is null) = (issued_on is null) and (number is null) = (due_on is null) and (number is null) = (version = 0)),
      check ((status = 'paid') = (number is not null and paid_minor = total_minor)),
      check (status <> 'issued' or paid_minor = 0),
      check (status <> 'partly_paid' or paid_minor > 0)
    )`);
  await runner.query('create index invoices_client on invoices (tenant_id, client_id, id)');
}

async function createLines(runner: QueryRunner): Promise<void> {
  await runner.query(`
    create table invoice_lines (
      tenant_id uuid not null,
      id uuid not null,
      invoice_id uuid not null,
      position integer not null check (position > 0),
      kind text not null check (kind in ('fee', 'expense', 'fee_adjustment', 'expense_adjustment')),
      entry_id uuid not null,
      matter_id uuid not null,
      date date not null,
      person_id uuid,
      narrative text not null,
      task_code text not null,
      activity_code text not null,
      expense_code text not null,
      units numeric(14, 4),
      unit_cost numeric(14, 4),
      adjustment_minor bigint not null,
      amount_minor bigint not null,
      live boolean not null,
      primary key (tenant_id, id),
      unique (tenant_id, invoice_id, position),
      foreign key (tenant_id, invoice_id) references invoices (tenant_id, id),
      foreign key (tenant_id, matter_id) references matters (tenant_id, id),
      check ((kind = 'fee') = (person_id is not null))
    )`);
  // Whatever races: an entry is billed once.
  await runner.query('create unique index invoice_lines_live_entry on invoice_lines (tenant_id, entry_id) where live');
}

/** Figures are those of the draft for ever; an issued invoice keeps its number and dates, and its lines make its total. */
async function guardInvoices(runner: QueryRunner): Promise<void> {
  await runner.query(`
    create function guard_invoice() returns trigger language plpgsql as $$
    declare
      moving text[] := array['status', 'paid_minor', 'pdf_document_id', 'ledes_document_id', 'version'];
      total numeric;
    begin
      if tg_op = 'INSERT' then
        if new.status <> 'draft' then
          raise exception 'an invoice begins as a draft' using errcode = 'restrict_violation';
        end if;
        return new;
      end if;
      if old.number is null then
        moving := moving || array['number', 'issued_on', 'due_on'];
      end if;
      if to_jsonb(new) - moving is distinct from to_jsonb(old) - moving then
        raise exception 'what an invoice says does not change' using errcode = 'restrict_violation';
      end if;
      if new.paid_minor < old.paid_minor or new.version < old.version
        or (old.pdf_document_id is not null and new.pdf_document_id is distinct from old.pdf_document_id)
        or (old.ledes_document_id is not null and new.ledes_document_id is distinct from old.ledes_document_id)
        or (old.status = 'discarded' and new.status <> 'discarded') then
        raise exception 'an invoice does not go back' using errcode = 'restrict_violation';
      end if;
      if old.number is null and new.number is not null then
        if old.status <> 'approved' then
          raise exception 'an invoice is approved before it is issued' using errcode = 'restrict_violation';
        end if;
        select coalesce(sum(amount_minor), 0) into total from invoice_lines
          where tenant_id = new.tenant_id and invoice_id = new.id and live;
        if total <> new.total_minor then
          raise exception 'the lines of the invoice do not make its total' using errcode = 'restrict_violation';
        end if;
      end if;
      return new;
    end $$`);
  await runner.query(
    'create trigger guarded before insert or update on invoices for each row execute function guard_invoice()',
  );
}

/** Lines are written with their draft. Afterwards they can only be released, and only while the invoice is not issued. */
async function guardLines(runner: QueryRunner): Promise<void> {
  await runner.query(`
    create function guard_invoice_line() returns trigger language plpgsql as $$
    declare
      invoice_status text;
    begin
      -- Locked, so that nobody issues the invoice in the meantime.
      select status into invoice_status from invoices
        where tenant_id = new.tenant_id and id = new.invoice_id for share;
      if tg_op = 'INSERT' then
        if invoice_status is distinct from 'draft' then
          raise exception 'lines are written with their draft' using errcode = 'restrict_violation';
        end if;
        return new;
      end if;
      if to_jsonb(new) - 'live' is distinct from to_jsonb(old) - 'live' or (new.live and not old.live) then
        raise exception 'what a line says does not change' using errcode = 'restrict_violation';
      end if;
      if old.live and not new.live and invoice_status is distinct from 'discarded' then
        raise exception 'the lines of a live invoice stay' using errcode = 'restrict_violation';
      end if;
      return new;
    end $$`);
  await runner.query(
    'create trigger guarded before insert or update on invoice_lines for each row execute function guard_invoice_line()',
  );
}
