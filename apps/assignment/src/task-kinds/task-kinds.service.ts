import { Injectable } from '@nestjs/common';
import { type Tightenings } from '@paradesk/access';
import { TaskClass } from '@paradesk/contracts/paradesk/common/v1/rule';
import type { TaskKind as TaskKindMessage } from '@paradesk/contracts/paradesk/identity/v1/task_kinds';
import type { Tx } from '@paradesk/platform';
import { TaskKind } from './task-kind.entity.js';

@Injectable()
export class TaskKindsService {
  /** What the tenant has set of this kind, as the shipped catalogue takes it; nothing where it is as shipped. */
  async setFor(tx: Tx, code: string): Promise<Tightenings> {
    const kind = await tx.findOneBy(TaskKind, { tenantId: tx.tenantId, code });
    return kind ? { [code]: TaskClass[kind.taskClass as keyof typeof TaskClass] } : {};
  }

  /** Keeps what identity says of a kind of work, unless something newer is known. */
  async keep(tx: Tx, { code, taskClass, version }: TaskKindMessage): Promise<void> {
    await tx.query(
      `insert into task_kinds as known (tenant_id, code, task_class, version) values ($1, $2, $3, $4)
       on conflict (tenant_id, code) do update set task_class = excluded.task_class, version = excluded.version
       where excluded.version > known.version`,
      [tx.tenantId, code, TaskClass[taskClass], version],
    );
  }
}
