import { isolateByTenant } from '@paradesk/platform';
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateMessages1767225600001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table messages (
        tenant_id uuid not null,
        id uuid not null,
        client_id uuid not null,
        invoice_id uuid not null,
        template text not null,
        variables jsonb not null,
        attachment_document_ids uuid[] not null,
        recipient text not null,
        subject text not null,
        body text not null,
        status text not null check (status in ('QUEUED', 'SENT', 'FAILED')),
        failure text not null,
        written_at timestamptz not null,
        sent_at timestamptz,
        primary key (tenant_id, id),
        constraint messages_once unique (tenant_id, invoice_id, template)
      )`);
    await runner.query('create index messages_of_client on messages (tenant_id, client_id, id)');
    await isolateByTenant(runner, 'messages');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table messages');
  }
}
