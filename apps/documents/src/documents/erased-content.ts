import { Injectable } from '@nestjs/common';
import { defineJob, erasing, Jobs, ObjectStorage, type Tx } from '@paradesk/platform';
import { DocumentVersion } from './document-version.entity.js';
import { Document } from './document.entity.js';

const deleteErased = defineJob<{ matterId: string }>('delete-erased-objects');

/** Makes an end of what is stored of a matter. */
@Injectable()
export class ErasedContent {
  constructor(
    private readonly storage: ObjectStorage,
    private readonly jobs: Jobs,
  ) {
    jobs.handle(deleteErased, ({ matterId }, { tenantId }) =>
      this.storage.deleteAll({ tenantId, kind: 'matter', id: matterId }),
    );
  }

  /**
   * Destroys the matter's key with the rows of its documents. With the commit all of it is gone; the objects, which nobody can read any more, are
   * deleted by a job.
   *
   * @returns how many documents there were
   */
  async destroy(tx: Tx, matterId: string): Promise<number> {
    await this.storage.erase(tx, { tenantId: tx.tenantId, kind: 'matter', id: matterId });
    await this.jobs.add(tx, deleteErased, { matterId }, { key: matterId });
    return erasing(tx, () => deleteDocuments(tx, matterId));
  }
}

async function deleteDocuments(tx: Tx, matterId: string): Promise<number> {
  const ofMatter = { tenantId: tx.tenantId, matterId };
  const ids = (await tx.find(Document, { select: { id: true }, where: ofMatter })).map(({ id }) => id);
  for (const documentId of ids) await tx.delete(DocumentVersion, { tenantId: tx.tenantId, documentId });
  await tx.delete(Document, ofMatter);
  return ids.length;
}
