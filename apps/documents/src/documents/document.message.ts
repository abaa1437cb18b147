import { toTimestamp } from '@paradesk/contracts';
import type {
  Document as DocumentMessage,
  Erasure as ErasureMessage,
} from '@paradesk/contracts/paradesk/documents/v1/documents';
import type { Document } from './document.entity.js';
import type { Erasure } from './erasure.entity.js';

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

/** An erasure as answers carry it. */
export function erasureToProto({ matterId, reason, erasedAt, erasedByPersonId, documents }: Erasure): ErasureMessage {
  return { matterId, reason, erasedAt: toTimestamp(erasedAt), erasedByPersonId, documents };
}
