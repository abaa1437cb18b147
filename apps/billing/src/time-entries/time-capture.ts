import type { Tightenings } from '@paradesk/access';
import { DomainError, hoursOf, roundMinutes } from '@paradesk/kernel';
import { Temporal } from 'temporal-polyfill';
import type { Agreement } from '../agreements/agreement.entity.js';
import type { Recording } from '../billable-work/captured-work.js';
import { lineAmount, parseE4 } from '../billable-work/line-amount.js';
import { isActivityCode, isTaskCode } from '../ledes/utbms.js';
import type { Person } from '../people/person.entity.js';
import { TimeEntry } from './time-entry.entity.js';
import { refuseBeyondRole, workClassOf } from './work-class.js';

/** Time as a person states it. */
export interface TimeToRecord {
  readonly workedOn: Temporal.PlainDate;
  readonly minutes: number;
  readonly narrative: string;
  /** UTBMS codes; empty where none is given. */
  readonly taskCode: string;
  readonly activityCode: string;
  /** Of the task catalogue; empty where the timekeeper's role says what class of work it is. */
  readonly taskKind: string;
}

/**
 * What can be said of stated time before the agreement is known.
 *
 * @param today in the tenant's time zone
 * @param tightenings what the tenant has set of kinds of work
 * @throws DomainError invalid WORK_IN_FUTURE, UNKNOWN_TASK_CODE, UNKNOWN_ACTIVITY_CODE; refused NO_TIMEKEEPER; forbidden where the role
 *   boundary does not let the timekeeper do this kind of work
 */
export function checkTime(
  time: TimeToRecord,
  timekeeper: Person,
  today: Temporal.PlainDate,
  tightenings: Tightenings = {},
): void {
  // A day of grace: a timekeeper west of the tenant's zone is not held up, one who works east of it is a day ahead.
  if (Temporal.PlainDate.compare(time.workedOn, today.add({ days: 1 })) > 0) {
    throw DomainError.invalid('workedOn', 'WORK_IN_FUTURE', 'time is recorded when it was worked, not before');
  }
  if (time.taskCode !== '' && !isTaskCode(time.taskCode)) {
    throw DomainError.invalid('taskCode', 'UNKNOWN_TASK_CODE', 'is no task code of UTBMS');
  }
  if (time.activityCode !== '' && !isActivityCode(time.activityCode)) {
    throw DomainError.invalid('activityCode', 'UNKNOWN_ACTIVITY_CODE', 'is no activity code of UTBMS');
  }
  refuseBeyondRole(time.taskKind, timekeeper, tightenings);
  if (timekeeper.timekeeperCode === '') {
    const message = 'the person has no timekeeper code, so their time cannot be billed';
    throw DomainError.refused('NO_TIMEKEEPER', message, { personId: timekeeper.id });
  }
}

/**
 * Makes the entry: rounds the time as the agreement says, prices it by the order of precedence, and leaves clerical time off the bill.
 *
 * @throws DomainError refused NO_RATE where no rate of the timekeeper applies, RATE_AMBIGUOUS where two do; invalid INCREMENT_NOT_HONOURED
 */
export function timeEntryOf(
  time: TimeToRecord,
  timekeeper: Person,
  agreement: Agreement,
  recording: Recording,
  tightenings: Tightenings = {},
): TimeEntry {
  const taskClass = workClassOf(timekeeper, time.taskKind, tightenings);
  const clericalRateE4 = agreement.administrativeRateE4;
  const hourlyRateE4 =
    taskClass === 'administrative' ? (clericalRateE4 ?? 0n) : agreedRateE4(agreement, timekeeper, time);
  const hoursE4 = parseE4(hoursOf(roundMinutes(time.minutes, agreement.timeRounding)), 'minutes');
  const { currency, clientId, matterId } = agreement;
  return Object.assign(new TimeEntry(), {
    ...recording,
    clientId,
    matterId,
    currency,
    personId: timekeeper.id,
    workedOn: time.workedOn,
    workedMinutes: time.minutes,
    hoursE4,
    hourlyRateE4,
    rateReason: '',
    adjustmentMinor: 0n,
    amountMinor: lineAmount({ unitsE4: hoursE4, unitCostE4: hourlyRateE4, adjustmentMinor: 0n, currency }).amountMinor,
    narrative: time.narrative,
    taskCode: time.taskCode,
    activityCode: time.activityCode,
    taskKind: time.taskKind,
    taskClass,
    findings: [],
    // Clerical work is overhead, unless its rate is agreed in writing. Time that is rounded down to nothing is no line of a bill: LEDES has
    // no fee without units.
    billable: (taskClass === 'substantive' || clericalRateE4 !== undefined) && hoursE4 > 0n,
    status: 'recorded' as const,
  });
}

function agreedRateE4(agreement: Agreement, timekeeper: Person, { taskCode, workedOn: day }: TimeToRecord): bigint {
  const { rate } = agreement.rateOf(timekeeper, { taskCode, day });
  if (rate) return rate.hourlyRateE4;
  const message = 'neither the agreement nor any rate says what an hour of the timekeeper costs';
  throw DomainError.refused('NO_RATE', message, { personId: timekeeper.id, agreementId: agreement.id });
}
