import { newId } from '@paradesk/kernel';
import pg from 'pg';
import { startBilling } from './billing-service.js';
import { median, printTable } from './figures.js';

const ENTRIES = 500_000;
const MATTERS = 2_500;
const TEAM = 25;
const WALLED = 3;
const WARM_UP_ROUNDS = 2;
const ROUNDS = 9;

const tenantId = newId(Date.now());
const manager = newId(Date.now());
const paralegal = newId(Date.now());
const matterOf = (index: number) => `0199b000-0000-7000-8000-${String(index).padStart(12, '0')}`;

/** A query as a service asks it, and as whom. */
interface Question {
  readonly name: string;
  readonly sight: 'others' | 'team';
  readonly personId: string;
  readonly sql: string;
  readonly parameters: readonly unknown[];
  /** How often in a round. */
  readonly times: number;
}

const SUM = `select count(*), sum(amount_minor) from time_entries where tenant_id = $1 and status = 'recorded'`;
const PAGE = 'select * from time_entries where tenant_id = $1 and matter_id = $2 order by id limit 50';
const questions: readonly Question[] = [
  { name: 'sum of all, walled', sight: 'others', personId: manager, sql: SUM, parameters: [tenantId], times: 1 },
  { name: 'sum of all, on 25 matters', sight: 'team', personId: paralegal, sql: SUM, parameters: [tenantId], times: 1 },
  {
    name: 'page of a matter, walled from 3',
    sight: 'others',
    personId: manager,
    sql: PAGE,
    parameters: [tenantId, matterOf(0)],
    times: 200,
  },
  {
    name: 'page of a matter, on 25 matters',
    sight: 'team',
    personId: paralegal,
    sql: PAGE,
    parameters: [tenantId, matterOf(0)],
    times: 200,
  },
];

/**
 * What row-level security with the access to matters adds to a transaction that reads a table of 500,000 rows: the same statements by the
 * run-time role, after `enter_as`, and by the superuser, whom no policy binds.
 *
 * @returns the largest median of the questions, with to without
 */
export async function measureRows(): Promise<number> {
  const billing = await startBilling(fill, { durable: false });
  const [bound, free] = [new pg.Client(billing.runtimeUrl), new pg.Client(billing.superuserUrl)];
  try {
    await Promise.all([bound.connect(), free.connect()]);
    const figures = questions.map((question) => ({ question, with: [] as number[], without: [] as number[] }));
    for (let round = 0; round < WARM_UP_ROUNDS + ROUNDS; round++) {
      for (const { question, with: guarded, without: unguarded } of figures) {
        const withMs = await timed(question, () => asSomebody(bound, question));
        const withoutMs = await timed(question, () => asAnybody(free, question));
        guarded.push(withMs);
        unguarded.push(withoutMs);
      }
    }
    const ratioOf = (figure: (typeof figures)[number]) =>
      median(warm(figure.with).map((ms, round) => ms / warm(figure.without)[round]!));
    const rows = figures.map((figure) => [
      figure.question.name,
      median(warm(figure.without)).toFixed(2),
      median(warm(figure.with)).toFixed(2),
      ratioOf(figure).toFixed(2),
    ]);
    printTable(['a transaction on 500,000 entries', 'without ms', 'with ms', 'ratio'], rows);
    return Math.max(...figures.map(ratioOf));
  } finally {
    await Promise.all([bound.end(), free.end()]);
    await billing.stop();
  }
}

const warm = (ms: readonly number[]) => ms.slice(WARM_UP_ROUNDS);

async function timed({ times }: Question, transaction: () => Promise<void>): Promise<number> {
  const from = performance.now();
  for (let turn = 0; turn < times; turn++) await transaction();
  return (performance.now() - from) / times;
}

async function asSomebody(client: pg.Client, { sight, personId, sql, parameters }: Question): Promise<void> {
  await client.query('begin');
  await client.query({
    name: 'enter_as',
    text: 'select enter_as($1, $2, $3, $4, $5)',
    values: [tenantId, '', sight, personId, null],
  });
  await client.query(sql, [...parameters]);
  await client.query('commit');
}

async function asAnybody(client: pg.Client, { sql, parameters }: Question): Promise<void> {
  await client.query('begin');
  await client.query(sql, [...parameters]);
  await client.query('commit');
}

async function fill(client: pg.Client): Promise<void> {
  const clientId = newId(Date.now());
  await client.query(
    `insert into time_entries (
       tenant_id, id, client_id, matter_id, currency, amount_minor, narrative, status, recorded_at, person_id, worked_on, worked_minutes,
       hours, hourly_rate, rate_reason, adjustment_minor, task_code, activity_code, task_class, billable)
     select $1, ('0199c000-0000-7000-8000-' || lpad(entry::text, 12, '0'))::uuid, $2,
       ('0199b000-0000-7000-8000-' || lpad((entry % $5)::text, 12, '0'))::uuid,
       'USD', 4500, repeat('Reviewed the production of documents. ', 4), 'recorded', now(), $3, '2026-03-02', 18,
       0.3, 150, 'agreement', 0, 'L320', 'A104', 'substantive', true
     from generate_series(0, $4 - 1) entry`,
    [tenantId, clientId, paralegal, ENTRIES, MATTERS],
  );
  const matters = Array.from({ length: MATTERS }, (_, index) => matterOf(index));
  await client.query('insert into matter_access select $1, unnest($2::uuid[]), $3, 1', [tenantId, matters, clientId]);
  const near = 'insert into TABLE select $1, $2, unnest($3::uuid[])';
  await client.query(near.replace('TABLE', 'matter_teams'), [tenantId, paralegal, matters.slice(0, TEAM)]);
  await client.query(near.replace('TABLE', 'matter_walls'), [tenantId, manager, matters.slice(-WALLED)]);
}
