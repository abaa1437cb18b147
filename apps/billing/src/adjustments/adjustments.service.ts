import { Injectable } from '@nestjs/common';
import type { Caller } from '@paradesk/access';
import type { PageRequest, PageResult } from '@paradesk/contracts/paradesk/common/v1/page';
import { DomainError } from '@paradesk/kernel';
import { Database, insertEntities } from '@paradesk/platform';
import { AgreementsService } from '../agreements/agreements.service.js';
import type { WorkStatus } from '../billable-work/captured-work.js';
import { approveWork, listById, moveWork } from '../billable-work/captured-work.queries.js';
import { RecordingsService } from '../billable-work/recordings.service.js';
import { MattersService } from '../matters/matters.service.js';
import { Adjustment, type AdjustmentToRecord } from './adjustment.entity.js';

@Injectable()
export class AdjustmentsService {
  constructor(
    private readonly database: Database,
    private readonly agreements: AgreementsService,
    private readonly matters: MattersService,
    private readonly recordings: RecordingsService,
  ) {}

  /** @param overrideReason why it is recorded in a locked period; empty where it is not */
  async record(
    caller: Caller,
    matterId: string,
    adjustment: AdjustmentToRecord,
    overrideReason: string,
  ): Promise<Adjustment> {
    const matter = await this.matters.require(caller, matterId);
    const by = await this.recordings.begin(caller);
    return this.database.transaction(caller, async (tx) => {
      const agreement = await this.agreements.inForce(tx, matter.id, adjustment.appliesOn);
      const recording = await this.recordings.record(tx, by, adjustment.appliesOn, overrideReason);
      const recorded = Adjustment.record(adjustment, agreement, recording);
      await insertEntities(tx, Adjustment, [recorded]);
      return recorded;
    });
  }

  async get(caller: Caller, id: string): Promise<Adjustment> {
    return this.database.transaction(caller, async (tx) => {
      const adjustment = await tx.findOne(Adjustment, { where: { tenantId: tx.tenantId, id } });
      if (!adjustment) throw DomainError.notFound('adjustment', id);
      return adjustment;
    });
  }

  async list(
    caller: Caller,
    filter: { matterId: string; status: WorkStatus | undefined },
    page: PageRequest | undefined,
  ): Promise<{ items: Adjustment[]; page: PageResult }> {
    return this.database.transaction(caller, (tx) => listById(tx, Adjustment, filter, page));
  }

  async approve(caller: Caller, ids: readonly string[]): Promise<Adjustment[]> {
    return this.database.transaction(caller, (tx) => approveWork(tx, Adjustment, 'adjustment', ids));
  }

  async reject(caller: Caller, ids: readonly string[], reason: string): Promise<Adjustment[]> {
    const noun = 'adjustment';
    return this.database.transaction(caller, (tx) =>
      moveWork(tx, Adjustment, { noun, ids }, (work) => work.reject(reason)),
    );
  }

  async discard(caller: Caller, ids: readonly string[], reason: string): Promise<Adjustment[]> {
    const noun = 'adjustment';
    return this.database.transaction(caller, (tx) =>
      moveWork(tx, Adjustment, { noun, ids }, (work) => work.discard(reason)),
    );
  }
}
