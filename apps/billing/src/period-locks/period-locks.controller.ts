import { Controller } from '@nestjs/common';
import { fromDate, toDate, toTimestamp } from '@paradesk/contracts';
import {
  PeriodLocksServiceControllerMethods,
  type LiftPeriodLockRequest,
  type ListPeriodLocksRequest,
  type LockPeriodRequest,
  type PeriodLock as PeriodLockMessage,
  type PeriodLocksServiceController,
} from '@paradesk/contracts/paradesk/billing/v1/period_locks';
import { callerOf, type CallMetadata } from '@paradesk/platform';
import type { PeriodLock } from './period-lock.entity.js';
import { PeriodLocksService } from './period-locks.service.js';

@Controller()
@PeriodLocksServiceControllerMethods()
export class PeriodLocksController implements PeriodLocksServiceController {
  constructor(private readonly locks: PeriodLocksService) {}

  async lockPeriod({ through, graceDays }: LockPeriodRequest, metadata: CallMetadata) {
    return toProto(await this.locks.lock(callerOf(metadata), fromDate(through, 'through'), graceDays));
  }

  async listPeriodLocks({ page }: ListPeriodLocksRequest, metadata: CallMetadata) {
    const list = await this.locks.list(callerOf(metadata), page);
    return { periodLocks: list.items.map(toProto), page: list.page };
  }

  async liftPeriodLock({ periodLockId, reason }: LiftPeriodLockRequest, metadata: CallMetadata) {
    return toProto(await this.locks.lift(callerOf(metadata), periodLockId, reason));
  }
}

function toProto({ id, through, holdsFrom, lockedAt, liftedAt, liftReason }: PeriodLock): PeriodLockMessage {
  return {
    id,
    through: toDate(through),
    holdsFrom: toDate(holdsFrom),
    lockedAt: toTimestamp(lockedAt),
    liftedAt: liftedAt ? toTimestamp(liftedAt) : undefined,
    liftReason,
  };
}
