import type pg from 'pg';
import type { Temporal } from 'temporal-polyfill';
import { JOBS_SCHEMA } from './jobs-schema.js';

/** A job as its row has it. */
export interface JobRow {
  readonly id: string;
  readonly name: string;
  readonly payload: unknown;
  readonly attempts: number;
  readonly max_attempts: number;
}

/** How many attempts of a drain went well, and how many did not. */
export interface Drained {
  readonly done: number;
  readonly failed: number;
}

const MOST = 10_000;

/**
 * Does due jobs one after another until none is due. What is due is decided by `now` and not by the database, whose clock no
 * test can set; a job added without a time is due at once. The rows change as the runner would change them.
 *
 * @throws Error after 10,000 jobs: they add each other without end
 */
export async function drainJobs(
  pool: pg.Pool,
  names: readonly string[],
  now: () => Temporal.Instant,
  perform: (job: JobRow) => Promise<void>,
): Promise<Drained> {
  let done = 0;
  let failed = 0;
  while (done + failed < MOST) {
    const { rows } = await pool.query<JobRow>(TAKE, [names, now().toString()]);
    const job = rows[0];
    if (!job) return { done, failed };
    try {
      await perform(job);
      done += 1;
      await pool.query(`delete from ${JOBS_SCHEMA}._private_jobs where id = $1`, [job.id]);
    } catch (error) {
      failed += 1;
      await pool.query(FAIL, [job.id, (error as Error).message, now().toString()]);
    }
  }
  throw new Error(`${MOST} jobs were done and there are more: do they add each other?`);
}

// A row's run_at is the moment it was written unless a time was given, or an attempt failed.
const TAKE = `
  with due as (
    select j.id, t.identifier from ${JOBS_SCHEMA}._private_jobs j join ${JOBS_SCHEMA}._private_tasks t on t.id = j.task_id
    where j.is_available and t.identifier = any ($1::text[])
      and (j.run_at <= $2::timestamptz or j.run_at = j.created_at or j.run_at = j.updated_at)
    order by j.priority, j.run_at, j.id limit 1 for update of j skip locked
  )
  update ${JOBS_SCHEMA}._private_jobs j set attempts = j.attempts + 1, locked_at = now(), locked_by = 'drain'
  from due where j.id = due.id
  returning j.id::text, due.identifier as name, j.payload, j.attempts, j.max_attempts`;

const FAIL = `
  update ${JOBS_SCHEMA}._private_jobs
  set last_error = $2, locked_at = null, locked_by = null,
    run_at = $3::timestamptz + exp(least(attempts, 10)) * interval '1 second'
  where id = $1`;
