import { verifySystem, type SystemToVerify } from '@paradesk/standalone/audit';
import type { World } from './fault.js';
import type { AuditFact, CopyFact, EventFact, Facts, Standing } from './facts.js';
import type { EffectKind, Journal } from './load/journal.js';

/** What facts are gathered from. */
export interface Sources {
  readonly world: Pick<World, 'postgres' | 'services'>;
  readonly journal: Journal;
  /** The tenants of the load: the others' rows are not of its commands. */
  readonly tenantIds: readonly string[];
  /** What the keys of the load begin with. */
  readonly run: string;
  /** The topics that each service hears of. */
  readonly consumes: Readonly<Record<string, readonly string[]>>;
  /** By what the audit trails are verified. */
  readonly audited: SystemToVerify;
  /** All records that Kafka has. */
  readonly records: readonly EventFact[];
  readonly standing: Standing;
}

/** Service and query of each kind of effect: a row of `mark` for each row that commands made, by the tenants in $1. */
const effectQueries: Readonly<Record<EffectKind, readonly [service: string, sql: string]>> = {
  tenant: ['identity', 'select tenant_id::text as mark from tenants where tenant_id = any ($1)'],
  person: ['identity', `select split_part(email, '@', 1) as mark from people where tenant_id = any ($1)`],
  client: ['identity', 'select code as mark from clients where tenant_id = any ($1)'],
  contact: ['identity', `select split_part(email, '@', 1) as mark from client_contacts where tenant_id = any ($1)`],
  matter: ['assignment', 'select code as mark from matters where tenant_id = any ($1)'],
  assignment: ['assignment', 'select work as mark from assignments where tenant_id = any ($1)'],
  agreement: ['billing', 'select id::text as mark from agreements where tenant_id = any ($1)'],
  'time entry': ['billing', 'select narrative as mark from time_entries where tenant_id = any ($1)'],
  expense: ['billing', 'select narrative as mark from expenses where tenant_id = any ($1)'],
  adjustment: ['billing', 'select narrative as mark from adjustments where tenant_id = any ($1)'],
  'approval of work': [
    'billing',
    `select id::text as mark from (
       select tenant_id, id, status from time_entries union all
       select tenant_id, id, status from expenses union all
       select tenant_id, id, status from adjustments
     ) work where tenant_id = any ($1) and status <> 'recorded'`,
  ],
  invoice: ['billing', 'select id::text as mark from invoices where tenant_id = any ($1)'],
  'approval of an invoice': [
    'billing',
    `select id::text as mark from invoices where tenant_id = any ($1) and status not in ('draft', 'discarded')`,
  ],
  // One posting for each issue.
  'issue of an invoice': [
    'billing',
    `select invoice_id::text as mark from postings where tenant_id = any ($1) and kind = 'invoice_issued'`,
  ],
  payment: ['billing', 'select reference as mark from payments where tenant_id = any ($1)'],
  // A row for each version: an upload that took effect twice would have made a second one.
  document: [
    'documents',
    `select name as mark from documents join document_versions on document_id = id and document_versions.tenant_id = documents.tenant_id
     where documents.tenant_id = any ($1) and folder = 'work'`,
  ],
};

/** What services keep of others' rows: the same columns in one text at both ends. */
const copyQueries: readonly { what: string; of: readonly [string, string]; in: readonly [string, string] }[] = [
  copy('tenants', 'identity', 'billing', ['name', 'time_zone', 'tax_id', 'address_lines', 'email', 'version']),
  copy('tenants', 'identity', 'communications', ['name', 'email', 'version']),
  copy('clients', 'identity', 'assignment', ['id', 'version']),
  copy('clients', 'identity', 'billing', ['id', 'code', 'name', 'address_lines', 'version']),
  copy('clients', 'identity', 'documents', ['id', 'version']),
  copy('client_contacts', 'identity', 'communications', ['id', 'client_id', 'name', 'email', 'purpose'], 'contacts'),
  copy('people', 'identity', 'assignment', ['id', 'role', 'client_id', 'version']),
  copy('people', 'identity', 'billing', ['id', 'first_name', 'last_name', "coalesce(timekeeper_code, '')", 'version']),
  copy('matters', 'assignment', 'billing', ['id', 'client_id', 'code', 'client_matter_code', 'name', 'version']),
  copy('matters', 'assignment', 'documents', ['id', 'client_id', 'version']),
];

function copy(table: string, owner: string, keeper: string, columns: readonly string[], kept = table) {
  const sql = (name: string) =>
    `select tenant_id::text || coalesce(' ' || ${columns.includes('id') ? 'id' : 'null'}::text, '') as key,
       row(${columns.join(', ')})::text as value from ${name}`;
  return { what: `${kept} in ${keeper}`, of: [owner, sql(table)], in: [keeper, sql(kept)] } as const;
}

/** Reads everything that the invariants are about. Nothing may be under way. */
export async function gatherFacts(sources: Sources): Promise<Facts> {
  const { world, journal, tenantIds, run, consumes, records, standing } = sources;
  const { query } = world.postgres;
  const ofBilling = <T>(sql: string) => query<T>('billing', sql);
  const effects = {} as Record<EffectKind, string[]>;
  for (const [kind, [service, sql]] of Object.entries(effectQueries)) {
    const rows = await query<{ mark: string }>(service, sql, [tenantIds]);
    effects[kind as EffectKind] = rows.map(({ mark }) => mark);
  }
  const everywhere = async <T>(
    sql: string,
    parameters: readonly unknown[] = [],
  ): Promise<(T & { service: string })[]> => {
    const found: (T & { service: string })[] = [];
    for (const service of world.services)
      found.push(...(await query<T>(service, sql, parameters)).map((row) => ({ ...row, service })));
    return found;
  };
  const keys = await everywhere<{ key: string }>(
    `select key from idempotency_keys where response is not null and starts_with(key, $1)`,
    [`${run}-`],
  );
  return {
    journal: journal.entries,
    contradictions: journal.contradictions,
    leaks: journal.leaks,
    effects,
    keys: keys.map(({ key }) => key),
    postings: (await ofBilling<SumRow>(POSTINGS)).map((row) => ({ ...row, sumMinor: BigInt(row.sum) })),
    balances: (await ofBilling<BalanceRow>(BALANCES)).map((row) => ({
      tenantId: row.tenantId,
      currency: row.currency,
      receivableMinor: BigInt(row.receivable),
      invoicedMinor: BigInt(row.invoiced),
      paidMinor: BigInt(row.paid),
    })),
    outbox: await everywhere<EventFact & { published: boolean }>(OUTBOX),
    records,
    inbox: await everywhere<EventFact & { consumer: string }>(INBOX),
    parked: await everywhere<EventFact & { consumer: string; reason: string }>(PARKED),
    consumes,
    work: await ofBilling(WORK),
    invoices: (await ofBilling<InvoiceRow>(INVOICES)).map((row) => ({
      ...row,
      number: row.number ?? undefined,
      issuedYear: row.issuedYear ?? undefined,
      totalMinor: BigInt(row.total),
    })),
    lines: (await ofBilling<{ invoiceId: string; entryId: string; amount: string }>(LINES)).map((row) => ({
      ...row,
      amountMinor: BigInt(row.amount),
    })),
    counters: await ofBilling('select tenant_id as "tenantId", year, last from invoice_number_counters'),
    copies: await copiesIn(world),
    audit: await auditIn(sources),
    standing,
  };
}

async function copiesIn({ postgres }: Sources['world']): Promise<CopyFact[]> {
  const rowsOf = async ([service, sql]: readonly [string, string]) => {
    const rows = await postgres.query<{ key: string; value: string }>(service, sql);
    return new Map(rows.map(({ key, value }) => [key, value]));
  };
  const found: CopyFact[] = [];
  for (const one of copyQueries)
    found.push({ what: one.what, owner: await rowsOf(one.of), copy: await rowsOf(one.in) });
  return found;
}

/** Chains and signed heads verified, and rows that no record tells of. */
async function auditIn({ world, audited }: Sources): Promise<AuditFact> {
  const { records, faults } = await verifySystem(audited);
  const found = faults.map(
    ({ service, tenantId, sequence, what }) => `${service} ${tenantId} ${sequence ?? '-'}: ${what}`,
  );
  for (const [service, tables] of Object.entries(trailed)) {
    for (const table of tables) {
      const [row] = await world.postgres.query<{ count: number }>(service, unrecorded(table));
      if (row && row.count > 0) found.push(`${service}: ${row.count} rows of ${table} that no record tells of`);
    }
  }
  return { records, faults: found };
}

/** Tables whose rows commands make, or jobs on their behalf. */
const trailed: Readonly<Record<string, readonly string[]>> = {
  identity: ['clients', 'client_contacts', 'people'],
  assignment: ['matters', 'assignments'],
  billing: ['agreements', 'time_entries', 'expenses', 'adjustments', 'invoices', 'payments'],
  documents: ['documents'],
  communications: ['messages'],
};

function unrecorded(table: string): string {
  return `select count(*)::int as count from ${table} made where not exists (
    select from audit.records r
    where r.tenant_id = made.tenant_id and r.row_id = made.id::text and r.table_name = '${table}' and r.outcome = 'done'
  )`;
}

interface SumRow {
  readonly id: string;
  readonly currency: string;
  readonly sum: string;
}

interface BalanceRow {
  readonly tenantId: string;
  readonly currency: string;
  readonly receivable: string;
  readonly invoiced: string;
  readonly paid: string;
}

interface InvoiceRow {
  readonly id: string;
  readonly tenantId: string;
  readonly number: string | null;
  readonly issuedYear: number | null;
  readonly status: string;
  readonly total: string;
  readonly version: number;
}

const POSTINGS = `
  select posting_id::text as id, currency, sum(amount_minor)::text as sum from posting_lines group by posting_id, currency`;

const BALANCES = `
  with receivable as (
    select tenant_id, currency, sum(amount_minor) as minor from posting_lines where account = 'receivables' group by 1, 2
  ), invoiced as (
    select tenant_id, currency, sum(total_minor) as minor from invoices where number is not null group by 1, 2
  ), paid as (
    select tenant_id, currency, sum(amount_minor) as minor from payments group by 1, 2
  )
  select tenant_id::text as "tenantId", currency, coalesce(receivable.minor, 0)::text as receivable,
    coalesce(invoiced.minor, 0)::text as invoiced, coalesce(paid.minor, 0)::text as paid
  from receivable full join invoiced using (tenant_id, currency) full join paid using (tenant_id, currency)`;

const EVENT = `event_id::text as "eventId", aggregate_id::text as "aggregateId", aggregate_version as version`;

const OUTBOX = `select topic, ${EVENT}, published_at is not null as published from messaging.outbox`;
const INBOX = `select '' as topic, ${EVENT}, consumer from messaging.inbox`;
const PARKED = `select topic, ${EVENT}, consumer, reason from messaging.parked_events where discarded_at is null`;

const WORK = `
  select id::text, status from time_entries union all
  select id::text, status from expenses union all
  select id::text, status from adjustments`;

const INVOICES = `
  select id::text, tenant_id::text as "tenantId", number, extract(year from issued_on)::int as "issuedYear", status,
    total_minor::text as total, version from invoices`;

const LINES = `
  select invoice_id::text as "invoiceId", entry_id::text as "entryId", amount_minor::text as amount from invoice_lines where live`;
