import { WorkStatus as WorkStatusMessage } from '@paradesk/contracts/paradesk/billing/v1/time_entries';
import type { WorkStatus } from './captured-work.js';

const messages: Record<WorkStatus, WorkStatusMessage> = {
  recorded: WorkStatusMessage.RECORDED,
  approved: WorkStatusMessage.APPROVED,
  billed: WorkStatusMessage.BILLED,
  submitted: WorkStatusMessage.SUBMITTED,
  rejected: WorkStatusMessage.REJECTED,
  discarded: WorkStatusMessage.DISCARDED,
};

/** A status as the contracts carry it. */
export function toWorkStatus(status: WorkStatus): WorkStatusMessage {
  return messages[status];
}

/** The status that a filter means; undefined where it states none. */
export function fromWorkStatus(message: WorkStatusMessage): WorkStatus | undefined {
  return (Object.keys(messages) as WorkStatus[]).find((status) => messages[status] === message);
}
