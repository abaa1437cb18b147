import { Controller } from '@nestjs/common';
import {
  type AssignParalegalRequest,
  type EndAssignmentRequest,
  type GetMatterRequest,
  type GetMatterStateRequest,
  type ListMattersRequest,
  type MattersServiceController,
  MattersServiceControllerMethods,
  type OpenMatterRequest,
  PartySide,
  PracticeArea,
} from '@paradesk/contracts/paradesk/assignment/v1/matters';
import { callerOf, type CallMetadata } from '@paradesk/platform';
import type { Intake, Party } from './matter.entity.js';
import { toProto } from './matter.message.js';
import { MattersService } from './matters.service.js';

@Controller()
@MattersServiceControllerMethods()
export class MattersController implements MattersServiceController {
  constructor(private readonly matters: MattersService) {}

  openMatter(request: OpenMatterRequest, metadata: CallMetadata) {
    return this.matters.open(callerOf(metadata), toIntake(request), request.walls).then(toProto);
  }

  getMatter(request: GetMatterRequest, metadata: CallMetadata) {
    return this.matters.get(callerOf(metadata), request.matterId).then(toProto);
  }

  listMatters(request: ListMattersRequest, metadata: CallMetadata) {
    return this.matters
      .list(callerOf(metadata), request)
      .then((list) => ({ matters: list.items.map(toProto), page: list.page }));
  }

  assignParalegal(request: AssignParalegalRequest, metadata: CallMetadata) {
    return this.matters.assign(callerOf(metadata), request).then(toProto);
  }

  endAssignment({ matterId, assignmentId }: EndAssignmentRequest, metadata: CallMetadata) {
    return this.matters.endAssignment(callerOf(metadata), matterId, assignmentId).then(toProto);
  }

  getMatterState(request: GetMatterStateRequest, metadata: CallMetadata) {
    return this.matters
      .state(callerOf(metadata), request.matterId)
      .then((matter) => ({ matter: toProto(matter), walledPersonIds: [...matter.walledPersonIds] }));
  }
}

// The contracts' field rules let only stated, known practice areas and sides through.
function toIntake({ parties, practiceArea, walls: _walls, ...rest }: OpenMatterRequest): Intake {
  return {
    ...rest,
    practiceArea: PracticeArea[practiceArea],
    parties: parties.map(({ name, side }) => ({ name, side: PartySide[side] as Party['side'] })),
  };
}
