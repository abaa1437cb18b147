import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  Logger as WorkerLogger,
  run,
  type ParsedCronItem,
  type Runner,
  type TaskList,
  type WorkerEvents,
} from 'graphile-worker';
import type pg from 'pg';
import type { Logger } from '../telemetry/logger.js';
import { JOBS_SCHEMA, surviveLostConnections } from './jobs-schema.js';

/** What a runner does, and when by itself. */
export interface Work {
  readonly tasks: TaskList;
  readonly crons: ParsedCronItem[];
}

const CONCURRENCY = 5;
const POLL_MS = 2000;
const SWEEP_MS = 20_000;
const FIRST_RESTART_MS = 500;
const LAST_RESTART_MS = 30_000;

// A runner holds this session lock while it listens: what is locked by a runner without it belongs to a process that is gone.
const ALIVE = `hashtext('paradesk.jobs')`;

/**
 * graphile-worker, kept alive. By itself it stops when the database is away at the moment a job ends, and leaves the jobs of a killed
 * process locked for four hours: this starts it again, and gives such jobs back within a minute.
 */
export class JobRunner {
  private runner: Runner | undefined;
  /** As the `locked_by` of its jobs. */
  private poolId: string | undefined;
  private stopping = false;
  private sweeper: NodeJS.Timeout | undefined;
  private suspects = new Set<string>();

  constructor(
    private readonly pool: pg.Pool,
    private readonly work: Work,
    private readonly logger: Logger,
  ) {
    surviveLostConnections(pool);
  }

  /** @throws Error when the database cannot be reached now; later losses are survived */
  async start(): Promise<void> {
    await this.run();
    this.sweeper = setInterval(() => void this.sweep(), SWEEP_MS).unref();
  }

  /** Takes no more jobs and lets those under way end; what has not ended after `limitMs` is given back for another try. */
  async stop(limitMs: number): Promise<void> {
    this.stopping = true;
    clearInterval(this.sweeper);
    if (!this.runner) return;
    const ended = this.runner.stop().then(
      () => true,
      () => true,
    );
    const limit = new AbortController();
    const late = sleep(limitMs, false, { signal: limit.signal }).catch(() => true);
    if (!(await Promise.race([ended, late]))) {
      this.logger.warn({ limitMs }, 'jobs did not end in time and are given back');
      if (this.poolId) await this.unlock([this.poolId]);
    }
    limit.abort();
  }

  private async run(): Promise<void> {
    const events = new EventEmitter() as WorkerEvents;
    events.on('pool:create', ({ workerPool }) => (this.poolId = workerPool.id));
    events.on('pool:listen:success', ({ client, workerPool }) => {
      client.query(`select pg_advisory_lock(${ALIVE}, hashtext($1))`, [workerPool.id]).catch(() => undefined);
    });
    // The connection goes back to the pool: the lock must not go with it.
    events.on('pool:listen:release', ({ client }) => {
      client.query('select pg_advisory_unlock_all()').catch(() => undefined);
    });
    this.runner = await run({
      pgPool: this.pool,
      schema: JOBS_SCHEMA,
      taskList: this.work.tasks,
      parsedCronItems: this.work.crons,
      concurrency: CONCURRENCY,
      pollInterval: POLL_MS,
      noHandleSignals: true,
      events,
      logger: workerLogger(this.logger),
      // Without batches a job whose end cannot be recorded is a rejection nobody handles, which ends the process.
      preset: { worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
    });
    const poolId = this.poolId;
    const ended = () => void this.restart(poolId);
    this.runner.promise.then(ended, ended);
  }

  private async restart(poolId: string | undefined): Promise<void> {
    for (let waitMs = FIRST_RESTART_MS; ; waitMs = Math.min(waitMs * 2, LAST_RESTART_MS)) {
      if (this.stopping) return;
      await sleep(waitMs, undefined, { ref: false });
      if (this.stopping) return;
      try {
        if (poolId) await this.unlock([poolId]);
        await this.run();
        this.logger.warn({}, 'the job runner had lost the database and was started again');
        return;
      } catch (error) {
        this.logger.warn({ err: error, waitMs }, 'the job runner cannot be started again yet');
      }
    }
  }

  /** Gives back jobs of runners found dead twice in a row: one that only reconnects is back by then. By itself every 20 s. */
  async sweep(): Promise<void> {
    try {
      const { rows } = await this.pool.query<{ id: string }>(
        `select id from (select distinct locked_by as id from ${JOBS_SCHEMA}._private_jobs where locked_at is not null) runners
         where id <> $1 and pg_try_advisory_xact_lock(${ALIVE}, hashtext(id))`,
        [this.poolId ?? ''],
      );
      const dead = rows.map((row) => row.id);
      const surelyDead = dead.filter((id) => this.suspects.has(id));
      this.suspects = new Set(dead);
      if (surelyDead.length === 0) return;
      await this.unlock(surelyDead);
      this.logger.warn({ runners: surelyDead.length }, 'jobs of a process that is gone are given back');
    } catch (error) {
      this.logger.warn({ err: error }, 'jobs of processes that are gone cannot be looked for');
    }
  }

  private async unlock(runners: readonly string[]): Promise<void> {
    await this.pool.query(`select ${JOBS_SCHEMA}.force_unlock_workers($1::text[])`, [runners]);
  }
}

/** What the runner has to say, without the jobs that it wants to print; a failed job is logged where it fails. */
function workerLogger(logger: Logger): WorkerLogger {
  return new WorkerLogger(() => (level, message, meta) => {
    if (meta?.failure === true) return;
    if (level === 'error' || level === 'warning')
      logger.warn({ runner: message.split('\n')[0]?.slice(0, 200) }, 'the job runner complains');
  });
}
