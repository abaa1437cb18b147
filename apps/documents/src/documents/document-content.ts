import { ObjectStorage } from '@paradesk/platform';
import { createHash, randomUUID } from 'node:crypto';
import type { StoredContent } from './document.entity.js';

/** Where the content of a version lies. Tenants share nothing, not even equal files: one cannot find out what another has. */
export function contentKey(tenantId: string, sha256: string): string {
  return `${tenantId}/sha256/${sha256.slice(0, 2)}/${sha256}`;
}

/**
 * Takes a stream in under the hash of what it held. It is written beside its final place first, since the hash is known at the end only;
 * memory holds a part at a time.
 *
 * @throws whatever the stream throws; then nothing is kept
 */
export async function takeIn(
  storage: ObjectStorage,
  tenantId: string,
  content: AsyncIterable<Uint8Array>,
): Promise<Omit<StoredContent, 'mediaType'>> {
  const arriving = `${tenantId}/arriving/${randomUUID()}`;
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
    await storage.put(arriving, measured());
    const sha256 = hash.digest('hex');
    const key = contentKey(tenantId, sha256);
    if (!(await storage.exists(key))) await storage.put(key, await storage.get(arriving));
    return { sha256, sizeBytes };
  } finally {
    await storage.delete(arriving);
  }
}
