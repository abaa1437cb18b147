import {
  context,
  metrics,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Histogram,
} from '@opentelemetry/api';
import type pg from 'pg';
import { JOBS_SCHEMA } from './jobs-schema.js';

/** What of its cause's trace travels with a job. */
export interface JobCause {
  readonly traceparent?: string;
  /** The job was put off: it belongs to no request that anybody still waits for. */
  readonly later?: true;
}

/** What a job's telemetry is about. */
export interface ObservedJob {
  readonly name: string;
  readonly attempts: number;
  readonly payload: unknown;
}

const tracer = trace.getTracer('paradesk.jobs');
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

// Made at the first job: what is made before telemetry has started counts nothing for ever.
let duration: Histogram | undefined;

/** The active trace, for the job that is being added. @param later whether it is put off */
export function causeOf(later: boolean): JobCause {
  const carrier: { traceparent?: string } = {};
  propagation.inject(context.active(), carrier);
  return { ...carrier, ...(later && { later }) };
}

/**
 * Does one attempt of a job in a span, and counts it. What is due at once continues the trace of its cause; what was put off, or is done
 * by a schedule, has a trace of its own, linked to the cause if there is one.
 *
 * @param failed is told of a failure within the span, and says it in a word
 * @throws Error of that word, for the runner to store: the error's own text may be privileged
 */
export async function performObserved(
  { name, attempts, payload }: ObservedJob,
  attempt: () => Promise<void>,
  failed: (error: unknown) => string,
): Promise<void> {
  const { traceparent, later } = payload as JobCause;
  const cause = propagation.extract(ROOT_CONTEXT, { traceparent });
  const linked = later ? trace.getSpanContext(cause) : undefined;
  const parent = later ? ROOT_CONTEXT : cause;
  const attributes = { 'paradesk.job.name': name, 'paradesk.job.attempt': attempts };
  const links = linked ? [{ context: linked }] : [];
  const span = tracer.startSpan(`job ${name}`, { kind: SpanKind.CONSUMER, attributes, links }, parent);
  const startedAtMs = performance.now();
  let failure: { 'error.type': string } | undefined;
  await context.with(trace.setSpan(parent, span), async () => {
    try {
      await attempt();
    } catch (error) {
      const reason = failed(error);
      failure = { 'error.type': reason };
      span.setAttributes(failure).setStatus({ code: SpanStatusCode.ERROR });
      throw new Error(reason, { cause: error });
    } finally {
      span.end();
      const seconds = (performance.now() - startedAtMs) / 1000;
      durations().record(seconds, { 'paradesk.job.name': name, ...failure });
    }
  });
}

/**
 * Reports the jobs of each kind that are due, for how long the oldest has been, and those that used up their attempts, whenever metrics
 * are read.
 *
 * @param names the kinds that the service does
 * @returns ends the reports
 */
export function observeJobs(service: string, pool: pg.Pool, names: () => readonly string[]): () => void {
  const meter = metrics.getMeter('paradesk.jobs');
  const gauge = (name: string, unit: string, description: string) =>
    meter.createObservableGauge(`paradesk.job.${name}`, { unit, description });
  const depth = gauge('queue.depth', '{job}', 'Jobs that are due and not being done.');
  const age = gauge('queue.age', 's', 'For how long the oldest of them has been due.');
  const givenUp = gauge('given_up', '{job}', 'Jobs that have used up their attempts, and wait for an operator.');
  const all = [depth, age, givenUp];
  const observe: Parameters<typeof meter.addBatchObservableCallback>[0] = async (result) => {
    const { rows } = await pool.query<{ name: string; due: number; age: number; given_up: number }>(WAITING, [names()]);
    for (const row of rows) {
      const attributes = { 'paradesk.service': service, 'paradesk.job.name': row.name };
      result.observe(depth, row.due, attributes);
      result.observe(age, row.age, attributes);
      result.observe(givenUp, row.given_up, attributes);
    }
  };
  meter.addBatchObservableCallback(observe, all);
  return () => meter.removeBatchObservableCallback(observe, all);
}

function durations(): Histogram {
  duration ??= metrics.getMeter('paradesk.jobs').createHistogram('paradesk.job.duration', {
    unit: 's',
    description: 'How long attempts of jobs took, by kind; failed ones have an error type.',
    advice: { explicitBucketBoundaries: BUCKETS },
  });
  return duration;
}

// A kind that nothing waits of is reported too.
const WAITING = `
  select kinds.name,
    count(*) filter (where j.is_available and j.run_at <= now())::int as due,
    greatest(0, coalesce(extract(epoch from now() - min(j.run_at) filter (where j.is_available)), 0))::float8 as age,
    count(*) filter (where j.attempts >= j.max_attempts and j.locked_at is null)::int as given_up
  from unnest($1::text[]) kinds (name)
  left join ${JOBS_SCHEMA}._private_tasks t on t.identifier = kinds.name
  left join ${JOBS_SCHEMA}._private_jobs j on j.task_id = t.id
  group by kinds.name`;
