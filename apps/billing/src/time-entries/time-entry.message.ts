import { toDate, toMoney } from '@paradesk/contracts';
import type { TimeEntry as TimeEntryMessage } from '@paradesk/contracts/paradesk/billing/v1/time_entries';
import { TaskClass } from '@paradesk/contracts/paradesk/common/v1/rule';
import { Money } from '@paradesk/kernel';
import { formatE4 } from '../billable-work/line-amount.js';
import { toFinding } from '../guidelines/guideline.message.js';
import { toWorkStatus } from '../billable-work/work-status.js';
import type { TimeEntry } from './time-entry.entity.js';

/** A time entry as the contracts carry it. */
export function toTimeEntryMessage(entry: TimeEntry): TimeEntryMessage {
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
    statusReason: entry.statusReason,
    lockOverrideReason: entry.lockOverrideReason,
    taskKind: entry.taskKind,
    rateReason: entry.rateReason,
    findings: entry.findings.map(toFinding),
  };
}
