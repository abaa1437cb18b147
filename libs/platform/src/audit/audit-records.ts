import { actSetting, type Act } from './act.js';
import type { Seer } from '../access/visibility.js';
import type { Database } from '../database/database.js';
import type { PageQuery } from '../database/pages.js';
import { seenRecords } from './seen-records.js';

/** What runs SQL in the transaction of the act. */
interface Sql {
  query<R>(sql: string, parameters?: unknown[]): Promise<R>;
}

/** Something to record that is no change of a tenant's table: those record themselves. */
export interface NewRecord {
  readonly outcome: 'done' | 'refused';
  /** A word for programs: the reason of a refusal. */
  readonly reason?: string;
  readonly table?: string;
  readonly row?: string;
  /** What differs, by column: `[before, after]`. */
  readonly changes?: Readonly<Record<string, readonly [unknown, unknown]>>;
}

/** Adds a record, in a transaction of its tenant. */
export async function addRecord(tx: Sql, tenantId: string, act: Act, record: NewRecord): Promise<void> {
  const { outcome, reason, table, row, changes } = record;
  await tx.query(
    `insert into audit.records
       (tenant_id, action, person_id, role, service, rule, outcome, reason, table_name, row_id, changes, changes_hash)
     select $1, act ->> 'action', (act ->> 'person')::uuid, act ->> 'role', act ->> 'service', act ->> 'rule', $3, $4, $5, $6,
       changes, sha256(convert_to(changes::text, 'UTF8'))
     from (select $2::jsonb as act, $7::jsonb as changes) given`,
    [
      tenantId,
      actSetting(act),
      outcome,
      reason ?? null,
      table ?? null,
      row ?? null,
      changes ? JSON.stringify(changes) : null,
    ],
  );
}

/** Which records to list. */
export interface RecordFilter {
  readonly table?: string;
  readonly row?: string;
  readonly personId?: string;
  readonly outcome?: 'done' | 'refused';
  /** Milliseconds since the epoch; from this moment on. */
  readonly fromMs?: number;
  /** Milliseconds since the epoch; before this moment. */
  readonly untilMs?: number;
}

/** A record as its row has it. */
export interface RecordRow {
  readonly id: string;
  readonly at: Date;
  readonly action: string;
  readonly person_id: string | null;
  readonly role: string | null;
  readonly service: string | null;
  readonly rule: string | null;
  readonly outcome: 'done' | 'refused';
  readonly reason: string | null;
  readonly table_name: string | null;
  readonly row_id: string | null;
  readonly before_hash: Buffer | null;
  readonly after_hash: Buffer | null;
  readonly changes: Readonly<Record<string, readonly [unknown, unknown]>> | null;
  readonly sequence: string | null;
  readonly hash: Buffer | null;
}

/** The audit trail of a service, for those who may read it. */
export class AuditRecords {
  private seen: Promise<string> | undefined;

  constructor(private readonly database: Database) {}

  /** The records of what the caller sees that fit, the newest first: up to one more than the page takes. */
  async list(scope: Seer, filter: RecordFilter, { size, after }: PageQuery): Promise<RecordRow[]> {
    const values: unknown[] = [scope.tenantId];
    const conditions = ['r.tenant_id = $1', await this.ofWhatIsSeen()];
    const restrict = (condition: string, value: unknown) => {
      if (value === undefined) return;
      values.push(value);
      conditions.push(`r.${condition} $${values.length}`);
    };
    restrict('id <', after);
    restrict('table_name =', filter.table);
    restrict('row_id =', filter.row);
    restrict('person_id =', filter.personId);
    restrict('outcome =', filter.outcome);
    restrict('id >=', filter.fromMs === undefined ? undefined : firstIdAt(filter.fromMs));
    restrict('id <', filter.untilMs === undefined ? undefined : firstIdAt(filter.untilMs));
    return this.database.transaction(scope, (tx) =>
      tx.query<RecordRow[]>(
        `select id, at, action, person_id, role, service, rule, outcome, reason, table_name, row_id, before_hash, after_hash, changes,
           sequence, hash
         from audit.records r where ${conditions.join(' and ')} order by r.id desc limit ${size + 1}`,
        values,
      ),
    );
  }

  // The catalog is looked at once: tables do not change while a service runs.
  private ofWhatIsSeen(): Promise<string> {
    this.seen ??= this.database.system((tx) => seenRecords((sql, parameters) => tx.query(sql, parameters)));
    this.seen.catch(() => (this.seen = undefined));
    return this.seen;
  }
}

// Ids are UUIDv7: the first 48 bits are the milliseconds, so that a time is a range of the primary key.
function firstIdAt(ms: number): string {
  const digits = Math.min(Math.max(ms, 0), 2 ** 48 - 1)
    .toString(16)
    .padStart(12, '0');
  return `${digits.slice(0, 8)}-${digits.slice(8)}-0000-0000-000000000000`;
}
