import { AsyncLocalStorage } from 'node:async_hooks';
import { DomainError } from '@paradesk/kernel';
import { parseCronItems, type CronItem, type TaskList } from 'graphile-worker';
import type pg from 'pg';
import { Temporal } from 'temporal-polyfill';
import { acting } from '../audit/act.js';
import { Clock } from '../clock.js';
import { sqlStateOf, type Tx } from '../database/database.js';
import { crashPoint } from '../run/crash-points.js';
import type { Logger } from '../telemetry/logger.js';
import { drainJobs, type Drained, type JobRow } from './drain-jobs.js';
import { JobRunner } from './job-runner.js';
import { JOBS_SCHEMA } from './jobs-schema.js';
import { causeOf, observeJobs, performObserved, type JobCause } from './jobs-telemetry.js';

/** A kind of job, with the payload it takes. */
export interface JobKind<P> {
  readonly name: string;
  /** Only carries the type. */
  readonly payload?: P;
}

/** When and how often to try a job. */
export interface JobOptions {
  /** The cause: a job of one kind and key waits once, however often it is added. */
  readonly key?: string;
  /** Not before; at once by default. */
  readonly runAt?: Temporal.Instant;
  /** Most attempts, 25 by default; the wait grows as e^attempt seconds. */
  readonly maxAttempts?: number;
}

/** A job that is being done. */
export interface RunningJob {
  readonly tenantId: string;
  /** 1 for the first. */
  readonly attempt: number;
  readonly maxAttempts: number;
}

/** A job that has used up its attempts. */
export interface FailedJob {
  readonly id: string;
  readonly name: string;
  /** Whose job it is; null for a schedule. */
  readonly tenantId: string | null;
  readonly attempts: number;
  /** Reason or class of the last error, never its text. */
  readonly error: string;
}

interface Envelope extends JobCause {
  readonly tenantId: string;
  readonly payload: unknown;
}

/** What graphile-worker puts into a job that a schedule adds. */
interface Occasion {
  readonly _cron: { readonly ts: string };
}

type Perform = (job: JobRow) => Promise<void>;

/** Names a kind of job and the payload it takes. @param name kebab-case, unique in the service */
export function defineJob<P>(name: string): JobKind<P> {
  return { name };
}

/**
 * Durable work of a service: a row in its own database, added in the transaction that decides it, done at least once after the commit.
 * A handler looks at the state again before it acts. What fails is tried again, and stays visible once given up.
 */
export class Jobs {
  private readonly performers = new Map<string, Perform>();
  private readonly schedules: CronItem[] = [];
  private runner: JobRunner | undefined;
  // A job wakes up on a connection that some request may have opened: what that request carries along must not reach the job.
  private readonly outsideRequests = AsyncLocalStorage.snapshot();

  /** @param clock what `drain` and `fire` go by; the runner goes by the database's */
  constructor(
    private readonly pool: pg.Pool,
    private readonly logger: Logger,
    private readonly clock: Clock = new Clock(),
  ) {}

  /** Adds a job in this transaction: it exists when the transaction commits. */
  async add<P>(tx: Tx, kind: JobKind<P>, payload: P, options: JobOptions = {}): Promise<void> {
    const { key, ...common } = options;
    await this.addAll(tx, kind, [{ payload, ...(key !== undefined && { key }) }], common);
  }

  /** As `add`, many of one kind by one statement. */
  async addAll<P>(
    tx: Tx,
    kind: JobKind<P>,
    jobs: readonly { readonly payload: P; readonly key?: string }[],
    options: Omit<JobOptions, 'key'> = {},
  ): Promise<void> {
    const cause = causeOf(options.runAt !== undefined);
    const envelopes = jobs.map(({ payload }): Envelope => ({ tenantId: tx.tenantId, payload, ...cause }));
    await tx.query(
      `select from unnest($2::json[], $5::text[]) job (payload, key),
         lateral ${JOBS_SCHEMA}.add_job($1, job.payload, run_at => $3::timestamptz, max_attempts => $4, job_key => job.key, job_key_mode => 'preserve_run_at')`,
      [
        kind.name,
        envelopes.map((envelope) => JSON.stringify(envelope)),
        options.runAt?.toString() ?? null,
        options.maxAttempts ?? 25,
        jobs.map(({ key }) => (key ? `${kind.name}:${tx.tenantId}:${key}` : null)),
      ],
    );
  }

  /** Says who does a kind of job. Call it in a provider's constructor. @throws Error when the kind has a handler already */
  handle<P>(kind: JobKind<P>, handler: (payload: P, job: RunningJob) => Promise<void>): void {
    this.register(kind.name, (job) => {
      const { tenantId, payload } = job.payload as Envelope;
      return handler(payload as P, { tenantId, attempt: job.attempts, maxAttempts: job.max_attempts });
    });
  }

  /**
   * Does something again and again, once for all processes of the service. It belongs to no tenant: the handler adds a job for each
   * tenant concerned. An occasion missed while nothing ran is not made up for, and one that is still waiting is not added twice.
   *
   * @param name kebab-case, unique among jobs and schedules
   * @param cron five fields, in UTC
   * @param handler takes the moment it was due
   * @throws Error when the name is taken or `cron` cannot be read
   */
  schedule(name: string, cron: string, handler: (at: Temporal.Instant) => Promise<void>): void {
    const item: CronItem = {
      task: name,
      match: cron,
      options: { backfillPeriod: 0, jobKey: name, jobKeyMode: 'preserve_run_at' },
    };
    parseCronItems([item]);
    this.register(name, (job) => handler(Temporal.Instant.from((job.payload as Occasion)._cron.ts)));
    this.schedules.push(item);
  }

  /** Lets a schedule happen now, for operators and tests. @throws Error when there is no such schedule */
  async fire(name: string): Promise<void> {
    if (!this.schedules.some(({ task }) => task === name)) throw new Error(`there is no schedule ${name}`);
    const occasion: Occasion = { _cron: { ts: this.clock.now().toString() } };
    await this.pool.query(
      `select from ${JOBS_SCHEMA}.add_job($1, $2::json, job_key => $1, job_key_mode => 'preserve_run_at')`,
      [name, JSON.stringify(occasion)],
    );
  }

  /** Does jobs as they come, five at a time. Nothing to start in a service without handlers. */
  async start(): Promise<void> {
    if (this.performers.size === 0) return;
    const tasks: TaskList = {};
    for (const [name, perform] of this.performers) {
      tasks[name] = (payload, { job }) => perform({ ...job, name, payload });
    }
    this.runner = new JobRunner(this.pool, { tasks, crons: parseCronItems(this.schedules) }, this.logger);
    await this.runner.start();
  }

  /** Takes no more jobs and lets those under way end; what has not ended after `limitMs` is left to another try. */
  async stop(limitMs = 10_000): Promise<void> {
    await this.runner?.stop(limitMs);
    this.runner = undefined;
  }

  /** For tests: does the jobs that are due by the clock, and those that they add, until none is due. A failing job waits for its next try. */
  async drain(): Promise<Drained> {
    const perform = (job: JobRow) => this.performers.get(job.name)!(job);
    return drainJobs(this.pool, [...this.performers.keys()], () => this.clock.now(), perform);
  }

  /** Jobs that have used up their attempts, the oldest first; `graphile_worker.reschedule_jobs` gives one a new try. */
  async failed(limit = 100): Promise<FailedJob[]> {
    const { rows } = await this.pool.query<FailedJob>(
      `select j.id::text, t.identifier as name, j.payload->>'tenantId' as "tenantId", j.attempts, coalesce(j.last_error, '') as error
       from ${JOBS_SCHEMA}._private_jobs j join ${JOBS_SCHEMA}._private_tasks t on t.id = j.task_id
       where j.attempts >= j.max_attempts and j.locked_at is null order by j.id limit $1`,
      [limit],
    );
    return rows;
  }

  /** Reports what is due and what was given up whenever metrics are read. @returns ends the reports */
  observe(service: string): () => void {
    return observeJobs(service, this.pool, () => [...this.performers.keys()]);
  }

  private register(name: string, work: Perform): void {
    if (this.performers.has(name)) throw new Error(`the job ${name} has a handler already`);
    this.performers.set(name, (job) => this.outsideRequests(() => this.perform(job, work)));
  }

  private perform(job: JobRow, work: Perform): Promise<void> {
    const attempt = async () => {
      crashPoint('jobs.before-handle');
      await acting({ action: `job ${job.name}` }, () => work(job));
      crashPoint('jobs.after-handle');
    };
    return performObserved(job, attempt, (error) => {
      const reason = reasonOf(error);
      this.logger.warn(
        { job: job.name, attempt: job.attempts, max_attempts: job.max_attempts, reason, err: error },
        'a job failed',
      );
      return reason;
    });
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof DomainError) return error.reason;
  return sqlStateOf(error) ?? (error instanceof Error ? error.name : 'unknown');
}
