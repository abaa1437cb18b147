import { Controller } from '@nestjs/common';
import { topics } from '@paradesk/contracts';
import type { TaskKindEvent } from '@paradesk/contracts/paradesk/identity/events/v1/task_kinds';
import { OnEvent, type ReceivedEvent, type Tx } from '@paradesk/platform';
import { TaskKindsService } from './task-kinds.service.js';

@Controller()
export class TaskKindsConsumer {
  constructor(private readonly taskKinds: TaskKindsService) {}

  @OnEvent(topics.task_kinds)
  async changed(tx: Tx, { payload }: ReceivedEvent<TaskKindEvent>): Promise<void> {
    const taskKind = payload.event?.value.taskKind;
    if (taskKind) await this.taskKinds.keep(tx, taskKind);
  }
}
