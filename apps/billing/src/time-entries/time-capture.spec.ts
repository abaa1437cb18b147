import { describe, expect, it } from '@jest/globals';
import { Role } from '@paradesk/contracts/paradesk/common/v1/rule';
import { DomainError, Money, newId, type TimeRounding } from '@paradesk/kernel';
import { Temporal } from 'temporal-polyfill';
import { Agreement } from '../agreements/agreement.entity.js';
import { PLAIN_TERMS, type BillingTerms } from '../agreements/billing-terms.js';
import { lineAmount } from '../billable-work/line-amount.js';
import { Person } from '../people/person.entity.js';
import { checkTime, timeEntryOf, type TimeToRecord } from './time-capture.js';

const tenantId = newId(1);
const matter = { id: newId(1), clientId: newId(1) };
const today = Temporal.PlainDate.from('2026-03-02');
const paralegal = aPerson({});

describe('a time entry', () => {
  it.each([
    ['up by default', 7, { mode: 'up' }, 2_000n, 2_000n],
    ['to the nearest increment', 8, { mode: 'nearest' }, 1_000n, 1_000n],
    ['down', 11, { mode: 'down' }, 1_000n, 1_000n],
    ['down to nothing, which is no line of a bill', 5, { mode: 'down' }, 0n, 0n],
    ['to a quarter of an hour', 16, { mode: 'up', incrementMinutes: 15 }, 5_000n, 5_000n],
  ] as const)('rounds %s, then prices the rounded hours', (_name, minutes, rounding, hoursE4, amountMinor) => {
    const entry = timeEntryOf(aTime({ minutes }), paralegal, anAgreement(rounding), aRecording());
    expect(entry.hoursE4).toBe(hoursE4);
    expect(entry.amountMinor).toBe(amountMinor);
    expect(entry.workedMinutes).toBe(minutes);
    expect(entry.billable).toBe(hoursE4 > 0n);
    const { adjustmentMinor, currency } = entry;
    const factors = { unitsE4: entry.hoursE4, unitCostE4: entry.hourlyRateE4, adjustmentMinor, currency };
    expect(lineAmount(factors).amountMinor).toBe(entry.amountMinor);
  });

  it('of a virtual assistant is overhead: administrative, not billable, worth nothing, and needs no rate', () => {
    const assistant = aPerson({ id: newId(2), role: Role.VIRTUAL_ASSISTANT });
    const entry = timeEntryOf(aTime({ minutes: 60 }), assistant, anAgreement({}), aRecording());
    expect(entry.taskClass).toBe('administrative');
    expect(entry.billable).toBe(false);
    expect(entry.amountMinor).toBe(0n);
    expect(entry.hoursE4).toBe(10_000n);
  });

  it('that is clerical is billed where its rate is agreed in writing, and never at a paralegal’s', () => {
    const assistant = aPerson({ id: newId(2), role: Role.VIRTUAL_ASSISTANT });
    const agreement = anAgreement({}, { administrativeRateMinor: 3_500n });
    const entry = timeEntryOf(aTime({ minutes: 60 }), assistant, agreement, aRecording());
    expect([entry.taskClass, entry.billable, entry.amountMinor]).toEqual(['administrative', true, 3_500n]);
  });

  it('of a paralegal without an agreed rate is refused', () => {
    const other = aPerson({ id: newId(3) });
    expect(reasonOf(() => timeEntryOf(aTime({}), other, anAgreement({}), aRecording()))).toBe('NO_RATE');
  });

  it('off an enforced increment is refused, not rounded', () => {
    const agreement = anAgreement({ enforced: true });
    const refused = () => timeEntryOf(aTime({ minutes: 7 }), paralegal, agreement, aRecording());
    expect(reasonOf(refused)).toBe('INCREMENT_NOT_HONOURED');
  });
});

describe('stated time', () => {
  it.each([
    ['worked today', {}, {}, undefined],
    ['worked tomorrow, as it is further east', { workedOn: today.add({ days: 1 }) }, {}, undefined],
    ['worked the day after tomorrow', { workedOn: today.add({ days: 2 }) }, {}, 'WORK_IN_FUTURE'],
    ['on a task of UTBMS', { taskCode: 'L120', activityCode: 'A102' }, {}, undefined],
    ['on an unknown task', { taskCode: 'L999' }, {}, 'UNKNOWN_TASK_CODE'],
    ['on an expense code for a task', { taskCode: 'E101' }, {}, 'UNKNOWN_TASK_CODE'],
    ['of an unknown activity', { activityCode: 'A999' }, {}, 'UNKNOWN_ACTIVITY_CODE'],
    ['of somebody without a timekeeper code', {}, { timekeeperCode: '' }, 'NO_TIMEKEEPER'],
  ])('%s is judged before it is priced', (_name, time, person, reason) => {
    expect(reasonOf(() => checkTime(aTime(time), aPerson(person), today))).toBe(reason);
  });
});

function aTime(overrides: Partial<TimeToRecord>): TimeToRecord {
  return {
    workedOn: today,
    minutes: 6,
    narrative: 'Draft motion to compel',
    taskCode: '',
    activityCode: '',
    taskKind: '',
    ...overrides,
  };
}

function aPerson(overrides: Partial<Person>): Person {
  const own = { tenantId, id: tenantId, role: Role.PARALEGAL, timekeeperCode: 'PL1', version: 1 };
  return Object.assign(new Person(), own, overrides);
}

function anAgreement(rounding: Partial<TimeRounding>, billing: Partial<BillingTerms> = {}): Agreement {
  const agreement = Agreement.create(tenantId, newId(1), matter, {
    currency: 'USD',
    validFrom: today,
    paymentTermsDays: 30,
    timeRounding: { incrementMinutes: 6, mode: 'up', enforced: false, ...rounding },
    rates: [{ personId: paralegal.id, hourlyRate: Money.of(10_000n, 'USD') }],
    billing: { ...PLAIN_TERMS, ...billing },
  });
  return agreement.onMatter({ id: matter.id, practiceArea: '' }, []);
}

function aRecording() {
  const recordedAt = Temporal.Instant.from('2026-03-02T15:00:00Z');
  return {
    tenantId,
    id: newId(1),
    recordedAt,
    recordedBy: null,
    importRef: null,
    statusReason: '',
    lockOverrideReason: '',
  };
}

function reasonOf(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (error instanceof DomainError) return error.reason;
    throw error;
  }
}
