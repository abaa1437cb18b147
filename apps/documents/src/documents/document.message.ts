import { toTimestamp } from '@paradesk/contracts';
import type { Document as DocumentMessage } from '@paradesk/contracts/paradesk/documents/v1/documents';
import type { Document } from './document.entity.js';

/** A document as answers carry it. */
export function toProto(document: Document): DocumentMessage {
  return {
    id: document.id,
    clientId: document.clientId,
    matterId: document.matterId ?? '',
    folder: document.folder,
    name: document.name,
    versions: document.versions.map(({ number, sha256, sizeBytes, mediaType, storedAt, storedByPersonId }) => ({
      number,
      sha256,
      sizeBytes,
      mediaType,
      storedAt: toTimestamp(storedAt),
      storedByPersonId: storedByPersonId ?? '',
    })),
  };
}
