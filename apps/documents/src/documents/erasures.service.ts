import { Injectable } from '@nestjs/common';
import type { Caller } from '@paradesk/access';
import { topics, toTimestamp } from '@paradesk/contracts';
import { DomainError } from '@paradesk/kernel';
import { Database, Ids, Outbox, type Tx } from '@paradesk/platform';
import { CaseFilesService } from '../case-files/case-files.service.js';
import { Matter } from '../case-files/matter.entity.js';
import { ErasedContent } from './erased-content.js';
import { Erasure } from './erasure.entity.js';

/** Erases matters. */
@Injectable()
export class ErasuresService {
  constructor(
    private readonly database: Database,
    private readonly caseFiles: CaseFilesService,
    private readonly content: ErasedContent,
    private readonly ids: Ids,
    private readonly outbox: Outbox,
  ) {}

  /**
   * Destroys all that is stored of the matter, and tells the other services, which erase what they keep of it. Once more answers with the erasure
   * that there is.
   *
   * What tells of the matter but belongs to the client as a whole stays, with the client's key: invoices are kept for years by tax law.
   */
  async erase(caller: Caller, matterId: string, reason: string): Promise<Erasure> {
    const { tenantId, personId } = caller;
    if (!personId) throw DomainError.forbidden('PERSONS_ONLY', 'a person answers for what is erased');
    await this.caseFiles.clientOfMatter(caller, matterId);
    return this.database.transaction(caller, async (tx) => {
      // Uploads share the lock: one that comes behind sees the erasure, one that was before is erased too.
      const lock = { mode: 'pessimistic_write' } as const;
      const matter = await tx.findOne(Matter, { where: { tenantId, id: matterId }, lock });
      if (!matter) throw DomainError.notFound('matter', matterId);
      const before = await tx.findOneBy(Erasure, { tenantId, matterId });
      if (before) return before;
      const documents = await this.content.destroy(tx, matterId);
      const { id, at: erasedAt } = this.ids.stamp();
      const made = { tenantId, matterId, id, reason, erasedAt, erasedByPersonId: personId, documents };
      const erasure = Object.assign(new Erasure(), made);
      await tx.insert(Erasure, erasure);
      const event = { $case: 'matterErased', value: { matterId, erasedAt: toTimestamp(erasedAt) } } as const;
      await this.outbox.add(tx, {
        topic: topics.erasures,
        aggregateId: id,
        aggregateVersion: 1,
        event: { event },
      });
      return erasure;
    });
  }
}

/**
 * Holds an erasure off until the transaction ends.
 *
 * @throws DomainError refused MATTER_ERASED where it has come already
 */
export async function refuseErased(tx: Tx, matterId: string | null): Promise<void> {
  if (matterId === null) return;
  const { tenantId } = tx;
  await tx.findOne(Matter, { where: { tenantId, id: matterId }, lock: { mode: 'pessimistic_read' } });
  if (await tx.existsBy(Erasure, { tenantId, matterId }))
    throw DomainError.refused(
      'MATTER_ERASED',
      'the documents of this matter were erased: nothing is stored for it any more',
    );
}
