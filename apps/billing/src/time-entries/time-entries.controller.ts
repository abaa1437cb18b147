import { Controller } from '@nestjs/common';
import { fromDate, fromMoney } from '@paradesk/contracts';
import {
  TimeEntriesServiceControllerMethods,
  type ApproveTimeEntriesRequest,
  type GetTimeEntryRequest,
  type DiscardTimeEntryRequest,
  type ListTimeEntriesRequest,
  type OverrideTimeEntryRateRequest,
  type RecordTimeRequest,
  type RejectTimeEntriesRequest,
  type SubmitTimeEntriesRequest,
  type TransferTimeEntryRequest,
  type UpdateTimeEntryRequest,
  type WaiveFindingRequest,
  type TimeEntriesServiceController,
} from '@paradesk/contracts/paradesk/billing/v1/time_entries';
import { callerOf, type CallMetadata } from '@paradesk/platform';
import { fromWorkStatus } from '../billable-work/work-status.js';
import { fromGuideline } from '../guidelines/guideline.message.js';
import type { TimeToRecord } from './time-capture.js';
import { TimeEntriesService } from './time-entries.service.js';
import { toTimeEntryMessage } from './time-entry.message.js';

@Controller()
@TimeEntriesServiceControllerMethods()
export class TimeEntriesController implements TimeEntriesServiceController {
  constructor(private readonly timeEntries: TimeEntriesService) {}

  async recordTime(request: RecordTimeRequest, metadata: CallMetadata) {
    const { matterId, personId, lockOverrideReason: overrideReason } = request;
    const stated = { matterId, personId, time: toTime(request), overrideReason };
    return toTimeEntryMessage(await this.timeEntries.record(callerOf(metadata), stated));
  }

  async getTimeEntry(request: GetTimeEntryRequest, metadata: CallMetadata) {
    return toTimeEntryMessage(await this.timeEntries.get(callerOf(metadata), request.timeEntryId));
  }

  async listTimeEntries({ page, status, ...filter }: ListTimeEntriesRequest, metadata: CallMetadata) {
    const wanted = { ...filter, status: fromWorkStatus(status) };
    const list = await this.timeEntries.list(callerOf(metadata), wanted, page);
    return { timeEntries: list.items.map(toTimeEntryMessage), page: list.page };
  }

  async updateTimeEntry(request: UpdateTimeEntryRequest, metadata: CallMetadata) {
    const { timeEntryId, lockOverrideReason } = request;
    const time = toTime(request);
    return toTimeEntryMessage(await this.timeEntries.update(callerOf(metadata), timeEntryId, time, lockOverrideReason));
  }

  async transferTimeEntry(request: TransferTimeEntryRequest, metadata: CallMetadata) {
    const { timeEntryId, matterId, reason, lockOverrideReason: overrideReason } = request;
    const to = { matterId, reason, overrideReason };
    return toTimeEntryMessage(await this.timeEntries.transfer(callerOf(metadata), timeEntryId, to));
  }

  async discardTimeEntry({ timeEntryId, reason, lockOverrideReason }: DiscardTimeEntryRequest, metadata: CallMetadata) {
    const caller = callerOf(metadata);
    return toTimeEntryMessage(await this.timeEntries.discard(caller, timeEntryId, reason, lockOverrideReason));
  }

  async overrideTimeEntryRate(request: OverrideTimeEntryRateRequest, metadata: CallMetadata) {
    const { timeEntryId, reason } = request;
    const hourlyRate = fromMoney(request.hourlyRate, 'hourlyRate');
    return toTimeEntryMessage(await this.timeEntries.overrideRate(callerOf(metadata), timeEntryId, hourlyRate, reason));
  }

  async waiveFinding({ timeEntryId, guideline, reason }: WaiveFindingRequest, metadata: CallMetadata) {
    const waived = { guideline: fromGuideline(guideline), reason };
    return toTimeEntryMessage(await this.timeEntries.waive(callerOf(metadata), timeEntryId, waived));
  }

  async submitTimeEntries({ timeEntryIds }: SubmitTimeEntriesRequest, metadata: CallMetadata) {
    return { timeEntries: (await this.timeEntries.submit(callerOf(metadata), timeEntryIds)).map(toTimeEntryMessage) };
  }

  async rejectTimeEntries({ timeEntryIds, reason }: RejectTimeEntriesRequest, metadata: CallMetadata) {
    return {
      timeEntries: (await this.timeEntries.reject(callerOf(metadata), timeEntryIds, reason)).map(toTimeEntryMessage),
    };
  }

  async approveTimeEntries(request: ApproveTimeEntriesRequest, metadata: CallMetadata) {
    const approved = await this.timeEntries.approve(callerOf(metadata), request.timeEntryIds);
    return { timeEntries: approved.map(toTimeEntryMessage) };
  }
}

function toTime(stated: RecordTimeRequest | UpdateTimeEntryRequest): TimeToRecord {
  const { workedOn, minutes, narrative, taskCode, activityCode, taskKind } = stated;
  return { workedOn: fromDate(workedOn, 'workedOn'), minutes, narrative, taskCode, activityCode, taskKind };
}
