import { Injectable } from '@nestjs/common';
import type { Caller } from '@paradesk/access';
import type { PageRequest, PageResult } from '@paradesk/contracts/paradesk/common/v1/page';
import { DomainError } from '@paradesk/kernel';
import { Database, Ids, ObjectStorage, pageQuery, pageResult, sqlStateOf, type Tx } from '@paradesk/platform';
import { In } from 'typeorm';
import { CaseFilesService } from '../case-files/case-files.service.js';
import { contentKey, keyScopeOf, takeIn } from './document-content.js';
import { DocumentVersion } from './document-version.entity.js';
import { Document, type Place, type StoredContent, type Storing } from './document.entity.js';
import { refuseErased } from './erasures.service.js';

/** Which documents to list. Empty text is no limit. */
export interface DocumentFilter {
  readonly page: PageRequest | undefined;
  readonly clientId: string;
  readonly matterId: string;
  readonly folder: string;
}

/** A version with what it holds. */
export interface OpenedVersion {
  readonly mediaType: string;
  readonly content: AsyncIterable<Uint8Array>;
}

@Injectable()
export class DocumentsService {
  constructor(
    private readonly database: Database,
    private readonly caseFiles: CaseFilesService,
    private readonly storage: ObjectStorage,
    private readonly ids: Ids,
  ) {}

  /** Takes the content in first, so that a row never points to a file that is not there. */
  async upload(caller: Caller, place: Place, mediaType: string, parts: AsyncIterable<Uint8Array>): Promise<Document> {
    await this.caseFiles.require(caller, place, place.matterIds);
    const content = { ...(await takeIn(this.storage, keyScopeOf(caller.tenantId, place), parts)), mediaType };
    const { id, at } = this.ids.stamp();
    const storing = { at, byPersonId: caller.personId ?? null };
    const store = () => this.database.transaction(caller, (tx) => storeIn(tx, { id, place, content, storing }));
    // Two first uploads of one name race: the loser's becomes the second version.
    return store()
      .catch((error: unknown) => (sqlStateOf(error) === '23505' ? store() : Promise.reject(error as Error)))
      .catch(refuseTakenName);
  }

  async get(caller: Caller, id: string): Promise<Document> {
    return this.database.transaction(caller, (tx) => load(tx, id));
  }

  /** By folder and name. */
  async list(
    caller: Caller,
    { page, clientId, matterId, folder }: DocumentFilter,
  ): Promise<{ items: Document[]; page: PageResult }> {
    const query = pageQuery(page, 'text');
    return this.database.transaction(caller, async (tx) => {
      const rows = tx.createQueryBuilder(Document, 'd').where('d.tenant_id = :tenantId', { tenantId: tx.tenantId });
      if (clientId) rows.andWhere('d.client_id = :clientId', { clientId });
      if (matterId) rows.andWhere('d.matter_id = :matterId', { matterId });
      if (folder) rows.andWhere('d.folder = :folder', { folder });
      if (query.after !== undefined)
        rows.andWhere('(d.folder, d.name, d.id) > (:...cursor)', { cursor: cursorParts(query.after) });
      const found = await rows
        .orderBy('d.folder')
        .addOrderBy('d.name')
        .addOrderBy('d.id')
        .limit(query.size + 1)
        .getMany();
      const versions = await versionsOf(tx, found);
      return pageResult(
        found.map((document) => document.withVersions(versions)),
        query,
        (document) => JSON.stringify([document.folder, document.name, document.id]),
      );
    });
  }

  /** @param number of the version; 0 is the latest */
  async open(caller: Caller, id: string, number: number): Promise<OpenedVersion> {
    const document = await this.get(caller, id);
    const version = document.versions.find((one) => one.number === (number || document.latestVersion));
    if (!version) throw DomainError.notFound('document version', `${id}/${number}`);
    return {
      mediaType: version.mediaType,
      content: await this.storage.get(contentKey(version.sha256), keyScopeOf(caller.tenantId, document)),
    };
  }
}

interface Upload {
  /** For a document that is not there yet. */
  readonly id: string;
  readonly place: Place;
  readonly content: StoredContent;
  readonly storing: Storing;
}

async function storeIn(tx: Tx, { id, place, content, storing }: Upload): Promise<Document> {
  await refuseErased(tx, place.matterId);
  const known = await lockAt(tx, place);
  const document = known ?? Document.create(tx.tenantId, id, place);
  const version = document.store(content, storing);
  if (!version) return document;
  document.tellOf(place.matterIds);
  if (known) await tx.save(document);
  else await tx.insert(Document, document);
  await tx.insert(DocumentVersion, version);
  return document;
}

async function lockAt(tx: Tx, { clientId, matterId, folder, name }: Place): Promise<Document | undefined> {
  const document = await tx
    .createQueryBuilder(Document, 'd')
    .setLock('pessimistic_write')
    .where('d.tenant_id = :tenantId and d.client_id = :clientId and d.matter_id is not distinct from :matterId', {
      tenantId: tx.tenantId,
      clientId,
      matterId,
    })
    .andWhere('d.folder = :folder and d.name = :name', { folder, name })
    .getOne();
  return document?.withVersions(await versionsOf(tx, [document]));
}

// Of a document that the caller does not see: it tells of a matter that they are screened from, and its name is not theirs to fill.
function refuseTakenName(error: unknown): never {
  if (sqlStateOf(error) !== '23505') throw error;
  throw DomainError.conflict('NAME_TAKEN', 'the name is not free in this folder');
}

async function load(tx: Tx, id: string): Promise<Document> {
  const document = await tx.findOneBy(Document, { tenantId: tx.tenantId, id });
  if (!document) throw DomainError.notFound('document', id);
  return document.withVersions(await versionsOf(tx, [document]));
}

async function versionsOf(tx: Tx, documents: readonly Document[]): Promise<DocumentVersion[]> {
  const documentId = In(documents.map((document) => document.id));
  return tx.find(DocumentVersion, { where: { tenantId: tx.tenantId, documentId }, order: { number: 'DESC' } });
}

function cursorParts(after: string): string[] {
  try {
    const parts: unknown = JSON.parse(after);
    if (Array.isArray(parts) && parts.length === 3 && parts.every((part) => typeof part === 'string')) return parts;
  } catch {
    // said below
  }
  throw DomainError.invalid('page.token', 'PAGE_TOKEN', 'is no token that a page gave');
}
