import type { MigrationInterface, QueryRunner } from 'typeorm';
import { isolateByMatter, isolateByTenant } from '../database/row-level-security.js';

/**
 * Who is near which matter, in every service's database: a copy of what assignment says, kept by `MatterAccess`. `enter_as` makes of it the
 * settings that the policies of `isolateByMatter` compare with.
 */
export class CreateMatterAccess1767225500003 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table matter_access (
        tenant_id uuid not null,
        matter_id uuid not null,
        client_id uuid not null,
        version integer not null,
        primary key (tenant_id, matter_id)
      )`);
    await runner.query('create index matter_access_client on matter_access (tenant_id, client_id, matter_id)');
    for (const table of ['matter_teams', 'matter_walls']) {
      await runner.query(`
        create table ${table} (
          tenant_id uuid not null,
          person_id uuid not null,
          matter_id uuid not null,
          primary key (tenant_id, person_id, matter_id)
        )`);
      await runner.query(`create index ${table}_matter on ${table} (tenant_id, matter_id)`);
    }
    for (const table of ['matter_access', 'matter_teams', 'matter_walls']) {
      await isolateByTenant(runner, table);
      await isolateByMatter(runner, table);
    }
    await runner.query(ENTER_AS);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop function enter_as');
    await runner.query('drop table matter_walls, matter_teams, matter_access');
  }
}

// Reads as a service while it looks; what the person sees holds from its last line on. Somebody who sees every matter but the walled ones
// and is walled from none sees all: that is most managers, and for them a policy compares one setting.
const ENTER_AS = `
  create function enter_as(tenant uuid, act text, sight text, person uuid, client uuid) returns void language plpgsql as $$
  declare
    listed text;
  begin
    perform set_config('paradesk.tenant', tenant::text, true), set_config('paradesk.act', act, true), set_config('paradesk.sees', 'all', true);
    if sight = 'others' then
      select string_agg(w.matter_id::text, ',') into listed from matter_walls w where w.tenant_id = tenant and w.person_id = person;
      if listed is null then return; end if;
    elsif sight = 'team' then
      select string_agg(t.matter_id::text, ',') into listed from matter_teams t
      where t.tenant_id = tenant and t.person_id = person and not exists (
        select from matter_walls w where w.tenant_id = tenant and w.person_id = person and w.matter_id = t.matter_id)
        and (client is null or exists (
          select from matter_access a where a.tenant_id = tenant and a.matter_id = t.matter_id and a.client_id = client));
    elsif sight = 'client' then
      select string_agg(a.matter_id::text, ',') into listed from matter_access a
      where a.tenant_id = tenant and a.client_id = client and not exists (
        select from matter_walls w where w.tenant_id = tenant and w.person_id = person and w.matter_id = a.matter_id);
    end if;
    perform set_config('paradesk.matters', coalesce(listed, ''), true), set_config('paradesk.client', coalesce(client::text, ''), true),
      set_config('paradesk.sees', sight, true);
  end $$`;
