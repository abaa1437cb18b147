import { Controller } from '@nestjs/common';
import { fromDate, fromMoney, toDate, toMoney } from '@paradesk/contracts';
import {
  AdjustmentKind as AdjustmentKindMessage,
  AdjustmentsServiceControllerMethods,
  type Adjustment as AdjustmentMessage,
  type AdjustmentsServiceController,
  type ApproveAdjustmentsRequest,
  type GetAdjustmentRequest,
  type ListAdjustmentsRequest,
  type RecordAdjustmentRequest,
  type DiscardAdjustmentsRequest,
  type RejectAdjustmentsRequest,
} from '@paradesk/contracts/paradesk/billing/v1/adjustments';
import { Money } from '@paradesk/kernel';
import { callerOf, type CallMetadata } from '@paradesk/platform';
import { fromWorkStatus, toWorkStatus } from '../billable-work/work-status.js';
import type { Adjustment, AdjustmentToRecord } from './adjustment.entity.js';
import { AdjustmentsService } from './adjustments.service.js';

@Controller()
@AdjustmentsServiceControllerMethods()
export class AdjustmentsController implements AdjustmentsServiceController {
  constructor(private readonly adjustments: AdjustmentsService) {}

  async recordAdjustment(request: RecordAdjustmentRequest, metadata: CallMetadata) {
    const { matterId, lockOverrideReason } = request;
    const adjustment = toAdjustment(request);
    return toProto(await this.adjustments.record(callerOf(metadata), matterId, adjustment, lockOverrideReason));
  }

  async getAdjustment(request: GetAdjustmentRequest, metadata: CallMetadata) {
    return toProto(await this.adjustments.get(callerOf(metadata), request.adjustmentId));
  }

  async listAdjustments({ page, matterId, status }: ListAdjustmentsRequest, metadata: CallMetadata) {
    const list = await this.adjustments.list(callerOf(metadata), { matterId, status: fromWorkStatus(status) }, page);
    return { adjustments: list.items.map(toProto), page: list.page };
  }

  async approveAdjustments(request: ApproveAdjustmentsRequest, metadata: CallMetadata) {
    return { adjustments: (await this.adjustments.approve(callerOf(metadata), request.adjustmentIds)).map(toProto) };
  }

  async rejectAdjustments({ adjustmentIds, reason }: RejectAdjustmentsRequest, metadata: CallMetadata) {
    return { adjustments: (await this.adjustments.reject(callerOf(metadata), adjustmentIds, reason)).map(toProto) };
  }

  async discardAdjustments({ adjustmentIds, reason }: DiscardAdjustmentsRequest, metadata: CallMetadata) {
    return { adjustments: (await this.adjustments.discard(callerOf(metadata), adjustmentIds, reason)).map(toProto) };
  }
}

// The contracts' field rules let only stated, known kinds through.
function toAdjustment({ kind, appliesOn, amount, narrative }: RecordAdjustmentRequest): AdjustmentToRecord {
  return {
    kind: kind === AdjustmentKindMessage.FEE ? 'fee' : 'expense',
    appliesOn: fromDate(appliesOn, 'appliesOn'),
    amount: fromMoney(amount, 'amount'),
    narrative,
  };
}

function toProto(adjustment: Adjustment): AdjustmentMessage {
  return {
    id: adjustment.id,
    clientId: adjustment.clientId,
    matterId: adjustment.matterId,
    kind: adjustment.kind === 'fee' ? AdjustmentKindMessage.FEE : AdjustmentKindMessage.EXPENSE,
    appliesOn: toDate(adjustment.appliesOn),
    amount: toMoney(Money.of(adjustment.amountMinor, adjustment.currency)),
    narrative: adjustment.narrative,
    status: toWorkStatus(adjustment.status),
    statusReason: adjustment.statusReason,
    lockOverrideReason: adjustment.lockOverrideReason,
  };
}
