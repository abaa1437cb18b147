import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { Caller } from '@paradesk/access';
import type { PageRequest, PageResult } from '@paradesk/contracts/paradesk/common/v1/page';
import { DomainError } from '@paradesk/kernel';
import { Database, Ids, Jobs, violatedConstraint, type Tx } from '@paradesk/platform';
import { Temporal } from 'temporal-polyfill';
import { listById } from '../billable-work/captured-work.queries.js';
import { ClientsService } from '../clients/clients.service.js';
import {
  BillingRun,
  BillingRunItem,
  type BillingRunGrouping,
  type BillingRunItemStatus,
  type BillingRunStatus,
} from './billing-run.entity.js';
import {
  accountsToBill,
  figuresOf,
  findRun,
  insertItems,
  lockRun,
  saveStatus,
  type RunFigures,
} from './billing-run.queries.js';
import { advanceRun, RunWorkService } from './run-work.service.js';

/** A run with its figures as they are now. */
export interface RunState extends RunFigures {
  readonly run: BillingRun;
}

/** What a run is to bill. */
export interface RunToStart {
  readonly billingStart: Temporal.PlainDate;
  readonly billingEnd: Temporal.PlainDate;
  readonly grouping: BillingRunGrouping;
  readonly dryRun: boolean;
  /** All when empty. */
  readonly clientIds: readonly string[];
}

/** How often a watched run is looked at: as often as a person sees a figure change. */
const LOOK_EVERY_MS = 300;

@Injectable()
export class BillingRunsService {
  constructor(
    private readonly database: Database,
    private readonly jobs: Jobs,
    private readonly ids: Ids,
    private readonly clients: ClientsService,
    work: RunWorkService,
  ) {
    work.serve(jobs);
  }

  /** @throws DomainError invalid BILLING_PERIOD; not-found CLIENT_NOT_FOUND; refused RUN_IN_PROGRESS, naming the run that is under way */
  async start(caller: Caller, { clientIds, ...wanted }: RunToStart): Promise<RunState> {
    if (Temporal.PlainDate.compare(wanted.billingStart, wanted.billingEnd) > 0) {
      throw DomainError.invalid('billingEnd', 'BILLING_PERIOD', 'the last day of the work is before the first');
    }
    for (const clientId of clientIds) await this.clients.require(caller, clientId);
    const { id, at: startedAt } = this.ids.stamp();
    const status: BillingRunStatus = 'drafting';
    const own = { tenantId: caller.tenantId, id, status, startedAt, startedBy: caller.personId ?? null };
    const run = Object.assign(new BillingRun(), { ...own, ...wanted });
    const started = this.database.transaction(caller, async (tx) => {
      await tx.insert(BillingRun, run);
      const accounts = await accountsToBill(tx, run, clientIds);
      await insertItems(
        tx,
        id,
        accounts.map((account) => ({ ...account, id: this.ids.next() })),
      );
      await this.jobs.add(tx, advanceRun, { runId: id }, { key: id });
      return stateOf(tx, run);
    });
    return started.catch((error: unknown) => this.refuseSecond(caller, error));
  }

  async get(caller: Caller, id: string): Promise<RunState> {
    return this.database.transaction(caller, async (tx) => stateOf(tx, await findRun(tx, id)));
  }

  /** The run whenever its figures have changed, until it rests. */
  async *watch(caller: Caller, id: string): AsyncIterable<RunState> {
    for (let last = ''; ;) {
      const state = await this.get(caller, id);
      const seen = `${state.run.status} ${state.counts.map(({ status, accounts }) => `${status}${accounts}`).join()}`;
      if (seen !== last) yield state;
      if (!state.run.isUnderWay) return;
      last = seen;
      await sleep(LOOK_EVERY_MS);
    }
  }

  async items(
    caller: Caller,
    runId: string,
    status: BillingRunItemStatus | undefined,
    page: PageRequest | undefined,
  ): Promise<{ items: BillingRunItem[]; page: PageResult }> {
    return this.database.transaction(caller, async (tx) => {
      const { id } = await findRun(tx, runId);
      return listById(tx, BillingRunItem, { runId: id, status }, page);
    });
  }

  async approve(caller: Caller, id: string): Promise<RunState> {
    return this.database.transaction(caller, async (tx) => {
      const run = await lockRun(tx, id);
      if (run.status === 'drafting') throw DomainError.refused('RUN_NOT_DRAFTED', 'the run still makes its drafts');
      await tx.query(
        `update invoices i set status = 'approved' from billing_run_items r
           join invoices first on first.tenant_id = r.tenant_id and first.id = r.invoice_id
         where r.tenant_id = $1 and r.run_id = $2 and r.status = 'drafted' and i.tenant_id = $1
           and (i.id = first.id or i.split_id = first.split_id) and i.status = 'draft'`,
        [tx.tenantId, run.id],
      );
      return stateOf(tx, run);
    });
  }

  /** @throws DomainError refused RUN_NOT_DRAFTED or RUN_IN_PROGRESS */
  async issue(caller: Caller, id: string): Promise<RunState> {
    const issuing = this.database.transaction(caller, async (tx) => {
      const run = await lockRun(tx, id);
      run.issue();
      await saveStatus(tx, run);
      await this.jobs.add(tx, advanceRun, { runId: run.id }, { key: run.id });
      return stateOf(tx, run);
    });
    return issuing.catch((error: unknown) => this.refuseSecond(caller, error));
  }

  async cancel(caller: Caller, id: string): Promise<RunState> {
    return this.database.transaction(caller, async (tx) => {
      const run = await lockRun(tx, id);
      run.cancel();
      await saveStatus(tx, run);
      return stateOf(tx, run);
    });
  }

  private async refuseSecond(caller: Caller, error: unknown): Promise<never> {
    if (violatedConstraint(error) !== 'billing_runs_under_way') throw error;
    const where = [{ status: 'drafting' as const }, { status: 'issuing' as const }];
    const { tenantId } = caller;
    const under = await this.database.transaction(caller, (tx) =>
      tx.findOne(BillingRun, { where: where.map((one) => ({ tenantId, ...one })) }),
    );
    throw DomainError.refused('RUN_IN_PROGRESS', 'another run is under way', { billingRunId: under?.id ?? '' });
  }
}

async function stateOf(tx: Tx, run: BillingRun): Promise<RunState> {
  return { run, ...(await figuresOf(tx, run.id)) };
}
