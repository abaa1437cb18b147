import { AsyncLocalStorage } from 'node:async_hooks';
import { isUuid } from '@paradesk/kernel';
import type pg from 'pg';
import { DataSource, type EntityManager, type QueryRunner } from 'typeorm';
import { enterAs, type Seer } from '../access/visibility.js';
import { claimKey, currentRequest, outsideCommand, type IdempotentRequest } from './idempotency.js';
import { connectPatiently, unavailableIfLost, type Waiting } from './lost-connections.js';

/** An open transaction of one tenant. Everything in it goes through this, and nothing else. */
export interface Tx extends EntityManager {
  readonly tenantId: string;
}

/** A tenant: without a caller, a service at its own work for it. */
export interface TenantScope {
  readonly tenantId: string;
}

/** How the database is reached. */
export interface DatabaseOptions {
  /** `postgres://` URL of the run-time role, which owns nothing and cannot bypass row-level security. */
  readonly url: string;
  readonly entities: readonly (new () => object)[];
  /** Most connections; 10 by default. */
  readonly poolSize?: number;
  readonly applicationName?: string;
  /** How long to wait for a database that does not answer yet; not at all by default. */
  readonly waiting?: Waiting;
}

// serialization_failure and deadlock_detected: the server undid everything, so doing it again is right.
const REPLAYED = new Set(['40001', '40P01']);
const MAX_REPLAYS = 5;

const open = new AsyncLocalStorage<true>();

/** True inside a transaction: platform's clients refuse to call out then (rule T3). */
export function inTransaction(): boolean {
  return open.getStore() === true;
}

/**
 * A service's own database.
 *
 * `transaction` is the one way in for tenants' rows, reading or writing. Row-level security limits it to the tenant's rows,
 * whatever the query says. A serialization failure or a deadlock runs `work` again (up to 5 times), so `work` has no effect outside `tx`.
 */
export class Database {
  private constructor(private readonly source: DataSource) {}

  /** @throws Error in one line when the database does not answer in time, or does not take the role or its password */
  static async connect(options: DatabaseOptions): Promise<Database> {
    const { url, waiting = { waitMs: 0 } } = options;
    const source = await connectPatiently(url, waiting, () => sourceOf(options).initialize());
    refuseOuterConnection(poolOf(source));
    return new Database(source);
  }

  /**
   * Runs `work` in one transaction of the tenant.
   *
   * @param scope a `Caller`, who sees the matters and clients that they may see and no others; a tenant alone is a service at its own work
   *   (events, jobs, copies) and sees all of the tenant's
   * @throws Error when called inside a transaction (rule T2), or with a tenant id that is no UUID
   * @throws DomainError unavailable DATABASE_UNAVAILABLE when the server is away: whether `work` was committed is then unknown
   */
  async transaction<T>(scope: Seer, work: (tx: Tx) => Promise<T>): Promise<T> {
    if (!isUuid(scope.tenantId)) throw new Error('a transaction needs the UUID of a tenant');
    const request = currentRequest();
    const transaction = () =>
      this.replaying(async (runner) => {
        if (request) await claimKey(runner, request);
        await enterAs(runner, scope);
        return work(Object.assign(runner.manager, { tenantId: scope.tenantId }));
      }, request);
    return request ? request.only(transaction) : transaction();
  }

  /**
   * Like `transaction`, but no part of the command that is being carried out: it commits at once and takes no idempotency key. For
   * looking something up, or keeping a copy of what another service owns, before the command's one transaction.
   */
  async beside<T>(scope: Seer, work: (tx: Tx) => Promise<T>): Promise<T> {
    return outsideCommand(() => this.transaction(scope, work));
  }

  /**
   * Runs `work` in one transaction without a tenant: it sees no tenant's rows, only the tables without row-level security
   * (messaging, jobs, directories).
   */
  async system<T>(work: (tx: EntityManager) => Promise<T>): Promise<T> {
    return this.replaying((runner) => work(runner.manager), undefined);
  }

  /**
   * One statement that is a transaction of its own, in one round trip and prepared once for each connection; it sees what `system` sees. For
   * what happens at each request: a transaction would take three round trips more.
   *
   * @param name of the statement, always the same for the same text
   * @throws DomainError unavailable DATABASE_UNAVAILABLE when the server is away
   */
  async statement<Row>(name: string, text: string, values: readonly unknown[]): Promise<Row[]> {
    try {
      return (await this.pool.query({ name, text, values: [...values] })).rows as Row[];
    } catch (error) {
      throw unavailableIfLost(error);
    }
  }

  /** True when the server answers. */
  async ping(): Promise<boolean> {
    await this.source.query('select 1');
    return true;
  }

  /** The pool, for what speaks plain pg: the job runner. */
  get pool(): pg.Pool {
    return poolOf(this.source);
  }

  async close(): Promise<void> {
    if (this.source.isInitialized) await this.source.destroy();
  }

  private async replaying<T>(
    work: (runner: QueryRunner) => Promise<T>,
    request: IdempotentRequest | undefined,
  ): Promise<T> {
    if (inTransaction()) throw new Error('a transaction is open already: pass its tx on');
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.once(work, request);
      } catch (error) {
        if (!REPLAYED.has(sqlStateOf(error) ?? '') || attempt > MAX_REPLAYS) throw unavailableIfLost(error);
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 10 * 2 ** attempt));
      }
    }
  }

  private async once<T>(work: (runner: QueryRunner) => Promise<T>, request: IdempotentRequest | undefined): Promise<T> {
    const runner = this.source.createQueryRunner();
    let handedOver = false;
    try {
      await runner.startTransaction();
      const result = await open.run(true, () => work(runner));
      if (request) {
        // The answer is stored in this transaction, so the commit waits until the controller has made it.
        request.handOver(runner);
        handedOver = true;
      } else {
        await runner.commitTransaction();
      }
      return result;
    } catch (error) {
      await rollback(runner);
      throw error;
    } finally {
      if (!handedOver) await runner.release();
    }
  }
}

/** SQLSTATE of an error of the server, such as `40P01`; undefined for any other error. */
export function sqlStateOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

/** Name of the constraint that an error is about; undefined for any other error. */
export function violatedConstraint(error: unknown): string | undefined {
  const constraint = (error as { constraint?: unknown } | null)?.constraint;
  return typeof constraint === 'string' ? constraint : undefined;
}

/** Undoes a transaction whose connection may be gone: then the server has undone it. */
export async function rollback(runner: QueryRunner): Promise<void> {
  if (!runner.isTransactionActive) return;
  try {
    await runner.rollbackTransaction();
  } catch {
    // the first error is the one to report
  }
}

function sourceOf({ url, entities, poolSize, applicationName }: DatabaseOptions): DataSource {
  return new DataSource({
    type: 'postgres',
    url,
    entities: [...entities],
    synchronize: false,
    applicationName,
    extra: { max: poolSize ?? 10, connectionTimeoutMillis: 10_000, keepAlive: true },
    // A connection lost while idle is replaced by the pool; without a listener it would end the process.
    poolErrorHandler: () => undefined,
  });
}

function poolOf(source: DataSource): pg.Pool {
  return (source.driver as unknown as { master: pg.Pool }).master;
}

function refuseOuterConnection(pool: pg.Pool): void {
  const connect = pool.connect.bind(pool) as (...args: unknown[]) => unknown;
  pool.connect = ((...args: unknown[]) => {
    if (inTransaction()) throw new Error('inside a transaction use only its tx, never another connection');
    return connect(...args);
  }) as typeof pool.connect;
}
