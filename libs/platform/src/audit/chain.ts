import { createHash } from 'node:crypto';

/** A record as the chain hashes it: texts, hashes in hexadecimal digits. In the order of the chain's array. */
export interface ChainedRecord {
  readonly tenant_id: string;
  readonly id: string;
  readonly action: string;
  readonly person_id: string | null;
  readonly role: string | null;
  readonly service: string | null;
  readonly rule: string | null;
  readonly outcome: string;
  readonly reason: string | null;
  readonly table_name: string | null;
  readonly row_id: string | null;
  readonly before_hash: string | null;
  readonly after_hash: string | null;
  readonly changes_hash: string | null;
}

const FIELDS = [
  ...(['tenant_id', 'id', 'action', 'person_id', 'role', 'service', 'rule', 'outcome', 'reason'] as const),
  ...(['table_name', 'row_id', 'before_hash', 'after_hash', 'changes_hash'] as const),
];

/**
 * The hash of a record in its tenant's chain: SHA-256 over the bytes of the hash before and the record as a JSON array. The same as
 * `audit.seal` computes in the database, by other code.
 *
 * @param previous hash of the record before, in hexadecimal digits; empty for the first
 */
export function chainHash(previous: string, record: ChainedRecord): string {
  // As PostgreSQL's json_build_array writes it.
  const text = `[${FIELDS.map((field) => JSON.stringify(record[field])).join(', ')}]`;
  return createHash('sha256').update(previous, 'hex').update(text).digest('hex');
}
