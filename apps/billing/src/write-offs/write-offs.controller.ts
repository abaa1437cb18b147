import { Controller } from '@nestjs/common';
import { fromMoney, toMoney } from '@paradesk/contracts';
import {
  type ApproveWriteOffRequest,
  type DeclineWriteOffRequest,
  type GetWriteOffRequest,
  type ListWriteOffsRequest,
  type RequestWriteOffRequest,
  type ReverseWriteOffRequest,
  type WriteOff as WriteOffMessage,
  WriteOffsServiceControllerMethods,
  type WriteOffsServiceController,
  WriteOffStatus as WriteOffStatusMessage,
} from '@paradesk/contracts/paradesk/billing/v1/write_offs';
import { callerOf, type CallMetadata } from '@paradesk/platform';
import type { WriteOff, WriteOffStatus } from './write-off.entity.js';
import { WriteOffsService } from './write-offs.service.js';

const statuses: Record<WriteOffStatus, WriteOffStatusMessage> = {
  requested: WriteOffStatusMessage.REQUESTED,
  approved: WriteOffStatusMessage.APPROVED,
  declined: WriteOffStatusMessage.DECLINED,
  reversed: WriteOffStatusMessage.REVERSED,
};

@Controller()
@WriteOffsServiceControllerMethods()
export class WriteOffsController implements WriteOffsServiceController {
  constructor(private readonly writeOffs: WriteOffsService) {}

  async requestWriteOff({ invoiceId, amount, reason }: RequestWriteOffRequest, metadata: CallMetadata) {
    const asked = { invoiceId, amount: amount && fromMoney(amount, 'amount'), reason };
    return toProto(await this.writeOffs.request(callerOf(metadata), asked));
  }

  async approveWriteOff({ writeOffId }: ApproveWriteOffRequest, metadata: CallMetadata) {
    return toProto(await this.writeOffs.approve(callerOf(metadata), writeOffId));
  }

  async declineWriteOff({ writeOffId, reason }: DeclineWriteOffRequest, metadata: CallMetadata) {
    return toProto(await this.writeOffs.decline(callerOf(metadata), writeOffId, reason));
  }

  async reverseWriteOff({ writeOffId, reason }: ReverseWriteOffRequest, metadata: CallMetadata) {
    return toProto(await this.writeOffs.reverse(callerOf(metadata), writeOffId, reason));
  }

  async getWriteOff({ writeOffId }: GetWriteOffRequest, metadata: CallMetadata) {
    return toProto(await this.writeOffs.get(callerOf(metadata), writeOffId));
  }

  async listWriteOffs({ page, invoiceId, clientId, status }: ListWriteOffsRequest, metadata: CallMetadata) {
    const wanted = (Object.keys(statuses) as WriteOffStatus[]).find((one) => statuses[one] === status);
    const list = await this.writeOffs.list(callerOf(metadata), { invoiceId, clientId, status: wanted }, page);
    return { writeOffs: list.items.map(toProto), page: list.page };
  }
}

function toProto(writeOff: WriteOff): WriteOffMessage {
  const { id, clientId, invoiceId, reason, statusReason } = writeOff;
  return {
    id,
    clientId,
    invoiceId,
    amount: toMoney(writeOff.amount),
    reason,
    status: statuses[writeOff.status],
    requestedBy: writeOff.requestedBy ?? '',
    decidedBy: writeOff.decidedBy ?? '',
    statusReason,
  };
}
