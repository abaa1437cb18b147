import { keptHeads, readSignedHead, verifyTrail, type SignedHead, type TrailFault } from '@paradesk/platform';
import type { JSONWebKeySet } from 'jose';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What to verify, and by what. */
export interface SystemToVerify {
  /** URL of each service's database, by name, as a role that sees all tenants. */
  readonly databases: Readonly<Record<string, string>>;
  /** Identity's public keys, with those that signed formerly. */
  readonly keys: JSONWebKeySet;
  /** Folder with the heads that were published: `<tenant>/<day>` in it. */
  readonly publishedHeads: string;
}

/** What was found. */
export interface Verification {
  readonly records: number;
  readonly heads: number;
  readonly faults: readonly TrailFault[];
}

/** Verifies the audit trails of all services against each other's word: chains, signed heads, and what of them was published. */
export async function verifySystem({ databases, keys, publishedHeads }: SystemToVerify): Promise<Verification> {
  const kept = new Set(await keptHeads(databases.identity ?? ''));
  const published = publishedIn(publishedHeads);
  const faults: TrailFault[] = [];
  const heads: SignedHead[] = [];
  for (const jws of new Set([...kept, ...published])) {
    const head = await readSignedHead(jws, keys);
    if (!head) {
      faults.push({
        service: 'identity',
        tenantId: '-',
        what: 'a signed head does not bear a signature of a known key',
      });
      continue;
    }
    heads.push(head);
    if (!kept.has(jws)) faults.push({ ...positionOf(head), what: 'a head was published and is not kept by identity' });
  }
  let records = 0;
  for (const [service, databaseUrl] of Object.entries(databases)) {
    const own = heads.filter((head) => head.service === service);
    const trail = await verifyTrail({ service, databaseUrl, heads: own });
    records += trail.records;
    faults.push(...trail.faults);
  }
  return { records, heads: heads.length, faults };
}

function positionOf({ service, tenantId, sequence }: SignedHead) {
  return { service, tenantId, sequence };
}

function publishedIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder, { recursive: true, withFileTypes: true });
  return files
    .filter((file) => file.isFile() && !file.name.endsWith('~'))
    .flatMap((file) => readFileSync(join(file.parentPath, file.name), 'utf8').split('\n'))
    .filter(Boolean);
}
