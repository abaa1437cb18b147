import { Injectable } from '@nestjs/common';
import type { Caller } from '@paradesk/access';
import type { PageRequest, PageResult } from '@paradesk/contracts/paradesk/common/v1/page';
import type { Money } from '@paradesk/kernel';
import { Database, type Tx, insertEntities } from '@paradesk/platform';
import { AgreementsService } from '../agreements/agreements.service.js';
import type { WorkStatus } from '../billable-work/captured-work.js';
import { listById, moveWork, saveWork } from '../billable-work/captured-work.queries.js';
import { RecordingsService, type CapturedBy } from '../billable-work/recordings.service.js';
import type { Guideline } from '../guidelines/guideline.js';
import { GuidelinesService } from '../guidelines/guidelines.service.js';
import { isCaller, lockOwn, refuseOnInvoice, requireOwn, seesOwnOnly, timekeeperOf } from './own-time.js';
import { TimekeepingCopies } from './timekeeping-copies.js';
import { refuseSelfApproval } from './self-approval.js';
import { checkTime, timeEntryOf, type TimeToRecord } from './time-capture.js';
import { TimeEntry } from './time-entry.entity.js';

/** Which time entries. Empty values filter nothing. */
export interface TimeEntryFilter {
  readonly matterId: string;
  readonly personId: string;
  readonly status: WorkStatus | undefined;
}

/** Time to record: whose and for what. */
export interface TimeOfPerson {
  readonly matterId: string;
  /** The timekeeper; the caller where it is empty. */
  readonly personId: string;
  readonly time: TimeToRecord;
  /** Why it is recorded in a locked period; empty where it is not. */
  readonly overrideReason: string;
}

const NOUN = 'time entry';

@Injectable()
export class TimeEntriesService {
  constructor(
    private readonly database: Database,
    private readonly agreements: AgreementsService,
    private readonly copies: TimekeepingCopies,
    private readonly recordings: RecordingsService,
    private readonly guidelines: GuidelinesService,
  ) {}

  async record(caller: Caller, stated: TimeOfPerson): Promise<TimeEntry> {
    const recording = await this.prepare(caller, stated);
    return this.database.transaction(caller, recording);
  }

  /** What recording needs to know before a transaction; what it returns records in one. */
  async prepare(caller: Caller, stated: TimeOfPerson): Promise<(tx: Tx) => Promise<TimeEntry>> {
    const { matterId, time, overrideReason } = stated;
    const personId = timekeeperOf(caller, stated.personId);
    const { timekeeper, matter, tightenings } = await this.copies.require(caller, matterId, personId, time.taskKind);
    const by = await this.recordings.begin(caller);
    checkTime(time, timekeeper, by.today, tightenings);
    return async (tx) => {
      const agreement = await this.agreements.inForce(tx, matter.id, time.workedOn);
      const recording = await this.recordings.record(tx, by, time.workedOn, overrideReason);
      const entry = timeEntryOf(time, timekeeper, agreement, recording, tightenings);
      await this.guidelines.check(tx, [entry], by.timeZone);
      await insertEntities(tx, TimeEntry, [entry]);
      return entry;
    };
  }

  /** States anew what an entry says: rounded and priced as if it were recorded now. */
  async update(caller: Caller, id: string, time: TimeToRecord, overrideReason: string): Promise<TimeEntry> {
    const before = await this.get(caller, id);
    return this.restate(caller, before, { matterId: before.matterId, time, overrideReason }, (entry, restated) =>
      entry.update(restated),
    );
  }

  /** Moves an entry to another matter, where it is priced anew. */
  async transfer(
    caller: Caller,
    id: string,
    { matterId, reason, overrideReason }: { matterId: string; reason: string; overrideReason: string },
  ): Promise<TimeEntry> {
    const before = await this.get(caller, id);
    const { workedOn, workedMinutes: minutes, narrative, taskCode, activityCode, taskKind } = before;
    const time = { workedOn, minutes, narrative, taskCode, activityCode, taskKind };
    return this.restate(caller, before, { matterId, time, overrideReason }, (entry, restated) =>
      entry.transfer(restated, reason),
    );
  }

  async discard(caller: Caller, id: string, reason: string, overrideReason: string): Promise<TimeEntry> {
    const by = await this.recordings.begin(caller);
    return this.database.transaction(caller, async (tx) => {
      const entry = await lockOwn(tx, caller, id);
      if (entry.status === 'discarded') return entry;
      const lockOverrideReason = await this.recordings.requireOpen(tx, by, [entry.workedOn], overrideReason);
      entry.discard(reason);
      if (lockOverrideReason !== '') Object.assign(entry, { lockOverrideReason });
      await saveWork(tx, TimeEntry, entry);
      return entry;
    });
  }

  /** @throws DomainError what `TimeEntry.overrideRate` refuses */
  async overrideRate(caller: Caller, id: string, hourlyRate: Money, reason: string): Promise<TimeEntry> {
    const { timeZone } = await this.recordings.begin(caller);
    return this.database.transaction(caller, async (tx) => {
      const entry = await lockOwn(tx, caller, id);
      await refuseOnInvoice(tx, entry);
      entry.overrideRate(hourlyRate, reason);
      await this.guidelines.check(tx, [entry], timeZone);
      await saveWork(tx, TimeEntry, entry);
      return entry;
    });
  }

  /** @throws DomainError not-found FINDING_NOT_FOUND; forbidden SELF_APPROVAL for one's own time */
  async waive(
    caller: Caller,
    id: string,
    { guideline, reason }: { guideline: Guideline; reason: string },
  ): Promise<TimeEntry> {
    const { now } = await this.recordings.begin(caller);
    return this.database.transaction(caller, async (tx) => {
      const entry = await lockOwn(tx, caller, id);
      refuseSelfApproval(caller, entry);
      entry.waive(guideline, { personId: caller.personId ?? '', at: now.toString(), reason });
      await saveWork(tx, TimeEntry, entry);
      return entry;
    });
  }

  /** @throws DomainError not-found TIME_ENTRY_NOT_FOUND, also for another's entry where the caller sees their own only */
  async get(caller: Caller, id: string): Promise<TimeEntry> {
    return this.database.transaction(caller, async (tx) => {
      const entry = await tx.findOne(TimeEntry, { where: { tenantId: tx.tenantId, id } });
      return requireOwn(caller, id, entry);
    });
  }

  async list(
    caller: Caller,
    filter: TimeEntryFilter,
    page: PageRequest | undefined,
  ): Promise<{ items: TimeEntry[]; page: PageResult }> {
    const own = seesOwnOnly(caller);
    // Another's entries are not refused: a list holds what the caller may see, and of another's they see none.
    if (own && filter.personId !== '' && !isCaller(caller, filter.personId)) {
      return { items: [], page: { nextToken: '' } };
    }
    const personId = own ? caller.personId : filter.personId;
    return this.database.transaction(caller, (tx) => listById(tx, TimeEntry, { ...filter, personId }, page));
  }

  async submit(caller: Caller, ids: readonly string[]): Promise<TimeEntry[]> {
    return this.move(caller, ids, (entry) => {
      requireOwn(caller, entry.id, entry);
      entry.submit();
    });
  }

  async reject(caller: Caller, ids: readonly string[], reason: string): Promise<TimeEntry[]> {
    return this.move(caller, ids, (entry) => entry.reject(reason));
  }

  /** @throws DomainError forbidden SELF_APPROVAL */
  async approve(caller: Caller, ids: readonly string[]): Promise<TimeEntry[]> {
    return this.move(caller, ids, (entry) => {
      if (entry.status === 'approved' || entry.status === 'billed') return;
      refuseSelfApproval(caller, entry);
      entry.approve();
    });
  }

  private move(caller: Caller, ids: readonly string[], change: (entry: TimeEntry) => void): Promise<TimeEntry[]> {
    return this.database.transaction(caller, (tx) => moveWork(tx, TimeEntry, { noun: NOUN, ids }, change));
  }

  private async restate(
    caller: Caller,
    { id, personId, workedOn }: TimeEntry,
    { matterId, time, overrideReason }: Omit<TimeOfPerson, 'personId'>,
    change: (entry: TimeEntry, restated: TimeEntry) => void,
  ): Promise<TimeEntry> {
    const { timekeeper, matter, tightenings } = await this.copies.require(caller, matterId, personId, time.taskKind);
    const by: CapturedBy = await this.recordings.begin(caller);
    checkTime(time, timekeeper, by.today, tightenings);
    return this.database.transaction(caller, async (tx) => {
      const entry = await lockOwn(tx, caller, id);
      // Neither out of a locked period nor into one.
      const days = [workedOn, entry.workedOn, time.workedOn];
      const lockOverrideReason = await this.recordings.requireOpen(tx, by, days, overrideReason);
      const agreement = await this.agreements.inForce(tx, matter.id, time.workedOn);
      const recording = {
        ...this.recordings.unlocked(by),
        lockOverrideReason: lockOverrideReason || entry.lockOverrideReason,
      };
      await refuseOnInvoice(tx, entry);
      change(entry, timeEntryOf(time, timekeeper, agreement, recording, tightenings));
      await this.guidelines.check(tx, [entry], by.timeZone);
      await saveWork(tx, TimeEntry, entry);
      return entry;
    });
  }
}
