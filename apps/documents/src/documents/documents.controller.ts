import { Controller } from '@nestjs/common';
import type { HttpBody } from '@paradesk/contracts/google/api/httpbody';
import {
  type Document as DocumentMessage,
  DocumentsServiceControllerMethods,
  type DownloadDocumentRequest,
  type EraseMatterRequest,
  type GetDocumentRequest,
  type ListDocumentsRequest,
  type UploadDocumentRequest,
} from '@paradesk/contracts/paradesk/documents/v1/documents';
import { DomainError } from '@paradesk/kernel';
import { callerOf, type CallMetadata } from '@paradesk/platform';
import { erasureToProto, toProto } from './document.message.js';
import { DocumentsService } from './documents.service.js';
import { ErasuresService } from './erasures.service.js';
import { requireFileName, requireFolder } from './file-name.js';

@Controller()
@DocumentsServiceControllerMethods()
export class DocumentsController {
  constructor(
    private readonly documents: DocumentsService,
    private readonly erasures: ErasuresService,
  ) {}

  async uploadDocument(
    messages: AsyncIterable<UploadDocumentRequest>,
    metadata: CallMetadata,
  ): Promise<DocumentMessage> {
    const { first, parts } = await openUpload(messages);
    const place = {
      clientId: first.clientId,
      matterId: first.matterId || null,
      matterIds: first.matterId ? [] : first.matterIds,
      folder: requireFolder(first.folder),
      name: requireFileName(first.name),
    };
    const mediaType = first.file?.contentType || 'application/octet-stream';
    return toProto(await this.documents.upload(callerOf(metadata), place, mediaType, parts));
  }

  getDocument(request: GetDocumentRequest, metadata: CallMetadata) {
    return this.documents.get(callerOf(metadata), request.documentId).then(toProto);
  }

  listDocuments(request: ListDocumentsRequest, metadata: CallMetadata) {
    return this.documents
      .list(callerOf(metadata), request)
      .then((list) => ({ documents: list.items.map(toProto), page: list.page }));
  }

  eraseMatter({ matterId, reason }: EraseMatterRequest, metadata: CallMetadata) {
    return this.erasures.erase(callerOf(metadata), matterId, reason).then(erasureToProto);
  }

  async *downloadDocument(
    { documentId, version }: DownloadDocumentRequest,
    metadata: CallMetadata,
  ): AsyncIterable<HttpBody> {
    const { mediaType, content } = await this.documents.open(callerOf(metadata), documentId, version);
    let contentType = mediaType;
    for await (const part of content) {
      yield { contentType, data: Buffer.from(part), extensions: [] };
      contentType = '';
    }
    // An empty file has no part, and still a type.
    if (contentType !== '') yield { contentType, data: Buffer.alloc(0), extensions: [] };
  }
}

interface OpenedUpload {
  readonly first: UploadDocumentRequest;
  readonly parts: AsyncIterable<Uint8Array>;
}

async function openUpload(messages: AsyncIterable<UploadDocumentRequest>): Promise<OpenedUpload> {
  const iterator = messages[Symbol.asyncIterator]();
  const opening = await iterator.next();
  if (opening.done) throw DomainError.invalid('file', 'NO_FILE', 'nothing was sent');
  const first = opening.value;
  async function* parts(): AsyncIterable<Uint8Array> {
    if (first.file) yield first.file.data;
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) {
      if (next.value.file) yield next.value.file.data;
    }
  }
  return { first, parts: parts() };
}
