import { Injectable } from '@nestjs/common';
import type { Caller } from '@paradesk/access';
import type { PageRequest, PageResult } from '@paradesk/contracts/paradesk/common/v1/page';
import { Role } from '@paradesk/contracts/paradesk/common/v1/rule';
import { dateIn, DomainError } from '@paradesk/kernel';
import { Clock, Database, Ids, type Tx } from '@paradesk/platform';
import type { Temporal } from 'temporal-polyfill';
import { IsNull } from 'typeorm';
import { listById } from '../billable-work/captured-work.queries.js';
import { TenantsService } from '../tenants/tenants.service.js';
import { PeriodLock } from './period-lock.entity.js';

@Injectable()
export class PeriodLocksService {
  constructor(
    private readonly database: Database,
    private readonly tenants: TenantsService,
    private readonly clock: Clock,
    private readonly ids: Ids,
  ) {}

  async lock(caller: Caller, through: Temporal.PlainDate, graceDays: number): Promise<PeriodLock> {
    const { timeZone } = await this.tenants.require(caller);
    const lockedAt = this.clock.now();
    const { tenantId, personId = null } = caller;
    const made = { tenantId, id: this.ids.next(), lockedAt, lockedBy: personId };
    const lock = PeriodLock.of(through, graceDays, dateIn(lockedAt, timeZone), made);
    await this.database.transaction(caller, (tx) => tx.insert(PeriodLock, lock));
    return lock;
  }

  async list(caller: Caller, page: PageRequest | undefined): Promise<{ items: PeriodLock[]; page: PageResult }> {
    return this.database.transaction(caller, (tx) => listById(tx, PeriodLock, {}, page));
  }

  async lift(caller: Caller, id: string, reason: string): Promise<PeriodLock> {
    return this.database.transaction(caller, async (tx) => {
      const { tenantId } = tx;
      const lock = await tx.findOne(PeriodLock, { where: { tenantId, id }, lock: { mode: 'pessimistic_write' } });
      if (!lock) throw DomainError.notFound('period lock', id);
      lock.lift(reason, this.clock.now());
      const { liftedAt, liftReason } = lock;
      await tx.update(PeriodLock, { tenantId, id: lock.id }, { liftedAt, liftReason });
      return lock;
    });
  }

  /** The locks that stand: for files of many days, which `locks` then looks up. */
  async standing(tx: Tx): Promise<PeriodLock[]> {
    return tx.find(PeriodLock, { where: { tenantId: tx.tenantId, liftedAt: IsNull() } });
  }

  /**
   * Lets work of open days pass, and of locked ones where a billing manager says why.
   *
   * @returns the reason that was needed; empty where all days are open
   * @throws DomainError refused PERIOD_LOCKED, naming the day; forbidden OVERRIDE_NOT_ALLOWED
   */
  async requireOpen(
    tx: Tx,
    { caller, today }: { readonly caller: Caller; readonly today: Temporal.PlainDate },
    days: readonly Temporal.PlainDate[],
    overrideReason: string,
  ): Promise<string> {
    const locks = await this.standing(tx);
    const locked = days.find((day) => locks.some((lock) => lock.locks(day, today)));
    if (!locked) return '';
    if (overrideReason === '') throw periodLocked(locked);
    if (caller.role === Role.BILLING_MANAGER) return overrideReason;
    throw DomainError.forbidden('OVERRIDE_NOT_ALLOWED', 'only a billing manager records work in a locked period');
  }
}

export function periodLocked(day: Temporal.PlainDate): DomainError {
  const message = `the books are closed for ${day.toString()}`;
  return DomainError.refused('PERIOD_LOCKED', message, { day: day.toString() });
}
