import { Controller } from '@nestjs/common';
import {
  type AddTaskKindRequest,
  type ListReclassificationsRequest,
  type ListTaskKindsRequest,
  type ReclassifyTaskKindRequest,
  type SignOffReclassificationRequest,
  TaskKindsServiceControllerMethods,
  type TaskKindsServiceController,
} from '@paradesk/contracts/paradesk/identity/v1/task_kinds';
import { callerOf, type CallMetadata } from '@paradesk/platform';
import { toProto, toReclassification } from './task-kind.message.js';
import { TaskKindsService } from './task-kinds.service.js';

@Controller()
@TaskKindsServiceControllerMethods()
export class TaskKindsController implements TaskKindsServiceController {
  constructor(private readonly taskKinds: TaskKindsService) {}

  listTaskKinds(_request: ListTaskKindsRequest, metadata: CallMetadata) {
    return this.taskKinds.list(callerOf(metadata)).then((kinds) => ({ taskKinds: kinds.map(toProto) }));
  }

  addTaskKind({ code, title }: AddTaskKindRequest, metadata: CallMetadata) {
    return this.taskKinds.add(callerOf(metadata), code, title).then(toProto);
  }

  reclassifyTaskKind(request: ReclassifyTaskKindRequest, metadata: CallMetadata) {
    return this.taskKinds.reclassify(callerOf(metadata), request).then(toReclassification);
  }

  signOffReclassification(request: SignOffReclassificationRequest, metadata: CallMetadata) {
    return this.taskKinds.signOff(callerOf(metadata), request.reclassificationId).then(toReclassification);
  }

  listReclassifications({ page, code }: ListReclassificationsRequest, metadata: CallMetadata) {
    return this.taskKinds
      .listReclassifications(callerOf(metadata), page, code)
      .then((list) => ({ reclassifications: list.items.map(toReclassification), page: list.page }));
  }
}
