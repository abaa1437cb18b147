import { randomBytes } from 'node:crypto';
import { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { trace } from '@opentelemetry/api';
import { DomainError, newId } from '@paradesk/kernel';
import pg from 'pg';
import { Temporal } from 'temporal-polyfill';
import { Clock } from '../src/clock.js';
import { Database } from '../src/database/database.js';
import { provisionDatabase, type ProvisionedDatabase } from '../src/database/provision.js';
import { grantJobs, migrateJobs } from '../src/jobs/jobs-schema.js';
import { JobRunner } from '../src/jobs/job-runner.js';
import { defineJob, Jobs, type RunningJob } from '../src/jobs/jobs.js';
import { createLogger } from '../src/telemetry/logger.js';
import { metricsText, startTelemetry } from '../src/telemetry/otel.js';

startTelemetry({ serviceName: 'test' });

const PASSWORD = 'only-for-tests';
const tenantId = newId(Date.now());
const remind = defineJob<{ invoiceId: string }>('remind');

class SetClock extends Clock {
  at = Temporal.Instant.from('2026-03-02T15:00:00Z');
  override now(): Temporal.Instant {
    return this.at;
  }
}

let provisioned: ProvisionedDatabase;
let database: Database;
let owner: pg.Pool;
let superuser: pg.Client;
let clock: SetClock;
let jobs: Jobs;
let log = '';

const logger = createLogger({
  service: 'test',
  level: 'debug',
  destination: new Writable({
    write(chunk: Buffer, _encoding, done) {
      log += chunk.toString();
      done();
    },
  }),
});

async function until(what: () => boolean | Promise<boolean>, timeoutMs = 20_000): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!(await what())) {
    if (performance.now() > end) throw new Error('it has not come to pass in time');
    await sleep(20);
  }
}

const add = (invoiceId: string, options = {}) =>
  database.transaction({ tenantId }, (tx) => jobs.add(tx, remind, { invoiceId }, options));

const rows = async () =>
  (await owner.query<{ n: number }>('select count(*)::int as n from graphile_worker._private_jobs')).rows[0]!.n;

/** Ends all sessions of the run-time role, and waits until they are gone: until then one may still commit. */
async function breakConnections(): Promise<void> {
  const sessions = 'from pg_stat_activity where datname = $1 and pid = any ($2::int[])';
  const name = new URL(provisioned.runtimeUrl).pathname.slice(1);
  const { rows: found } = await superuser.query<{ pid: number }>(
    'select pid from pg_stat_activity where datname = $1 and usename = $2',
    [name, provisioned.runtimeRole],
  );
  const pids = found.map((row) => row.pid);
  await superuser.query(`select pg_terminate_backend(pid) ${sessions}`, [name, pids]);
  await until(async () => (await superuser.query(`select ${sessions}`, [name, pids])).rowCount === 0);
}

beforeAll(async () => {
  const url = process.env.PARADESK_TEST_POSTGRES!;
  provisioned = await provisionDatabase(url, `jobs_${randomBytes(4).toString('hex')}`, PASSWORD);
  superuser = new pg.Client(url);
  await superuser.connect();
  owner = new pg.Pool({ connectionString: provisioned.ownerUrl, max: 2 });
  owner.on('error', () => undefined);
  await migrateJobs(owner);
  await grantJobs(owner, provisioned.runtimeRole);
  database = await Database.connect({ url: provisioned.runtimeUrl, entities: [] });
});

afterAll(async () => {
  await database.close();
  await owner.end();
  const name = pg.escapeIdentifier(new URL(provisioned.runtimeUrl).pathname.slice(1));
  await superuser.query(`drop database ${name} with (force)`);
  await superuser.end();
});

beforeEach(async () => {
  await owner.query('delete from graphile_worker._private_jobs');
  log = '';
  clock = new SetClock();
  jobs = new Jobs(database.pool, logger, clock);
});

afterEach(async () => {
  await jobs.stop(100);
  // Invariant: nothing of a payload, and no text of an error, is ever in the log.
  expect(log).not.toContain('canary');
});

describe('jobs', () => {
  it('may be prepared again, and by the same roles', async () => {
    await migrateJobs(owner);
    await grantJobs(owner, provisioned.runtimeRole);
  });

  it('leave tables to their owner', async () => {
    await expect(database.pool.query('create table graphile_worker.x (a int)')).rejects.toMatchObject({
      code: '42501',
    });
    await expect(database.pool.query('delete from graphile_worker.migrations')).rejects.toMatchObject({
      code: '42501',
    });
  });

  it('are done after the commit with their payload and tenant', async () => {
    const done: [string, RunningJob][] = [];
    jobs.handle(remind, async ({ invoiceId }, job) => void done.push([invoiceId, job]));
    await jobs.start();
    await add('canary-1');
    await until(() => done.length > 0);
    expect(done).toEqual([['canary-1', { tenantId, attempt: 1, maxAttempts: 25 }]]);
    await until(async () => (await rows()) === 0);
  });

  it('do not exist after a rollback', async () => {
    jobs.handle(remind, () => Promise.reject(new Error('must not run')));
    const refusal = database.transaction({ tenantId }, async (tx) => {
      await jobs.add(tx, remind, { invoiceId: '1' });
      throw DomainError.refused('INVOICE_VOID', 'it is void');
    });
    await expect(refusal).rejects.toMatchObject({ reason: 'INVOICE_VOID' });
    expect(await rows()).toBe(0);
  });

  it('exist once for a cause, and again for the same cause of another tenant', async () => {
    const done: string[] = [];
    jobs.handle(remind, async (_payload, job) => void done.push(job.tenantId));
    await add('1', { key: 'invoice-1' });
    await add('1', { key: 'invoice-1' });
    const other = newId(Date.now());
    await database.transaction({ tenantId: other }, (tx) =>
      jobs.add(tx, remind, { invoiceId: '1' }, { key: 'invoice-1' }),
    );
    expect(await jobs.drain()).toEqual({ done: 2, failed: 0 });
    expect(done.sort()).toEqual([tenantId, other].sort());
  });

  it('have one handler', () => {
    jobs.handle(remind, () => Promise.resolve());
    expect(() => jobs.handle(remind, () => Promise.resolve())).toThrow('the job remind has a handler already');
  });

  it('need no handler for a service to start', async () => {
    await jobs.start();
    expect(await jobs.drain()).toEqual({ done: 0, failed: 0 });
  });

  it('are due by the clock when drained', async () => {
    const done: string[] = [];
    jobs.handle(remind, async ({ invoiceId }) => void done.push(invoiceId));
    await add('tomorrow', { runAt: clock.at.add({ hours: 24 }) });
    await add('now');
    await jobs.drain();
    expect(done).toEqual(['now']);
    clock.at = clock.at.add({ hours: 24 });
    await jobs.drain();
    expect(done).toEqual(['now', 'tomorrow']);
    expect(await rows()).toBe(0);
  });

  it('drain what they add', async () => {
    const done: string[] = [];
    jobs.handle(remind, async ({ invoiceId }) => {
      done.push(invoiceId);
      if (done.length < 3) await add(`${invoiceId}+`);
    });
    await add('1');
    expect(await jobs.drain()).toEqual({ done: 3, failed: 0 });
    expect(done).toEqual(['1', '1+', '1++']);
  });

  const causes: [string, unknown, string][] = [
    ['refuses', DomainError.refused('INVOICE_VOID', 'canary'), 'INVOICE_VOID'],
    ['breaks', new Error('canary'), 'Error'],
    ['breaks in the database', Object.assign(new Error('canary'), { code: '23505' }), '23505'],
  ];
  it.each(causes)(
    'stay visible when the last attempt %s, with the reason and not the text',
    async (_name, cause, reason) => {
      jobs.handle(remind, () => Promise.reject(cause as Error));
      await add('canary', { maxAttempts: 2 });
      expect(await jobs.drain()).toEqual({ done: 0, failed: 1 });
      expect(await jobs.failed()).toEqual([]);
      clock.at = clock.at.add({ seconds: 3 });
      expect(await jobs.drain()).toEqual({ done: 0, failed: 1 });
      clock.at = clock.at.add({ hours: 24 });
      expect(await jobs.drain()).toEqual({ done: 0, failed: 0 });
      expect(await jobs.failed()).toEqual([
        { id: expect.any(String), name: 'remind', tenantId, attempts: 2, error: reason },
      ]);
      expect(log).toContain(`"job":"remind","attempt":2,"max_attempts":2,"reason":"${reason}"`);
    },
  );

  it('that fail are tried again by the runner, which stores the reason only', async () => {
    const attempts: number[] = [];
    jobs.handle(remind, async (_payload, job) => {
      attempts.push(job.attempt);
      if (job.attempt === 1) throw new Error('canary');
    });
    await jobs.start();
    await add('1');
    await until(
      async () =>
        (await owner.query(`select from graphile_worker._private_jobs where last_error = 'Error'`)).rowCount === 1,
    );
    await until(() => attempts.length === 2);
    expect(attempts).toEqual([1, 2]);
  });

  it.each([
    ['go on with the trace of their cause when they are due at once', {}, true],
    [
      'have a trace of their own when they were put off',
      { runAt: Temporal.Instant.from('2026-03-02T14:00:00Z') },
      false,
    ],
  ])('%s', async (_name, options, isOne) => {
    let inside: string | undefined;
    jobs.handle(remind, async () => void (inside = trace.getActiveSpan()?.spanContext().traceId));
    const cause = await trace.getTracer('test').startActiveSpan('cause', async (span) => {
      await add('1', options);
      span.end();
      return span.spanContext();
    });
    const { rows: stored } = await owner.query<{ traceparent: string }>(
      `select payload->>'traceparent' as traceparent from graphile_worker._private_jobs`,
    );
    expect(stored[0]!.traceparent).toBe(`00-${cause.traceId}-${cause.spanId}-01`);
    await jobs.drain();
    expect(inside).toMatch(/^[0-9a-f]{32}$/);
    expect(inside === cause.traceId).toBe(isOne);
  });

  it('show in the metrics: what is due, what was given up, and every attempt', async () => {
    const stop = jobs.observe('test');
    jobs.handle(remind, async ({ invoiceId }) => {
      if (invoiceId === 'bad') throw DomainError.refused('NOT_TODAY', 'not today');
    });
    const shown = async (name: string) =>
      (await metricsText()).split('\n').find((line) => line.startsWith(`${name}{`) && line.includes('"remind"')) ?? '';
    await add('good');
    await add('bad', { maxAttempts: 1 });
    expect(await shown('paradesk_job_queue_depth')).toMatch(/ 2$/);
    expect(await shown('paradesk_job_queue_age')).toMatch(/ [\d.e-]+$/);
    await jobs.drain();
    expect(await shown('paradesk_job_queue_depth')).toMatch(/ 0$/);
    expect(await shown('paradesk_job_given_up')).toMatch(/ 1$/);
    expect(await metricsText()).toMatch(/paradesk_job_duration_count{.*error_type="NOT_TODAY".*} 1/);
    stop();
  });
});

describe('the job runner', () => {
  it('survives the loss of all its connections', async () => {
    const done: string[] = [];
    jobs.handle(remind, async ({ invoiceId }) => void done.push(invoiceId));
    await jobs.start();
    await add('before');
    await until(() => done.length === 1);
    await breakConnections();
    await sleep(50);
    await add('after');
    await until(() => done.includes('after'));
  });

  it('survives a job that cannot record its end, and does it again', async () => {
    let attempts = 0;
    jobs.handle(remind, async () => {
      attempts += 1;
      if (attempts > 1) return;
      // The database is away at the very moment the job ends.
      await superuser.query(`alter role ${provisioned.runtimeRole} nologin`);
      await breakConnections();
    });
    await jobs.start();
    await add('1');
    await until(() => attempts === 1);
    await sleep(1500);
    await superuser.query(`alter role ${provisioned.runtimeRole} login`);
    await until(() => attempts === 2);
    await until(async () => (await rows()) === 0);
    expect(log).toContain('was started again');
  });

  it('lets a job under way end when it stops', async () => {
    let ended = false;
    let started = false;
    jobs.handle(remind, async () => {
      started = true;
      await sleep(300);
      ended = true;
    });
    await jobs.start();
    await add('1');
    await until(() => started);
    await jobs.stop(5_000);
    expect(ended).toBe(true);
    expect(await rows()).toBe(0);
  });

  it('gives back a job that does not end in time', async () => {
    const hang = Promise.withResolvers<void>();
    let started = false;
    jobs.handle(remind, () => {
      started = true;
      return hang.promise;
    });
    await jobs.start();
    await add('1');
    await until(() => started);
    await jobs.stop(200);
    const { rows: left } = await owner.query('select attempts, locked_by from graphile_worker._private_jobs');
    expect(left).toEqual([{ attempts: 1, locked_by: null }]);
    hang.resolve();
    await sleep(100);
  });

  it('gives back the jobs of a process that was killed, and not those of one that lives', async () => {
    const hang = Promise.withResolvers<void>();
    let started = false;
    jobs.handle(remind, () => {
      started = true;
      return hang.promise;
    });
    await jobs.start();
    await add('alive');
    await until(() => started);
    await owner.query(
      `insert into graphile_worker._private_jobs (task_id, payload, run_at, attempts, locked_at, locked_by)
       select id, '{}', now() + interval '1 day', 1, now(), 'pool-killed' from graphile_worker._private_tasks where identifier = 'remind'`,
    );
    const locks = async () =>
      (
        await owner.query<{ locked_by: string | null }>(
          'select locked_by from graphile_worker._private_jobs order by id',
        )
      ).rows.map((row) => row.locked_by);
    const another = new JobRunner(database.pool, { tasks: {}, crons: [] }, logger);
    await another.sweep();
    expect(await locks()).toEqual([expect.stringMatching(/^pool-/), 'pool-killed']);
    await another.sweep();
    expect(await locks()).toEqual([expect.stringMatching(/^pool-/), null]);
    hang.resolve();
  });

  it('keeps what a request carries along out of jobs', async () => {
    const { AsyncLocalStorage } = await import('node:async_hooks');
    const request = new AsyncLocalStorage<string>();
    let seen: string | undefined = 'nothing ran';
    jobs.handle(remind, async () => void (seen = request.getStore()));
    await add('1');
    await request.run('a request', () => jobs.drain());
    expect(seen).toBeUndefined();
  });
});

describe('a schedule', () => {
  it('happens when it is fired, and tells when it was due', async () => {
    const occasions: string[] = [];
    jobs.schedule('dunning', '0 6 * * *', async (at) => void occasions.push(at.toString()));
    await jobs.fire('dunning');
    await jobs.fire('dunning');
    await jobs.drain();
    expect(occasions).toEqual(['2026-03-02T15:00:00Z']);
  });

  it('is kept by the run-time role', async () => {
    jobs.schedule('dunning', '0 6 * * *', () => Promise.resolve());
    await jobs.start();
    await until(
      async () =>
        (await owner.query(`select from graphile_worker._private_known_crontabs where identifier = 'dunning'`))
          .rowCount === 1,
    );
  });

  const wrong: [string, string, string][] = [
    ['no cron expression', 'dunning', 'every morning'],
    ['the name of a job', 'remind', '0 6 * * *'],
  ];
  it.each(wrong)('is refused with %s', (_name, name, cron) => {
    jobs.handle(remind, () => Promise.resolve());
    expect(() => jobs.schedule(name, cron, () => Promise.resolve())).toThrow();
  });

  it('cannot be fired under another name', async () => {
    await expect(jobs.fire('nothing')).rejects.toThrow('there is no schedule nothing');
  });
});
