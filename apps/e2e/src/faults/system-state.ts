import type { World } from './fault.js';
import { lagOf } from './group-lag.js';

/** What is left to do. */
export interface Pending {
  readonly notReady: readonly string[];
  /** Events that wait in the outboxes. */
  readonly unpublished: number;
  /** Records that wait for consumers. */
  readonly lag: number;
}

/** Jobs of all services. */
export interface PendingJobs {
  /** Under way, due, or due again soon after a failure. */
  readonly waiting: number;
  /** Out of attempts. */
  readonly failed: number;
}

/** @throws Error where a database or the broker does not answer */
export async function pendingIn(world: World, consumes: Readonly<Record<string, readonly string[]>>): Promise<Pending> {
  const processes = Object.values(world.processes);
  const ready = await Promise.all(processes.map((one) => one.isReady()));
  const unpublished = await sumOver(
    world,
    'select count(*)::int as count from messaging.outbox where published_at is null',
  );
  const lags = await lagOf(world.brokers.direct, consumes);
  return {
    notReady: processes.filter((_, index) => !ready[index]).map(({ name }) => name),
    unpublished,
    lag: [...lags.values()].reduce((sum, one) => sum + one, 0),
  };
}

/** Failed jobs come again at once, as an operator may have them: by themselves they pause longer each time. */
export async function hastenJobs({ services, postgres }: World): Promise<void> {
  for (const service of services) {
    await postgres.query(
      service,
      `update graphile_worker._private_jobs set run_at = now()
       where attempts between 1 and max_attempts - 1 and locked_at is null and run_at > now()`,
    );
  }
}

/** @throws Error where a database does not answer */
export async function jobsIn(world: World): Promise<PendingJobs> {
  const jobs = 'select count(*)::int as count from graphile_worker._private_jobs';
  const soon = "(locked_at is not null or run_at < now() + interval '3 minutes')";
  return {
    waiting: await sumOver(world, `${jobs} where attempts < max_attempts and ${soon}`),
    failed: await sumOver(world, `${jobs} where attempts >= max_attempts and locked_at is null`),
  };
}

async function sumOver({ services, postgres }: World, sql: string): Promise<number> {
  let sum = 0;
  for (const service of services) {
    const [row] = await postgres.query<{ count: number }>(service, sql);
    sum += row?.count ?? 0;
  }
  return sum;
}
