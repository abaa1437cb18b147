import { DomainError, isUuid } from '@paradesk/kernel';
import { bulkInsert, type Tx } from '@paradesk/platform';
import { BillingRun, type BillingRunItem, type BillingRunItemStatus } from './billing-run.entity.js';

/** What became of an account of a run. */
export type ItemOutcome = Pick<BillingRunItem, 'id'> &
  Partial<Pick<BillingRunItem, 'invoiceId' | 'currency' | 'totalMinor' | 'reason' | 'message'>> & {
    readonly status: BillingRunItemStatus;
  };

/** @throws DomainError not-found BILLING_RUN_NOT_FOUND */
export async function findRun(tx: Tx, id: string): Promise<BillingRun> {
  const run = await tx.findOne(BillingRun, { where: { tenantId: tx.tenantId, id } });
  if (!run) throw DomainError.notFound('billing run', id);
  return run;
}

/** As `findRun`, locked until the transaction ends. */
export async function lockRun(tx: Tx, id: string): Promise<BillingRun> {
  const run = await tx.findOne(BillingRun, {
    where: { tenantId: tx.tenantId, id },
    lock: { mode: 'pessimistic_write' },
  });
  if (!run) throw DomainError.notFound('billing run', id);
  return run;
}

export async function saveStatus(tx: Tx, { id, status }: BillingRun): Promise<void> {
  await tx.update(BillingRun, { tenantId: tx.tenantId, id }, { status });
}

/** The accounts that have something to bill, in the order of their ids: approved work of the period that is on no live invoice. */
export async function accountsToBill(
  tx: Tx,
  { billingStart, billingEnd, grouping }: BillingRun,
  clientIds: readonly string[],
): Promise<{ clientId: string; matterId: string | null }[]> {
  const work = [
    ['time_entries', 'worked_on', 'and w.billable'],
    ['expenses', 'incurred_on', ''],
    ['adjustments', 'applies_on', ''],
    ['fixed_fees', 'due_on', ''],
  ].map(
    ([table, day, own]) =>
      `select w.client_id, w.matter_id from ${table} w
       where w.tenant_id = $1 and w.status = 'approved' and w.${day} between $2 and $3 ${own}
         and ($4::uuid[] = '{}' or w.client_id = any($4::uuid[]))
         and not exists (select from invoice_lines l where l.tenant_id = w.tenant_id and l.live and l.entry_id = w.id)`,
  );
  const matter = grouping === 'matter' ? 'matter_id' : 'null::uuid';
  const rows: { client_id: string; matter_id: string | null }[] = await tx.query(
    `select distinct client_id, ${matter} as matter_id from (${work.join(' union all ')}) w order by 1, 2`,
    [tx.tenantId, billingStart.toString(), billingEnd.toString(), clientIds],
  );
  return rows.map(({ client_id, matter_id }) => ({ clientId: client_id, matterId: matter_id }));
}

export async function insertItems(
  tx: Tx,
  runId: string,
  items: readonly { readonly id: string; readonly clientId: string; readonly matterId: string | null }[],
): Promise<void> {
  const types = { tenant_id: 'uuid', id: 'uuid', run_id: 'uuid', client_id: 'uuid', matter_id: 'uuid', status: 'text' };
  const rows = items.map(({ id, clientId, matterId }) => ({
    tenant_id: tx.tenantId,
    id,
    run_id: runId,
    client_id: clientId,
    matter_id: matterId,
    status: 'waiting',
  }));
  await bulkInsert(tx, 'billing_run_items', types, rows);
}

/** Stores what became of accounts, by one statement. */
export async function saveOutcomes(tx: Tx, outcomes: readonly ItemOutcome[]): Promise<void> {
  await tx.query(
    `update billing_run_items i set status = o.status, invoice_id = coalesce(o.invoice_id, i.invoice_id),
       currency = coalesce(o.currency, i.currency), total_minor = coalesce(o.total_minor, i.total_minor),
       reason = o.reason, message = o.message
     from unnest($2::uuid[], $3::text[], $4::uuid[], $5::text[], $6::bigint[], $7::text[], $8::text[])
       o (id, status, invoice_id, currency, total_minor, reason, message)
     where i.tenant_id = $1 and i.id = o.id`,
    [
      tx.tenantId,
      outcomes.map(({ id }) => id),
      outcomes.map(({ status }) => status),
      outcomes.map(({ invoiceId }) => invoiceId ?? null),
      outcomes.map(({ currency }) => currency ?? null),
      outcomes.map(({ totalMinor }) => totalMinor?.toString() ?? null),
      outcomes.map(({ reason }) => reason ?? ''),
      outcomes.map(({ message }) => message ?? ''),
    ],
  );
}

/** Figures of a run as they are now. */
export interface RunFigures {
  readonly counts: readonly { readonly status: BillingRunItemStatus; readonly accounts: number }[];
  readonly totals: readonly { readonly currency: string; readonly amountMinor: bigint }[];
}

export async function figuresOf(tx: Tx, runId: string): Promise<RunFigures> {
  const counts: { status: BillingRunItemStatus; accounts: number }[] = await tx.query(
    `select status, count(*)::int as accounts from billing_run_items where tenant_id = $1 and run_id = $2
     group by status order by status`,
    [tx.tenantId, runId],
  );
  const sums: { currency: string; sum: string }[] = await tx.query(
    `select currency, sum(total_minor)::text as sum from billing_run_items
     where tenant_id = $1 and run_id = $2 and status in ('proposed', 'drafted', 'issued')
     group by currency order by currency`,
    [tx.tenantId, runId],
  );
  return { counts, totals: sums.map(({ currency, sum }) => ({ currency, amountMinor: BigInt(sum) })) };
}

/** The next accounts of a run whose turn has come, the run locked against a second worker. */
export async function nextItems(
  tx: Tx,
  runId: string,
  status: BillingRunItemStatus,
  { after, limit }: { readonly after: string; readonly limit: number },
): Promise<{ id: string; clientId: string; matterId: string | null; invoiceId: string | null }[]> {
  if (!isUuid(after)) throw new Error('after is a UUID');
  return tx.query(
    `select id, client_id as "clientId", matter_id as "matterId", invoice_id as "invoiceId" from billing_run_items
     where tenant_id = $1 and run_id = $2 and status = $3 and id > $4 order by id limit $5 for update`,
    [tx.tenantId, runId, status, after, limit],
  );
}

/** Issued invoices of a run that have no files yet. */
export async function unfiledOf(tx: Tx, runId: string): Promise<string[]> {
  const rows: { id: string }[] = await tx.query(
    `select i.id from billing_run_items r join invoices f on f.tenant_id = r.tenant_id and f.id = r.invoice_id
       join invoices i on i.tenant_id = r.tenant_id and (i.id = f.id or i.split_id = f.split_id)
     where r.tenant_id = $1 and r.run_id = $2 and r.status = 'issued' and i.pdf_document_id is null order by i.id`,
    [tx.tenantId, runId],
  );
  return rows.map(({ id }) => id);
}
