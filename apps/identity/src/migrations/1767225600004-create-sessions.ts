import { isolateByTenant } from '@paradesk/platform';
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateSessions1767225600004 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table people add column deactivated_at timestamptz');
    // An operator is nobody's person: their sessions belong to the tenant id that no tenant has.
    await runner.query(`
      create table sessions (
        tenant_id uuid not null,
        id uuid not null,
        person_id uuid,
        operator_id uuid,
        public_id text not null,
        secret_sha256 bytea not null check (length(secret_sha256) = 32),
        nonce_sha256 bytea not null check (length(nonce_sha256) = 32),
        user_agent text not null,
        created_at timestamptz not null,
        last_used_at timestamptz not null,
        expires_at timestamptz not null,
        revoked_at timestamptz,
        primary key (tenant_id, id),
        foreign key (tenant_id, person_id) references people,
        constraint sessions_public_id unique (tenant_id, public_id),
        constraint sessions_nonce unique (tenant_id, nonce_sha256),
        check (num_nonnulls(person_id, operator_id) = 1)
      )`);
    await runner.query('create index sessions_of_person on sessions (tenant_id, person_id, id)');
    await isolateByTenant(runner, 'sessions');
    await createInvitations(runner);
    await createDirectories(runner);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table sign_ins, credential_directory, invitations, sessions');
    await runner.query('alter table people drop column deactivated_at');
  }
}

async function createInvitations(runner: QueryRunner): Promise<void> {
  await runner.query(`
      create table invitations (
        tenant_id uuid not null,
        id uuid not null,
        person_id uuid not null,
        public_id text not null,
        secret_sha256 bytea not null check (length(secret_sha256) = 32),
        created_at timestamptz not null,
        expires_at timestamptz not null,
        accepted_at timestamptz,
        revoked_at timestamptz,
        primary key (tenant_id, id),
        foreign key (tenant_id, person_id) references people,
        constraint invitations_public_id unique (tenant_id, public_id),
        check (accepted_at is null or revoked_at is null)
      )`);
  await runner.query(`
      create unique index invitations_pending on invitations (tenant_id, person_id)
        where accepted_at is null and revoked_at is null`);
  await isolateByTenant(runner, 'invitations');
}

async function createDirectories(runner: QueryRunner): Promise<void> {
  // Who presents a session or an invitation, or comes from the provider, does not say of which tenant they are. So these two tables
  // are read before the tenant is known and have no row-level security; they hold nothing but where to look: no secret, no name.
  await runner.query('create table credential_directory (public_id text primary key, tenant_id uuid not null)');
  await runner.query(`
      create table sign_ins (
        issuer text not null,
        subject text not null,
        tenant_id uuid not null,
        person_id uuid not null,
        constraint sign_ins_subject primary key (issuer, subject, tenant_id),
        constraint sign_ins_person unique (tenant_id, person_id),
        foreign key (tenant_id, person_id) references people
      )`);
}
