import { Injectable } from '@nestjs/common';
import type { Caller } from '@paradesk/access';
import type { PageRequest, PageResult } from '@paradesk/contracts/paradesk/common/v1/page';
import { Role } from '@paradesk/contracts/paradesk/common/v1/rule';
import { dateIn, DomainError } from '@paradesk/kernel';
import { Clock, Database, Ids } from '@paradesk/platform';
import { AgreementsService } from '../agreements/agreements.service.js';
import type { WorkStatus } from '../billable-work/captured-work.js';
import { approveWork, insertWork, listById } from '../billable-work/captured-work.queries.js';
import { TimekeepingCopies } from './timekeeping-copies.js';
import { checkTime, timeEntryOf, type TimeToRecord } from './time-capture.js';
import { TimeEntry } from './time-entry.entity.js';

/** Which time entries. Empty values filter nothing. */
export interface TimeEntryFilter {
  readonly matterId: string;
  readonly personId: string;
  readonly status: WorkStatus | undefined;
}

@Injectable()
export class TimeEntriesService {
  constructor(
    private readonly database: Database,
    private readonly agreements: AgreementsService,
    private readonly copies: TimekeepingCopies,
    private readonly clock: Clock,
    private readonly ids: Ids,
  ) {}

  /** @param personId the timekeeper; the caller where it is empty */
  async record(caller: Caller, matterId: string, personId: string, time: TimeToRecord): Promise<TimeEntry> {
    const timekeeperId = timekeeperOf(caller, personId);
    const { tenant, timekeeper, matter } = await this.copies.require(caller, matterId, timekeeperId);
    const recordedAt = this.clock.now();
    checkTime(time, timekeeper, dateIn(recordedAt, tenant.timeZone));
    return this.database.transaction(caller, async (tx) => {
      const agreement = await this.agreements.inForce(tx, matter.id, time.workedOn);
      const entry = timeEntryOf(time, timekeeper, agreement, {
        tenantId: tx.tenantId,
        id: this.ids.next(),
        recordedAt,
        recordedBy: caller.personId ?? null,
        importRef: null,
      });
      await insertWork(tx, TimeEntry, [entry]);
      return entry;
    });
  }

  /** @throws DomainError not-found TIME_ENTRY_NOT_FOUND, also for another's entry where the caller sees their own only */
  async get(caller: Caller, id: string): Promise<TimeEntry> {
    return this.database.transaction(caller, async (tx) => {
      const entry = await tx.findOne(TimeEntry, { where: { tenantId: tx.tenantId, id } });
      if (!entry || (seesOwnOnly(caller) && entry.personId !== caller.personId)) {
        throw DomainError.notFound('time entry', id);
      }
      return entry;
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

  async approve(caller: Caller, ids: readonly string[]): Promise<TimeEntry[]> {
    return this.database.transaction(caller, (tx) => approveWork(tx, TimeEntry, 'time entry', ids));
  }
}

function timekeeperOf(caller: Caller, personId: string): string {
  const timekeeperId = personId || caller.personId;
  if (!timekeeperId) throw DomainError.invalid('personId', 'NO_PERSON', 'whose time it is must be said');
  if (seesOwnOnly(caller) && !isCaller(caller, timekeeperId)) {
    throw DomainError.forbidden('NOT_OWN_TIME', 'paralegals and virtual assistants record their own time only');
  }
  return timekeeperId;
}

function seesOwnOnly({ role }: Caller): boolean {
  return role === Role.PARALEGAL || role === Role.VIRTUAL_ASSISTANT;
}

function isCaller(caller: Caller, personId: string): boolean {
  return personId.toLowerCase() === caller.personId?.toLowerCase();
}
