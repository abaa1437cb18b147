import {
  BillingRunGrouping,
  BillingRunsServiceService,
  BillingRunStatus,
} from '@paradesk/contracts/paradesk/billing/v1/billing_runs';
import { Role } from '@paradesk/contracts/paradesk/common/v1/rule';
import { makeClient, RawChannel } from '@paradesk/platform';
import { aCaller } from '@paradesk/testing';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { startBilling, type BillingToMeasure } from './billing-service.js';
import type { BillingRunMeasured } from './billing-run.js';
import { serveParent } from './child.js';

const ENTRIES = 50;
const MATTERS_OF_A_CLIENT = 10;
/** Two tenants with the same work: the run bills one, set-based statements write the rows of the other. */
const [RUN, LIMIT] = ['0199a000-0000-7000-8000-000000000001', '0199a000-0000-7000-8000-000000000002'] as const;
const PERSON = '0199d000-0000-7000-8000-000000000001';
const idOf = (kind: string, number: string) =>
  `('0199${kind}000-0000-7000-8000-' || lpad((${number})::text, 12, '0'))::uuid`;
const MATTER = idOf('b', 'm');
const march = { billingStart: { year: 2026, month: 3, day: 1 }, billingEnd: { year: 2026, month: 3, day: 31 } };

async function serve(matters: number): Promise<void> {
  const billing = await startBilling((client) => fill(client, matters), { durable: true });
  const answers = {
    run: () => run(billing),
    limit: () => writeTheSame(billing.superuserUrl, matters),
  };
  serveParent({}, answers, billing.stop);
}

/** The run as a billing manager has it: drafted, approved, issued; the files come afterwards and are not measured. */
async function run({ address, mint }: BillingToMeasure): Promise<BillingRunMeasured> {
  const channel = new RawChannel(address);
  const caller = aCaller({ tenantId: RUN, role: Role.BILLING_MANAGER });
  const runs = makeClient(BillingRunsServiceService, {
    channel: () => channel,
    prepare: async () => ({
      timeoutMs: 60_000,
      metadata: { authorization: `Bearer ${await mint.tokenFor(caller, 'billing')}` },
    }),
  });
  const rests = async (id: string, status: BillingRunStatus) => {
    for (;;) {
      const { status: now, counts } = await runs.getBillingRun({ billingRunId: id }, undefined);
      if (now === status) return counts;
      await sleep(20);
    }
  };
  const startedAt = performance.now();
  const { id } = await runs.startBillingRun({ ...march, grouping: BillingRunGrouping.MATTER }, undefined);
  await rests(id, BillingRunStatus.DRAFTED);
  const draftedAt = performance.now();
  await runs.approveBillingRun({ billingRunId: id }, undefined);
  await runs.issueBillingRun({ billingRunId: id }, undefined);
  const counts = await rests(id, BillingRunStatus.ISSUED);
  const endedAt = performance.now();
  channel.close();
  const peakMb = process.resourceUsage().maxRSS / 1024;
  const invoices = counts.reduce((sum, { accounts }) => sum + accounts, 0);
  if (counts.length !== 1) throw new Error('not every account was issued');
  return { invoices, draftMs: draftedAt - startedAt, issueMs: endedAt - draftedAt, peakMb };
}

/** Tenants with clients, matters, agreements and approved work: 50 entries on each matter. */
async function fill(client: pg.Client, matters: number): Promise<void> {
  for (const tenant of [RUN, LIMIT]) {
    const statements = [
      `insert into tenants values ($1, 'Paralegals', 'America/New_York', '24-6437381', '{}', 'office@paralegals.test', 1)`,
      `insert into people (tenant_id, id, first_name, last_name, role, timekeeper_code, timekeeper_classification, version)
       values ($1, '${PERSON}', 'Pat', 'Doe', 3, 'PL1', 'PARALG', 1)`,
      `insert into clients (tenant_id, id, code, name, address_lines, version)
       select $1, ${idOf('e', 'c')}, 'C' || c, 'Client ' || c, '{}', 1
       from generate_series(0, ${Math.ceil(matters / MATTERS_OF_A_CLIENT) - 1}) c`,
      `insert into matters (tenant_id, id, client_id, code, client_matter_code, name, version)
       select $1, ${MATTER}, ${idOf('e', `m / ${MATTERS_OF_A_CLIENT}`)}, 'M' || m, 'CM' || m, 'Roe v. Doe', 1
       from generate_series(0, ${matters - 1}) m`,
      `insert into agreements (tenant_id, id, client_id, matter_id, currency, valid_from, payment_terms_days, increment_minutes,
         rounding_mode, rounding_enforced)
       select tenant_id, id, client_id, id, 'USD', '2026-01-01', 30, 6, 'up', false from matters where tenant_id = $1`,
      `insert into time_entries (tenant_id, id, client_id, matter_id, currency, amount_minor, narrative, status, recorded_at, person_id,
         worked_on, worked_minutes, hours, hourly_rate, rate_reason, adjustment_minor, task_code, activity_code, task_class, billable)
       select tenant_id, gen_random_uuid(), client_id, id, 'USD', 4500, 'Reviewed the production of documents of defendant, part ' || e,
         'approved', now(), '${PERSON}', '2026-03-01'::date + e % 28, 18, 0.3, 150, '', 0, 'L320', 'A104', 'substantive', true
       from matters cross join generate_series(1, ${ENTRIES}) e where tenant_id = $1`,
    ];
    for (const statement of statements) await client.query(statement, statement.includes('$1') ? [tenant] : []);
  }
}

/**
 * The physical limit: the rows that a run leaves behind (drafts with lines, their approval and issue, billed entries, postings), written by
 * one set-based statement each, in one transaction, by the same server with the same indexes, constraints and triggers.
 */
async function writeTheSame(url: string, matters: number): Promise<number> {
  const client = new pg.Client(url);
  await client.connect();
  const startedAt = performance.now();
  await client.query('begin');
  await client.query(`select set_config('paradesk.tenant', $1, true)`, [LIMIT]);
  const statements = [
    `insert into invoices (tenant_id, id, client_id, status, currency, billing_start, billing_end, fees_minor, expenses_minor,
       adjustments_minor, total_minor, paid_minor, drafted_at, version)
     select tenant_id, id, client_id, 'draft', 'USD', '2026-03-01', '2026-03-31', 225000, 0, 0, 225000, 0, now(), 0
     from matters where tenant_id = $1`,
    `insert into invoice_lines (tenant_id, id, invoice_id, position, kind, entry_id, matter_id, date, person_id, narrative, task_code,
       activity_code, expense_code, units, unit_cost, adjustment_minor, amount_minor, live)
     select tenant_id, gen_random_uuid(), matter_id, row_number() over (partition by matter_id order by worked_on, id), 'fee', id,
       matter_id, worked_on, person_id, narrative, task_code, activity_code, '', hours, hourly_rate, 0, amount_minor, true
     from time_entries where tenant_id = $1`,
    `update invoices set status = 'approved' where tenant_id = $1`,
    `update time_entries set status = 'billed' where tenant_id = $1`,
    `update invoices i set status = 'issued', number = 'INV-2026-' || lpad(n.n::text, 5, '0'), issued_on = '2026-04-01',
       due_on = '2026-05-01', version = 1
     from (select id, row_number() over (order by id) as n from invoices where tenant_id = $1) n where i.tenant_id = $1 and i.id = n.id`,
    `insert into postings (tenant_id, id, kind, invoice_id, posted_at, line_count)
     select tenant_id, id, 'invoice_issued', id, now(), 2 from invoices where tenant_id = $1`,
    `insert into posting_lines (tenant_id, posting_id, position, account, client_id, currency, amount_minor)
     select tenant_id, id, p, case p when 0 then 'receivables' else 'fee_income' end, client_id, 'USD',
       case p when 0 then total_minor else -total_minor end
     from invoices cross join generate_series(0, 1) p where tenant_id = $1`,
  ];
  for (const statement of statements) await client.query(statement, [LIMIT]);
  await client.query('commit');
  const tookMs = performance.now() - startedAt;
  const { rows } = await client.query<{ count: number }>(
    `select count(*)::int as count from invoices where tenant_id = $1 and status = 'issued'`,
    [LIMIT],
  );
  await client.end();
  if (rows[0]?.count !== matters) throw new Error(`${rows[0]?.count} of ${matters} invoices were written`);
  return tookMs;
}

await serve(Number(process.argv[2]));
