import { Injectable } from '@nestjs/common';
import type { Caller } from '@paradesk/access';
import { DomainError } from '@paradesk/kernel';
import { Database, Ids, type Tx } from '@paradesk/platform';
import type { Temporal } from 'temporal-polyfill';
import { IsNull } from 'typeorm';
import { RecordingsService } from '../billable-work/recordings.service.js';
import { TimeEntriesService } from '../time-entries/time-entries.service.js';
import type { TimeEntry } from '../time-entries/time-entry.entity.js';
import { TimekeepingCopies } from '../time-entries/timekeeping-copies.js';
import { Timer } from './timer.entity.js';

/** What the time is for. */
export interface TimerPurpose {
  readonly narrative: string;
  readonly taskCode: string;
  readonly activityCode: string;
}

/** What is recorded of a timer: empty values stand for what it says itself, zero minutes for what it ran. */
export interface StatedTime extends TimerPurpose {
  readonly minutes: number;
}

const AS_IT_SAYS: StatedTime = { narrative: '', taskCode: '', activityCode: '', minutes: 0 };

@Injectable()
export class TimersService {
  constructor(
    private readonly database: Database,
    private readonly timeEntries: TimeEntriesService,
    private readonly copies: TimekeepingCopies,
    private readonly recordings: RecordingsService,
    private readonly ids: Ids,
  ) {}

  /** Starts the caller's timer; of one that runs the time is recorded, in the same transaction. */
  async start(
    caller: Caller,
    matterId: string,
    purpose: TimerPurpose,
  ): Promise<{ timer: Timer; recorded: TimeEntry | undefined }> {
    const personId = personOf(caller);
    const { matter } = await this.copies.require(caller, matterId, personId, '');
    const running = await this.find(caller);
    const { now: startedAt } = await this.recordings.begin(caller);
    const record = running && (await this.recording(caller, running, AS_IT_SAYS, startedAt));
    return this.database.transaction(caller, async (tx) => {
      const recorded = running && record && (await this.stopRunning(tx, running, startedAt, record));
      const own = { tenantId: tx.tenantId, id: this.ids.next(), personId, matterId: matter.id };
      const timer = Object.assign(new Timer(), { ...own, ...purpose, startedAt, stoppedAt: null, timeEntryId: null });
      await tx.insert(Timer, timer);
      return { timer, recorded };
    });
  }

  /** @throws DomainError not-found TIMER_NOT_FOUND where none runs */
  async running(caller: Caller): Promise<Timer> {
    return (await this.find(caller)) ?? noTimer();
  }

  async stop(caller: Caller, stated: StatedTime): Promise<TimeEntry> {
    const running = await this.running(caller);
    const { now } = await this.recordings.begin(caller);
    const record = await this.recording(caller, running, stated, now);
    return this.database.transaction(caller, (tx) => this.stopRunning(tx, running, now, record));
  }

  async discard(caller: Caller): Promise<Timer> {
    const running = await this.running(caller);
    const { now } = await this.recordings.begin(caller);
    return this.database.transaction(caller, async (tx) => {
      const timer = await lockRunning(tx, running.id);
      await save(tx, timer, now, null);
      return timer;
    });
  }

  private async find(caller: Caller): Promise<Timer | undefined> {
    const personId = personOf(caller);
    return this.database.transaction(caller, async (tx) => {
      const where = { tenantId: tx.tenantId, personId, stoppedAt: IsNull() };
      return (await tx.findOne(Timer, { where })) ?? undefined;
    });
  }

  /** What records the time of the timer: of the day it was started, as its person counts days. */
  private async recording(caller: Caller, timer: Timer, stated: StatedTime, now: Temporal.Instant) {
    const { matterId, personId, startedAt } = timer;
    const narrative = stated.narrative || timer.narrative;
    if (narrative === '') {
      throw DomainError.invalid(
        'narrative',
        'FIELD_REQUIRED',
        'what was done must be said before the timer is stopped',
      );
    }
    const time = {
      workedOn: await this.recordings.dayOf(caller, startedAt),
      minutes: stated.minutes || timer.minutesAt(now),
      narrative,
      taskCode: stated.taskCode || timer.taskCode,
      activityCode: stated.activityCode || timer.activityCode,
      taskKind: '',
    };
    return this.timeEntries.prepare(caller, { matterId, personId, time, overrideReason: '' });
  }

  private async stopRunning(
    tx: Tx,
    { id }: Timer,
    now: Temporal.Instant,
    record: (tx: Tx) => Promise<TimeEntry>,
  ): Promise<TimeEntry> {
    const timer = await lockRunning(tx, id);
    const entry = await record(tx);
    await save(tx, timer, now, entry.id);
    return entry;
  }
}

function personOf({ personId }: Caller): string {
  if (personId) return personId;
  throw DomainError.invalid('personId', 'NO_PERSON', "a timer is somebody's: a person has to start it");
}

/** Of two who stop it at once the second finds none that runs. */
async function lockRunning(tx: Tx, id: string): Promise<Timer> {
  const where = { tenantId: tx.tenantId, id, stoppedAt: IsNull() };
  return (await tx.findOne(Timer, { where, lock: { mode: 'pessimistic_write' } })) ?? noTimer();
}

async function save(tx: Tx, timer: Timer, now: Temporal.Instant, timeEntryId: string | null): Promise<void> {
  timer.stop(now, timeEntryId);
  const { tenantId, id, stoppedAt } = timer;
  await tx.update(Timer, { tenantId, id }, { stoppedAt, timeEntryId });
}

function noTimer(): never {
  throw new DomainError('not-found', 'TIMER_NOT_FOUND', 'no timer runs');
}
