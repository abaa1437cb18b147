import { isolateByTenant } from '@paradesk/platform';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Money received for invoices. */
export class CreatePayments1767225604000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table payments (
        tenant_id uuid not null,
        id uuid not null,
        client_id uuid not null,
        invoice_id uuid not null,
        currency text not null,
        amount_minor bigint not null check (amount_minor > 0),
        received_on date not null,
        reference text not null,
        recorded_by uuid,
        primary key (tenant_id, id),
        constraint payments_reference unique (tenant_id, client_id, reference),
        foreign key (tenant_id, invoice_id) references invoices (tenant_id, id)
      )`);
    await runner.query('create index payments_invoice on payments (tenant_id, invoice_id, id)');
    await runner.query(
      'alter table postings add constraint postings_payment foreign key (tenant_id, payment_id) references payments (tenant_id, id)',
    );
    await isolateByTenant(runner, 'payments');
    await runner.query(
      'create trigger kept before update or delete on payments for each row execute function refuse_removal()',
    );
    await runner.query('create trigger kept_whole before truncate on payments execute function refuse_removal()');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table postings drop constraint postings_payment');
    await runner.query('drop table payments');
  }
}
