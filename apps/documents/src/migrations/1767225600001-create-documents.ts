import { isolateByTenant } from '@paradesk/platform';
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateDocuments1767225600001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // Folders and names are compared byte by byte, so that a page's cursor means the same whatever the locale.
    await runner.query(`
      create table documents (
        tenant_id uuid not null,
        id uuid not null,
        client_id uuid not null,
        matter_id uuid,
        folder text collate "C" not null,
        name text collate "C" not null,
        latest_version integer not null check (latest_version > 0),
        primary key (tenant_id, id),
        constraint documents_name unique nulls not distinct (tenant_id, client_id, matter_id, folder, name)
      )`);
    await runner.query('create index documents_listed on documents (tenant_id, folder, name, id)');
    await runner.query(`
      create table document_versions (
        tenant_id uuid not null,
        document_id uuid not null,
        number integer not null check (number > 0),
        sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
        size_bytes bigint not null check (size_bytes >= 0),
        media_type text not null,
        stored_at timestamptz not null,
        stored_by_person_id uuid,
        primary key (tenant_id, document_id, number),
        foreign key (tenant_id, document_id) references documents
      )`);
    // A version is what was sent or filed then: nobody edits it afterwards.
    await runner.query(`
      create function refuse_version_change() returns trigger language plpgsql as
      $$ begin raise exception 'versions of documents never change' using errcode = 'restrict_violation'; end $$`);
    await runner.query(`
      create trigger versions_never_change before update on document_versions
      for each row execute function refuse_version_change()`);
    for (const table of ['documents', 'document_versions']) await isolateByTenant(runner, table);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table document_versions, documents');
    await runner.query('drop function refuse_version_change');
  }
}
