import { Injectable } from '@nestjs/common';
import type { Caller } from '@paradesk/access';
import type { PageRequest, PageResult } from '@paradesk/contracts/paradesk/common/v1/page';
import { DomainError } from '@paradesk/kernel';
import { Clock, Database, Ids, type Tx } from '@paradesk/platform';
import type { Temporal } from 'temporal-polyfill';
import type { Agreement } from '../agreements/agreement.entity.js';
import { AgreementsService } from '../agreements/agreements.service.js';
import { listById } from '../billable-work/captured-work.queries.js';
import { RateCopies } from './rate-copies.js';
import type { RateDecision } from './rate-precedence.js';
import { Rate, type RateToCreate } from './rate.entity.js';

/** Work whose rate is asked for. */
export interface WorkToExplain {
  readonly matterId: string;
  readonly personId: string;
  readonly taskCode: string;
  readonly day: Temporal.PlainDate;
}

/** Which rate applies, and the agreement that it applies under. */
export interface RateExplanation extends RateDecision {
  readonly agreement: Agreement;
}

@Injectable()
export class RatesService {
  constructor(
    private readonly database: Database,
    private readonly copies: RateCopies,
    private readonly agreements: AgreementsService,
    private readonly clock: Clock,
    private readonly ids: Ids,
  ) {}

  /** @throws DomainError refused RATE_OVERLAPS naming the rate of the same scope that is valid on a day of it */
  async create(caller: Caller, stated: RateToCreate): Promise<Rate> {
    await this.copies.require(caller, stated.scope);
    const { tenantId, personId: createdBy = null } = caller;
    const rate = Rate.create({ tenantId, id: this.ids.next(), createdAt: this.clock.now(), createdBy }, stated);
    return this.database.transaction(caller, async (tx) => {
      await refuseOverlap(tx, rate);
      await tx.insert(Rate, rate);
      return rate;
    });
  }

  async end(caller: Caller, id: string, validTo: Temporal.PlainDate): Promise<Rate> {
    return this.database.transaction(caller, async (tx) => {
      const rate = await tx.findOne(Rate, {
        where: { tenantId: tx.tenantId, id },
        lock: { mode: 'pessimistic_write' },
      });
      if (!rate) throw DomainError.notFound('rate', id);
      rate.end(validTo);
      await tx.update(Rate, { tenantId: tx.tenantId, id: rate.id }, { validTo: rate.validTo });
      return rate;
    });
  }

  async list(
    caller: Caller,
    filter: { readonly clientId: string; readonly matterId: string; readonly personId: string },
    page: PageRequest | undefined,
  ): Promise<{ items: Rate[]; page: PageResult }> {
    return this.database.transaction(caller, (tx) => listById(tx, Rate, filter, page));
  }

  /** @throws DomainError refused NO_AGREEMENT or RATE_AMBIGUOUS */
  async explain(caller: Caller, work: WorkToExplain): Promise<RateExplanation> {
    const timekeeper = await this.copies.requireWork(caller, work);
    return this.database.transaction(caller, async (tx) => {
      const agreement = await this.agreements.inForce(tx, work.matterId, work.day);
      return { agreement, ...agreement.rateOf(timekeeper, work) };
    });
  }
}

// One at a time in a tenant, so that of two callers at once the second sees the first one's rate.
async function refuseOverlap(tx: Tx, rate: Rate): Promise<void> {
  await tx.query(`select pg_advisory_xact_lock(hashtextextended('rates ' || $1::text, 0))`, [tx.tenantId]);
  const { tenantId, clientId, matterId, personId, timekeeperClass, taskCode, practiceArea } = rate;
  const given = Object.fromEntries(Object.entries({ clientId, matterId, personId }).filter(([, id]) => id !== ''));
  const others = await tx.find(Rate, { where: { tenantId, timekeeperClass, taskCode, practiceArea, ...given } });
  const other = others.find((one) => one.overlaps(rate));
  if (!other) return;
  const message = `the rate ${other.id} is for the same and valid from ${other.validFrom.toString()} on`;
  throw DomainError.refused('RATE_OVERLAPS', message, { rateId: other.id });
}
