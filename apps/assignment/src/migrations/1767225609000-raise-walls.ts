import { isolateByMatter, isolateByTenant } from '@paradesk/platform';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Ethical walls, the end of assignments, and that matters are shown to those who may see them. */
export class RaiseWalls1767225609000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table assignments add column ended_at timestamptz check (ended_at >= assigned_at)');
    // Work that was ended can be assigned again.
    await runner.query('alter table assignments drop constraint assignments_once');
    await runner.query(
      'create unique index assignments_once on assignments (tenant_id, matter_id, person_id, work) where ended_at is null',
    );
    await runner.query(`
      create table walls (
        tenant_id uuid not null,
        id uuid not null,
        matter_id uuid not null,
        person_id uuid not null,
        reason text not null,
        raised_at timestamptz not null,
        raised_by uuid,
        acknowledged_at timestamptz,
        lifted_at timestamptz check (lifted_at >= raised_at),
        lifted_by uuid,
        lifted_reason text not null,
        primary key (tenant_id, id),
        foreign key (tenant_id, matter_id) references matters
      )`);
    await runner.query(
      'create unique index walls_once on walls (tenant_id, matter_id, person_id) where lifted_at is null',
    );
    await runner.query('create index walls_person on walls (tenant_id, person_id, id)');
    await isolateByTenant(runner, 'walls');
    await keepKnownMatters(runner);
    for (const table of ['clients', 'people', 'matters', 'assignments', 'walls']) await isolateByMatter(runner, table);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table walls');
    for (const table of ['matters', 'assignments']) await runner.query(`drop policy matter_access on ${table}`);
    for (const table of ['clients', 'people']) await runner.query(`drop policy client_access on ${table}`);
    await runner.query('drop index assignments_once');
    await runner.query(
      'alter table assignments drop column ended_at, add constraint assignments_once unique (tenant_id, matter_id, person_id, work)',
    );
  }
}

/** Teams of the matters that are there: nobody is walled yet, and every assignment goes on. The owner sees all rows while nothing is forced. */
async function keepKnownMatters(runner: QueryRunner): Promise<void> {
  const tables = ['matters', 'assignments', 'matter_access', 'matter_teams'];
  for (const table of tables) await runner.query(`alter table ${table} no force row level security`);
  await runner.query(`
    insert into matter_access (tenant_id, matter_id, client_id, version)
    select tenant_id, id, client_id, version from matters on conflict do nothing`);
  await runner.query(`
    insert into matter_teams (tenant_id, matter_id, person_id)
    select distinct tenant_id, matter_id, person_id from assignments on conflict do nothing`);
  for (const table of tables) await runner.query(`alter table ${table} force row level security`);
}
