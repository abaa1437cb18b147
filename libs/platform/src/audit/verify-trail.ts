import { createHash } from 'node:crypto';
import pg from 'pg';
import { chainHash, type ChainedRecord } from './chain.js';

/** What a signed head says: the newest record of a tenant's chain then. */
export interface SignedHead {
  readonly tenantId: string;
  readonly service: string;
  readonly sequence: bigint;
  /** 64 hexadecimal digits. */
  readonly hash: string;
  /** When it was signed, for people. */
  readonly at: string;
}

/** Something that is not as it was recorded. */
export interface TrailFault {
  readonly service: string;
  readonly tenantId: string;
  /** Position in the tenant's chain; undefined for what has none. */
  readonly sequence?: bigint;
  readonly what: string;
}

/** The trail of a service, looked through. */
export interface VerifiedTrail {
  readonly records: number;
  /** Heads that were compared with it. */
  readonly heads: number;
  readonly faults: readonly TrailFault[];
}

/** Whose trail to verify, and by what. */
export interface TrailToVerify {
  readonly service: string;
  /** URL of the service's database, as a role that sees all tenants' records: its owner, or a superuser. */
  readonly databaseUrl: string;
  /** Every signed head of the service that is known, whoever kept it. */
  readonly heads: readonly SignedHead[];
}

const PAGE = 5_000;
/** A record that is older and not sealed was not sealed by a running service. */
const SEALED_WITHIN_S = 60;

type Row = ChainedRecord & { readonly sequence: string; readonly hash: string; readonly changes: string | null };

/**
 * Reads a whole trail in bounded memory and computes every hash anew: finds records that were edited, deleted, inserted or swapped, and
 * a chain that was cut off or computed anew after a head of it was signed. Trusts nothing in the database but its answers to plain
 * queries, all of one snapshot.
 *
 * @throws the server's error where the database cannot be read, or the role does not see all tenants
 */
export async function verifyTrail(trail: TrailToVerify): Promise<VerifiedTrail> {
  const client = new pg.Client({ connectionString: trail.databaseUrl });
  await client.connect();
  try {
    await client.query('begin transaction isolation level repeatable read read only');
    // Whoever is limited to one tenant would find an empty trail in order: then the server refuses instead.
    await client.query('set local row_security = off');
    const verifier = new Verifier(trail);
    for await (const rows of pages(client)) for (const row of rows) verifier.take(row);
    verifier.end(await endsOf(client), await unsealedIn(client));
    return verifier.result();
  } finally {
    await client.end();
  }
}

interface End {
  readonly tenant_id: string;
  readonly sequence: string;
  readonly hash: string;
}

interface Unsealed {
  readonly tenant_id: string;
  readonly count: number;
}

/** Follows the chains, tenant by tenant. */
class Verifier {
  private readonly faults: TrailFault[] = [];
  private readonly heads = new Map<string, SignedHead[]>();
  private readonly ends = new Map<string, Row>();
  private records = 0;
  private previous: Row | undefined;

  constructor(private readonly trail: TrailToVerify) {
    for (const head of trail.heads) {
      const key = `${head.tenantId} ${head.sequence}`;
      this.heads.set(key, [...(this.heads.get(key) ?? []), head]);
    }
  }

  take(row: Row): void {
    this.records += 1;
    if (this.previous?.tenant_id !== row.tenant_id) this.previous = undefined;
    const expected = BigInt(this.previous?.sequence ?? 0) + 1n;
    const found = BigInt(row.sequence);
    if (found !== expected) this.report(row, missing(expected, found));
    // What a missing record's hash was nobody can say, so the one behind it is compared with its head only.
    else if (chainHash(this.previous?.hash ?? '', row) !== row.hash) this.report(row, 'is not what was sealed');
    this.checkChanges(row);
    this.compareWithHeads(row);
    this.previous = row;
    this.ends.set(row.tenant_id, row);
  }

  end(ends: readonly End[], unsealed: readonly Unsealed[]): void {
    for (const { tenant_id: tenantId, count } of unsealed)
      this.add(tenantId, `${count} records are not sealed: the service has not run since, or somebody put them there`);
    const known = new Map(ends.map((end) => [end.tenant_id, end]));
    for (const [tenantId, row] of this.ends)
      if (!known.has(tenantId)) this.report(row, 'the end of the chain is not noted');
    for (const { tenant_id: tenantId, sequence, hash } of ends) {
      const last = this.ends.get(tenantId);
      if (last?.sequence !== sequence || last.hash !== hash)
        this.add(tenantId, `the chain ends at ${last?.sequence ?? 0}, and ${sequence} was noted`, BigInt(sequence));
    }
    for (const { tenantId, sequence, at } of [...this.heads.values()].flat())
      this.add(tenantId, `the record is gone whose hash was signed at ${at}`, sequence);
  }

  result(): VerifiedTrail {
    return { records: this.records, heads: this.trail.heads.length, faults: this.faults };
  }

  private checkChanges(row: Row): void {
    const { changes, changes_hash: hash } = row;
    const actual = changes === null ? null : createHash('sha256').update(changes).digest('hex');
    if (actual === hash) return;
    this.report(row, changes === null ? 'the changes were taken out of it' : 'the changes were edited');
  }

  private compareWithHeads(row: Row): void {
    const key = `${row.tenant_id} ${row.sequence}`;
    for (const { hash, at } of this.heads.get(key) ?? [])
      if (hash !== row.hash) this.report(row, `is not the record whose hash was signed at ${at}`);
    this.heads.delete(key);
  }

  private report(row: Row, what: string): void {
    this.add(row.tenant_id, what, BigInt(row.sequence));
  }

  private add(tenantId: string, what: string, sequence?: bigint): void {
    this.faults.push({ service: this.trail.service, tenantId, what, ...(sequence !== undefined && { sequence }) });
  }
}

function missing(expected: bigint, found: bigint): string {
  if (found < expected) return 'stands twice in the chain';
  return found === expected + 1n ? `record ${expected} is missing` : `records ${expected} to ${found - 1n} are missing`;
}

const HEX = ['before_hash', 'after_hash', 'changes_hash', 'hash'].map((name) => `encode(${name}, 'hex') as ${name}`);

async function* pages(client: pg.Client): AsyncIterable<readonly Row[]> {
  // A cursor: the snapshot is one, and nothing depends on an index that somebody may have damaged.
  await client.query(
    `declare trail no scroll cursor for
     select tenant_id::text, id::text, action, person_id::text, role, service, rule, outcome, reason, table_name, row_id, ${HEX.join(', ')},
       sequence::text, changes::text
     from audit.records r where r.sequence is not null order by r.tenant_id, r.sequence, r.id`,
  );
  for (;;) {
    const { rows } = await client.query<Row>(`fetch ${PAGE} from trail`);
    yield rows;
    if (rows.length < PAGE) return;
  }
}

async function endsOf(client: pg.Client): Promise<End[]> {
  const sql = `select tenant_id::text, sequence::text, encode(hash, 'hex') as hash from audit.heads order by tenant_id`;
  return (await client.query<End>(sql)).rows;
}

async function unsealedIn(client: pg.Client): Promise<Unsealed[]> {
  // Forged ids may lie in the future as well.
  const sql = `select tenant_id::text, count(*)::int as count from audit.records
    where sequence is null and abs(extract(epoch from now() - at)) > ${SEALED_WITHIN_S} group by 1 order by 1`;
  return (await client.query<Unsealed>(sql)).rows;
}
