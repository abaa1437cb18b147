import type { Tightenings } from '@paradesk/access';
import { TaskClass } from '@paradesk/contracts/paradesk/common/v1/rule';
import type { TaskKind } from '@paradesk/contracts/paradesk/identity/v1/task_kinds';
import type { EntityManager, QueryRunner } from 'typeorm';
import { isolateByTenant } from '../database/row-level-security.js';

type TenantTx = Pick<EntityManager, 'query'> & { readonly tenantId: string };

/** Makes the copy of what tenants have set of kinds of work, in a migration of a service that asks what class work is of. */
export async function createTaskKinds(runner: QueryRunner): Promise<void> {
  await runner.query(`
    create table task_kinds (
      tenant_id uuid not null,
      code text not null,
      task_class text not null,
      version integer not null,
      primary key (tenant_id, code)
    )`);
  await isolateByTenant(runner, 'task_kinds');
}

/** Keeps what identity says of a kind of work, unless something newer is known: for the service's consumer of the topic `task_kinds`. */
export async function keepTaskKind(tx: TenantTx, { code, taskClass, version }: TaskKind): Promise<void> {
  await tx.query(
    `insert into task_kinds as known (tenant_id, code, task_class, version) values ($1, $2, $3, $4)
     on conflict (tenant_id, code) do update set task_class = excluded.task_class, version = excluded.version
     where excluded.version > known.version`,
    [tx.tenantId, code, TaskClass[taskClass], version],
  );
}

/** What the tenant has set of this kind, as the shipped catalogue takes it; nothing where it is as shipped or none is stated. */
export async function tighteningsOf(tx: TenantTx, code: string): Promise<Tightenings> {
  if (code === '') return {};
  const [kind]: { task_class: string }[] = await tx.query(
    'select task_class from task_kinds where tenant_id = $1 and code = $2',
    [tx.tenantId, code],
  );
  return kind ? { [code]: TaskClass[kind.task_class as keyof typeof TaskClass] } : {};
}
