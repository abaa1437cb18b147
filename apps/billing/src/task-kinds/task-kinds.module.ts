import { Controller, Module } from '@nestjs/common';
import { topics } from '@paradesk/contracts';
import type { TaskKindEvent } from '@paradesk/contracts/paradesk/identity/events/v1/task_kinds';
import { keepTaskKind, OnEvent, type ReceivedEvent, type Tx } from '@paradesk/platform';

@Controller()
class TaskKindsConsumer {
  @OnEvent(topics.task_kinds)
  async changed(tx: Tx, { payload }: ReceivedEvent<TaskKindEvent>): Promise<void> {
    const taskKind = payload.event?.value.taskKind;
    if (taskKind) await keepTaskKind(tx, taskKind);
  }
}

@Module({ controllers: [TaskKindsConsumer] })
export class TaskKindsModule {}
