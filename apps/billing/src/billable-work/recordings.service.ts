import { Injectable } from '@nestjs/common';
import type { Caller } from '@paradesk/access';
import { dateIn } from '@paradesk/kernel';
import { Clock, Ids, type Tx } from '@paradesk/platform';
import type { Temporal } from 'temporal-polyfill';
import { PeriodLocksService } from '../period-locks/period-locks.service.js';
import { TenantsService } from '../tenants/tenants.service.js';
import type { Recording } from './captured-work.js';

/** Who records work, on which day of theirs. */
export interface CapturedBy {
  readonly caller: Caller;
  /** In the tenant's time zone. */
  readonly today: Temporal.PlainDate;
  readonly timeZone: string;
  readonly now: Temporal.Instant;
}

/** How all captured work is recorded, whatever it is. */
@Injectable()
export class RecordingsService {
  constructor(
    private readonly tenants: TenantsService,
    private readonly locks: PeriodLocksService,
    private readonly clock: Clock,
    private readonly ids: Ids,
  ) {}

  /** Before a transaction, never inside. */
  async begin(caller: Caller): Promise<CapturedBy> {
    const { timeZone } = await this.tenants.require(caller);
    const now = this.clock.now();
    return { caller, today: dateIn(now, timeZone), timeZone, now };
  }

  /** The day of a moment in the tenant's time zone. Before a transaction, never inside. */
  async dayOf(caller: Caller, moment: Temporal.Instant): Promise<Temporal.PlainDate> {
    return dateIn(moment, (await this.tenants.require(caller)).timeZone);
  }

  /**
   * A new recording of work of a day.
   *
   * @param overrideReason why a billing manager records it although the day is locked
   * @throws DomainError refused PERIOD_LOCKED
   */
  async record(tx: Tx, by: CapturedBy, day: Temporal.PlainDate, overrideReason: string): Promise<Recording> {
    const lockOverrideReason = await this.requireOpen(tx, by, [day], overrideReason);
    return { ...this.unlocked(by), lockOverrideReason };
  }

  /**
   * Lets changes of work of these days pass.
   *
   * @returns the reason that was needed; empty where all days are open
   * @throws DomainError refused PERIOD_LOCKED
   */
  requireOpen(tx: Tx, by: CapturedBy, days: readonly Temporal.PlainDate[], overrideReason: string): Promise<string> {
    return this.locks.requireOpen(tx, by, days, overrideReason);
  }

  /** A new recording of work whose day is known to be open. */
  unlocked({ caller, now }: CapturedBy, importRef: string | null = null): Recording {
    return {
      tenantId: caller.tenantId,
      id: this.ids.next(),
      recordedAt: now,
      recordedBy: caller.personId ?? null,
      importRef,
      statusReason: '',
      lockOverrideReason: '',
    };
  }
}
