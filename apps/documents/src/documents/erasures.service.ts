import { Injectable } from '@nestjs/common';
import type { Caller } from '@paradesk/access';
import { DomainError } from '@paradesk/kernel';
import { Database, defineJob, Ids, Jobs, ObjectStorage, type Tx } from '@paradesk/platform';
import { CaseFilesService } from '../case-files/case-files.service.js';
import { Matter } from '../case-files/matter.entity.js';
import { DocumentVersion } from './document-version.entity.js';
import { Document } from './document.entity.js';
import { Erasure } from './erasure.entity.js';

const deleteErased = defineJob<{ matterId: string }>('delete-erased-objects');

/** Erases what is stored of a matter. */
@Injectable()
export class ErasuresService {
  constructor(
    private readonly database: Database,
    private readonly caseFiles: CaseFilesService,
    private readonly storage: ObjectStorage,
    private readonly jobs: Jobs,
    private readonly ids: Ids,
  ) {
    jobs.handle(deleteErased, ({ matterId }, { tenantId }) =>
      this.storage.deleteAll({ tenantId, kind: 'matter', id: matterId }),
    );
  }

  /**
   * Destroys the matter's key with the rows of its documents. With the commit all of it is gone; the objects, which nobody can read any more, are
   * deleted by a job.
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
      await this.storage.erase(tx, { tenantId, kind: 'matter', id: matterId });
      const documents = await deleteDocuments(tx, matterId);
      const { at: erasedAt } = this.ids.stamp();
      const made = { tenantId, matterId, reason, erasedAt, erasedByPersonId: personId, documents };
      const erasure = Object.assign(new Erasure(), made);
      await tx.insert(Erasure, erasure);
      await this.jobs.add(tx, deleteErased, { matterId }, { key: matterId });
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

async function deleteDocuments(tx: Tx, matterId: string): Promise<number> {
  const ofMatter = { tenantId: tx.tenantId, matterId };
  const ids = (await tx.find(Document, { select: { id: true }, where: ofMatter })).map(({ id }) => id);
  for (const documentId of ids) await tx.delete(DocumentVersion, { tenantId: tx.tenantId, documentId });
  await tx.delete(Document, ofMatter);
  return ids.length;
}
