import { Injectable } from '@nestjs/common';
import type { Caller } from '@paradesk/access';
import type { PageRequest, PageResult } from '@paradesk/contracts/paradesk/common/v1/page';
import { dateIn } from '@paradesk/kernel';
import { Clock, Database, defineJob, Ids, insertEntities, Jobs, type TenantScope, type Tx } from '@paradesk/platform';
import type { Temporal } from 'temporal-polyfill';
import { In } from 'typeorm';
import type { Agreement } from '../agreements/agreement.entity.js';
import { agreementsOfMatters, lockAgreement } from '../agreements/agreement.queries.js';
import { listById } from '../billable-work/captured-work.queries.js';
import { Matter } from '../matters/matter.entity.js';
import { TenantsService } from '../tenants/tenants.service.js';
import { completedFee, datedFees, type DueFee, nextSubscriptionDay, subscriptionFees } from './due-fees.js';
import { FixedFee } from './fixed-fee.entity.js';

/** Makes the months of a matter's subscription due, and waits for the next one. */
export const chargeSubscription = defineJob<{ readonly matterId: string }>('charge-subscription');

/** Fees that become due whatever was worked. */
@Injectable()
export class FixedFeesService {
  constructor(
    private readonly database: Database,
    private readonly tenants: TenantsService,
    private readonly clock: Clock,
    private readonly ids: Ids,
    private readonly jobs: Jobs,
  ) {
    jobs.handle(chargeSubscription, ({ matterId }, { tenantId }) => this.charge({ tenantId }, matterId));
  }

  /** In the tenant's time zone. Before a transaction, never inside. */
  async today(scope: TenantScope): Promise<Temporal.PlainDate> {
    return dateIn(this.clock.now(), (await this.tenants.require(scope)).timeZone);
  }

  /** What is due by a new agreement at once. @param agreements all of its matter */
  async begin(
    tx: Tx,
    agreement: Agreement,
    agreements: readonly Agreement[],
    today: Temporal.PlainDate,
  ): Promise<void> {
    await this.add(tx, datedFees(agreement));
    if (agreement.terms.subscription) await this.chargeMonths(tx, agreement.matterId, agreements, today);
  }

  /**
   * A project, or a milestone of it, is completed: its fee is due. Said again, it answers with the fee that it was.
   *
   * @throws DomainError what `completedFee` refuses
   */
  async complete(
    caller: Caller,
    agreementId: string,
    completed: { readonly feeKey: string; readonly milestoneKey: string; readonly completedOn: Temporal.PlainDate },
  ): Promise<FixedFee> {
    return this.database.transaction(caller, async (tx) => {
      const agreement = await lockAgreement(tx, agreementId);
      const due = completedFee(agreement, completed, completed.completedOn);
      await this.add(tx, [due]);
      const { matterId, kind, feeKey } = due;
      return tx.findOneByOrFail(FixedFee, { tenantId: tx.tenantId, matterId, kind, feeKey });
    });
  }

  async list(
    caller: Caller,
    filter: { readonly matterId: string; readonly clientId: string; readonly agreementId: string },
    page: PageRequest | undefined,
  ): Promise<{ items: FixedFee[]; page: PageResult }> {
    return this.database.transaction(caller, (tx) => listById(tx, FixedFee, filter, page));
  }

  private async charge(scope: TenantScope, matterId: string): Promise<void> {
    const today = await this.today(scope);
    await this.database.transaction(scope, async (tx) => {
      // As an agreement that begins in the meantime does.
      await tx.findOne(Matter, { where: { tenantId: tx.tenantId, id: matterId }, lock: { mode: 'pessimistic_write' } });
      await this.chargeMonths(tx, matterId, await agreementsOfMatters(tx, [matterId], { withRates: false }), today);
    });
  }

  /** All months that have begun, less what is due already; and the next one is waited for. */
  private async chargeMonths(
    tx: Tx,
    matterId: string,
    agreements: readonly Agreement[],
    today: Temporal.PlainDate,
  ): Promise<void> {
    await this.add(tx, subscriptionFees(agreements, today));
    const next = nextSubscriptionDay(agreements, today);
    if (!next) return;
    const { timeZone } = await this.tenants.get(tx);
    const runAt = next.toZonedDateTime(timeZone).toInstant();
    await this.jobs.add(tx, chargeSubscription, { matterId }, { key: `${matterId}:${next.toString()}`, runAt });
  }

  private async add(tx: Tx, due: readonly DueFee[]): Promise<void> {
    const { tenantId } = tx;
    const known = await tx.find(FixedFee, {
      where: { tenantId, matterId: In(due.map(({ matterId }) => matterId)) },
      select: { matterId: true, kind: true, feeKey: true },
    });
    const keyOf = ({ matterId, kind, feeKey }: DueFee | FixedFee) => `${matterId} ${kind} ${feeKey}`;
    const keys = new Set(known.map(keyOf));
    const becameDueAt = this.clock.now();
    const missing = due.filter((fee) => !keys.has(keyOf(fee)));
    const fees = missing.map((fee) =>
      Object.assign(new FixedFee(), { tenantId, id: this.ids.next(), ...fee, status: 'approved', becameDueAt }),
    );
    if (fees.length > 0) await insertEntities(tx, FixedFee, fees as FixedFee[]);
  }
}
