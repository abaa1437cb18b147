import { Controller } from '@nestjs/common';
import { toTimestamp } from '@paradesk/contracts';
import {
  TimersServiceControllerMethods,
  type DiscardTimerRequest,
  type GetRunningTimerRequest,
  type StartTimerRequest,
  type StopTimerRequest,
  type Timer as TimerMessage,
  type TimersServiceController,
} from '@paradesk/contracts/paradesk/billing/v1/timers';
import { callerOf, type CallMetadata } from '@paradesk/platform';
import { toTimeEntryMessage } from '../time-entries/time-entry.message.js';
import type { Timer } from './timer.entity.js';
import { TimersService } from './timers.service.js';

@Controller()
@TimersServiceControllerMethods()
export class TimersController implements TimersServiceController {
  constructor(private readonly timers: TimersService) {}

  async startTimer({ matterId, ...purpose }: StartTimerRequest, metadata: CallMetadata) {
    const { timer, recorded } = await this.timers.start(callerOf(metadata), matterId, purpose);
    return { timer: toProto(timer), recorded: recorded && toTimeEntryMessage(recorded) };
  }

  async getRunningTimer(_request: GetRunningTimerRequest, metadata: CallMetadata) {
    return toProto(await this.timers.running(callerOf(metadata)));
  }

  async stopTimer(request: StopTimerRequest, metadata: CallMetadata) {
    return toTimeEntryMessage(await this.timers.stop(callerOf(metadata), request));
  }

  async discardTimer(_request: DiscardTimerRequest, metadata: CallMetadata) {
    return toProto(await this.timers.discard(callerOf(metadata)));
  }
}

function toProto({ startedAt, stoppedAt, timeEntryId, ...timer }: Timer): TimerMessage {
  const { id, personId, matterId, narrative, taskCode, activityCode } = timer;
  return {
    id,
    personId,
    matterId,
    narrative,
    taskCode,
    activityCode,
    startedAt: toTimestamp(startedAt),
    stoppedAt: stoppedAt ? toTimestamp(stoppedAt) : undefined,
    timeEntryId: timeEntryId ?? '',
  };
}
