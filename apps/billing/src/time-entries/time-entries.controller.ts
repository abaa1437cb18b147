import { Controller } from '@nestjs/common';
import { fromDate, toDate, toMoney } from '@paradesk/contracts';
import {
  TimeEntriesServiceControllerMethods,
  type ApproveTimeEntriesRequest,
  type GetTimeEntryRequest,
  type ListTimeEntriesRequest,
  type RecordTimeRequest,
  type TimeEntriesServiceController,
  type TimeEntry as TimeEntryMessage,
} from '@paradesk/contracts/paradesk/billing/v1/time_entries';
import { TaskClass } from '@paradesk/contracts/paradesk/common/v1/rule';
import { Money } from '@paradesk/kernel';
import { callerOf, type CallMetadata } from '@paradesk/platform';
import { formatE4 } from '../billable-work/line-amount.js';
import { fromWorkStatus, toWorkStatus } from '../billable-work/work-status.js';
import type { TimeToRecord } from './time-capture.js';
import { TimeEntriesService } from './time-entries.service.js';
import type { TimeEntry } from './time-entry.entity.js';

@Controller()
@TimeEntriesServiceControllerMethods()
export class TimeEntriesController implements TimeEntriesServiceController {
  constructor(private readonly timeEntries: TimeEntriesService) {}

  async recordTime(request: RecordTimeRequest, metadata: CallMetadata) {
    const { matterId, personId } = request;
    return toProto(await this.timeEntries.record(callerOf(metadata), matterId, personId, toTime(request)));
  }

  async getTimeEntry(request: GetTimeEntryRequest, metadata: CallMetadata) {
    return toProto(await this.timeEntries.get(callerOf(metadata), request.timeEntryId));
  }

  async listTimeEntries({ page, status, ...filter }: ListTimeEntriesRequest, metadata: CallMetadata) {
    const wanted = { ...filter, status: fromWorkStatus(status) };
    const list = await this.timeEntries.list(callerOf(metadata), wanted, page);
    return { timeEntries: list.items.map(toProto), page: list.page };
  }

  async approveTimeEntries(request: ApproveTimeEntriesRequest, metadata: CallMetadata) {
    const approved = await this.timeEntries.approve(callerOf(metadata), request.timeEntryIds);
    return { timeEntries: approved.map(toProto) };
  }
}

function toTime({ workedOn, minutes, narrative, taskCode, activityCode }: RecordTimeRequest): TimeToRecord {
  return { workedOn: fromDate(workedOn, 'workedOn'), minutes, narrative, taskCode, activityCode };
}

function toProto(entry: TimeEntry): TimeEntryMessage {
  return {
    id: entry.id,
    clientId: entry.clientId,
    matterId: entry.matterId,
    personId: entry.personId,
    workedOn: toDate(entry.workedOn),
    workedMinutes: entry.workedMinutes,
    hours: formatE4(entry.hoursE4),
    hourlyRate: formatE4(entry.hourlyRateE4),
    adjustment: toMoney(Money.of(entry.adjustmentMinor, entry.currency)),
    amount: toMoney(Money.of(entry.amountMinor, entry.currency)),
    narrative: entry.narrative,
    taskCode: entry.taskCode,
    activityCode: entry.activityCode,
    taskClass: entry.taskClass === 'substantive' ? TaskClass.SUBSTANTIVE : TaskClass.ADMINISTRATIVE,
    billable: entry.billable,
    status: toWorkStatus(entry.status),
  };
}
