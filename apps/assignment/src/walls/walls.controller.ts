import { Controller } from '@nestjs/common';
import {
  type AcknowledgeWallRequest,
  type LiftWallRequest,
  type ListWallsRequest,
  type RaiseWallRequest,
  type WallsServiceController,
  WallsServiceControllerMethods,
} from '@paradesk/contracts/paradesk/assignment/v1/walls';
import { callerOf, type CallMetadata } from '@paradesk/platform';
import { toAcknowledgement, toProto } from './wall.message.js';
import { WallsService } from './walls.service.js';

@Controller()
@WallsServiceControllerMethods()
export class WallsController implements WallsServiceController {
  constructor(private readonly walls: WallsService) {}

  raiseWall(request: RaiseWallRequest, metadata: CallMetadata) {
    return this.walls.raise(callerOf(metadata), request).then(toProto);
  }

  liftWall({ wallId, reason }: LiftWallRequest, metadata: CallMetadata) {
    return this.walls.lift(callerOf(metadata), wallId, reason).then(toProto);
  }

  acknowledgeWall({ wallId }: AcknowledgeWallRequest, metadata: CallMetadata) {
    return this.walls.acknowledge(callerOf(metadata), wallId).then(toAcknowledgement);
  }

  listWalls(request: ListWallsRequest, metadata: CallMetadata) {
    return this.walls
      .list(callerOf(metadata), request)
      .then((list) => ({ walls: list.items.map(toProto), page: list.page }));
  }
}
