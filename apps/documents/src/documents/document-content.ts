import { type KeyScope, ObjectStorage } from '@paradesk/platform';
import { createHash, randomUUID } from 'node:crypto';
import type { Place, StoredContent } from './document.entity.js';

/** Where the content of a version lies in its scope. Equal files of two matters are stored twice: one is erased without the other. */
export function contentKey(sha256: string): string {
  return `sha256/${sha256}`;
}

/** Whose key encrypts a document: the matter's, or the client's where it belongs to the client as a whole. */
export function keyScopeOf(tenantId: string, { clientId, matterId }: Pick<Place, 'clientId' | 'matterId'>): KeyScope {
  return matterId === null ? { tenantId, kind: 'client', id: clientId } : { tenantId, kind: 'matter', id: matterId };
}

/**
 * Takes a stream in under the hash of what it held. It is written beside its final place first, since the hash is known at the end only;
 * memory holds a part at a time. Hash and size are those of the clear text, whatever lies in storage.
 *
 * @throws DomainError refused ERASED, where the matter was erased; whatever the stream throws: then nothing is kept
 */
export async function takeIn(
  storage: ObjectStorage,
  scope: KeyScope,
  content: AsyncIterable<Uint8Array>,
): Promise<Omit<StoredContent, 'mediaType'>> {
  const arriving = `arriving/${randomUUID()}`;
  const hash = createHash('sha256');
  let sizeBytes = 0n;
  async function* measured(): AsyncIterable<Uint8Array> {
    for await (const part of content) {
      hash.update(part);
      sizeBytes += BigInt(part.byteLength);
      yield part;
    }
  }
  try {
    await storage.put(arriving, measured(), { scope });
    const sha256 = hash.digest('hex');
    const key = contentKey(sha256);
    if (!(await storage.exists(key, scope))) await storage.put(key, await storage.get(arriving, scope), { scope });
    return { sha256, sizeBytes };
  } finally {
    await storage.delete(arriving, scope);
  }
}
