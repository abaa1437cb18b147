import { Role } from '@paradesk/contracts/paradesk/common/v1/rule';
import { newId } from '@paradesk/kernel';
import { aCaller } from '@paradesk/testing';
import type pg from 'pg';
import { startBilling } from './billing-service.js';
import { serveParent } from './child.js';
import { ENTRIES_OF_A_TENANT, type Question, type TenantsReady } from './tenants.js';

const QUESTIONS = 300;

// The last figures of the ids say whose they are and which, so that nobody has to look them up.
const idOf = (kind: string, tenant: number, entry = 0) =>
  `0199${kind}000-0000-7000-8000-${String(tenant * 1_000 + entry).padStart(12, '0')}`;

/** Billing with this many tenants and the same number of time entries of each. */
async function serve(tenants: number): Promise<void> {
  const { address, mint, stop } = await startBilling((client) => fill(client, tenants), { durable: false });
  // A token of its own for each, as the gateway brings one with each request: no side profits from one that was seen before.
  const question = async (): Promise<Question> => {
    const tenant = Math.floor(Math.random() * tenants);
    const caller = aCaller({ tenantId: idOf('a', tenant), role: Role.BILLING_MANAGER });
    return {
      token: await mint.tokenFor(caller, 'billing'),
      matterId: idOf('b', tenant),
      timeEntryId: idOf('c', tenant, Math.floor(Math.random() * ENTRIES_OF_A_TENANT)),
    };
  };
  const answers = { questions: () => Promise.all(Array.from({ length: QUESTIONS }, question)) };
  const ready: TenantsReady = { address };
  serveParent(ready, answers, stop);
}

/** By SQL: one matter of each tenant, and its entries in the order of time, so that those of one tenant lie apart as they do in life. */
async function fill(client: pg.Client, tenants: number): Promise<void> {
  await client.query(
    `insert into time_entries (
       tenant_id, id, client_id, matter_id, currency, amount_minor, narrative, status, recorded_at, person_id, worked_on, worked_minutes,
       hours, hourly_rate, rate_reason, adjustment_minor, task_code, activity_code, task_class, billable)
     select ('0199a000-0000-7000-8000-' || lpad((tenant * 1000)::text, 12, '0'))::uuid,
       ('0199c000-0000-7000-8000-' || lpad((tenant * 1000 + entry)::text, 12, '0'))::uuid,
       $3, ('0199b000-0000-7000-8000-' || lpad((tenant * 1000)::text, 12, '0'))::uuid,
       'USD', 4500, repeat('Reviewed the production of documents. ', 4), 'recorded', now(), $4, '2026-03-02', 18,
       0.3, 150, 'agreement', 0, 'L320', 'A104', 'substantive', true
     from generate_series(0, $2 - 1) entry cross join generate_series(0, $1 - 1) tenant order by entry, tenant`,
    [tenants, ENTRIES_OF_A_TENANT, newId(Date.now()), newId(Date.now())],
  );
}

await serve(Number(process.argv[2]));
