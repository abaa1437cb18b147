import { Injectable } from '@nestjs/common';
import { DomainError } from '@paradesk/kernel';
import { Database, defineJob, Jobs, sqlStateOf, type TenantScope, type Tx } from '@paradesk/platform';
import { BillableWorkService, type BillableItem } from '../billable-work/billable-work.service.js';
import { InvoiceDatesService } from '../invoices/invoice-dates.service.js';
import { InvoiceDraftsService } from '../invoices/invoice-drafts.service.js';
import { InvoiceIssuesService } from '../invoices/invoice-issues.service.js';
import { insertInvoices, withSplits } from '../invoices/invoice.queries.js';
import type { Invoice } from '../invoices/invoice.entity.js';
import type { BillingRun, BillingRunStatus } from './billing-run.entity.js';
import { lockRun, nextItems, saveOutcomes, saveStatus, unfiledOf, type ItemOutcome } from './billing-run.queries.js';

/** Does what a run has still to do. A run that was broken off is gone on with by its job's next attempt. */
export const advanceRun = defineJob<{ readonly runId: string }>('advance-billing-run');

/** Accounts of one transaction: enough that statements weigh little, few enough that memory stays small and progress is seen. */
const CHUNK = 100;
const FIRST_ID = '00000000-0000-0000-0000-000000000000';

type Item = Awaited<ReturnType<typeof nextItems>>[number];

@Injectable()
export class RunWorkService {
  constructor(
    private readonly database: Database,
    private readonly work: BillableWorkService,
    private readonly drafts: InvoiceDraftsService,
    private readonly issues: InvoiceIssuesService,
    private readonly dates: InvoiceDatesService,
  ) {}

  /** Handles the jobs of runs. */
  serve(jobs: Jobs): void {
    jobs.handle(advanceRun, ({ runId }, { tenantId }) => this.advance({ tenantId }, runId));
  }

  /** Goes on until every account had its turn, a chunk in a transaction of its own. */
  private async advance(scope: TenantScope, runId: string): Promise<void> {
    for (let after: string | undefined = FIRST_ID; after !== undefined;) {
      after = await this.advanceBy(scope, runId, after, CHUNK).catch((error: unknown) =>
        // One account must not keep its chunk from being billed: taken one by one, it is parked alone.
        isPassing(error) ? Promise.reject(error) : this.advanceOneByOne(scope, runId, after!),
      );
    }
  }

  private async advanceOneByOne(scope: TenantScope, runId: string, from: string): Promise<string | undefined> {
    let after: string | undefined = from;
    for (let count = 0; count < CHUNK && after !== undefined; count++) {
      const before: string = after;
      after = await this.advanceBy(scope, runId, before, 1).catch((error: unknown) =>
        isPassing(error) ? Promise.reject(error) : this.park(scope, runId, before, error),
      );
    }
    return after;
  }

  /** @returns the last account that had its turn; undefined when none is left */
  private async advanceBy(
    scope: TenantScope,
    runId: string,
    after: string,
    limit: number,
  ): Promise<string | undefined> {
    const today = await this.dates.today(scope);
    return this.database.transaction(scope, async (tx) => {
      // Locked, so that of two workers the second finds what the first has done, and a cancelled run stops.
      const run = await lockRun(tx, runId);
      if (!run.isUnderWay) return undefined;
      const wanted = run.status === 'drafting' ? 'waiting' : 'drafted';
      const items = await nextItems(tx, runId, wanted, { after, limit });
      if (items.length === 0) {
        const done: BillingRunStatus = run.status === 'drafting' ? 'drafted' : 'issued';
        await saveStatus(tx, Object.assign(run, { status: done }));
        if (done === 'issued') await this.issues.file(tx, await unfiledOf(tx, runId));
        return undefined;
      }
      const outcomes =
        run.status === 'drafting' ? await this.draft(tx, run, items) : await this.issue(tx, items, today);
      await saveOutcomes(tx, outcomes);
      return items.at(-1)!.id;
    });
  }

  private async draft(tx: Tx, run: BillingRun, items: readonly Item[]): Promise<ItemOutcome[]> {
    const { billingStart: from, billingEnd: to, dryRun } = run;
    const clientIds = [...new Set(items.map(({ clientId }) => clientId))];
    const matterIds = items.flatMap(({ matterId }) => matterId ?? []);
    const work = await this.work.approvedOf(tx, { clientIds, matterIds, entryIds: [], from, to });
    const accountOf = ({ clientId, matterId }: BillableItem) => (run.grouping === 'matter' ? matterId : clientId);
    const byAccount = Map.groupBy(work, accountOf);
    const basis = await this.drafts.basisOf(tx, work, { from, to });
    const drafts: Invoice[] = [];
    const outcomes = items.map((item): ItemOutcome => {
      const own = byAccount.get(item.matterId ?? item.clientId) ?? [];
      if (own.length === 0) return { id: item.id, status: 'nothing' };
      const drafted = orRefusal(() => this.drafts.draftsOf(tx, { clientId: item.clientId, from, to }, own, basis));
      if (drafted instanceof DomainError) return parkedOrNothing(item.id, drafted);
      if (!dryRun) drafts.push(...drafted);
      // The first of several payers'; the others' go with it.
      const { currency, id: invoiceId } = drafted[0]!;
      const totalMinor = drafted.reduce((sum, draft) => sum + draft.totalMinor, 0n);
      const proposed = { id: item.id, currency, totalMinor };
      return dryRun ? { ...proposed, status: 'proposed' } : { ...proposed, status: 'drafted', invoiceId };
    });
    await insertInvoices(tx, drafts);
    return outcomes;
  }

  private async issue(tx: Tx, items: readonly Item[], today: Awaited<ReturnType<InvoiceDatesService['today']>>) {
    const invoiceIds = items.flatMap(({ invoiceId }) => invoiceId ?? []);
    const { issued, refused } = await this.issues.issue(tx, await withSplits(tx, invoiceIds), today);
    const done = new Set(issued.map(({ id }) => id));
    return items.flatMap(({ id, invoiceId }): ItemOutcome[] => {
      const refusal = refused.get(invoiceId ?? '');
      if (refusal?.reason === 'INVOICE_NOT_APPROVED') return [];
      if (refusal) return [parked(id, refusal)];
      return done.has(invoiceId ?? '') ? [{ id, status: 'issued' }] : [];
    });
  }

  private async park(scope: TenantScope, runId: string, after: string, error: unknown): Promise<string | undefined> {
    return this.database.transaction(scope, async (tx) => {
      const run = await lockRun(tx, runId);
      const wanted = run.status === 'drafting' ? 'waiting' : 'drafted';
      const [item] = await nextItems(tx, runId, wanted, { after, limit: 1 });
      if (!item) return undefined;
      await saveOutcomes(tx, [parked(item.id, refusalOf(error))]);
      return item.id;
    });
  }
}

// What is billed later by agreement is no failure.
function parkedOrNothing(id: string, refusal: DomainError): ItemOutcome {
  return refusal.reason === 'NOTHING_TO_BILL' ? { id, status: 'nothing' } : parked(id, refusal);
}

function parked(id: string, { reason, message }: DomainError): ItemOutcome {
  return { id, status: 'parked', reason, message };
}

function orRefusal(draft: () => Invoice[]): Invoice[] | DomainError {
  try {
    return draft();
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
}

/** What went wrong with one account, without words of the database, which may quote what is privileged. */
function refusalOf(error: unknown): DomainError {
  if (error instanceof DomainError) return error;
  const state = sqlStateOf(error);
  return DomainError.refused(
    'ACCOUNT_FAILED',
    `the account could not be billed${state ? ` (SQL state ${state})` : ''}`,
  );
}

/** Whether the cause is no account's: connections, locks and shut-downs pass, and the job tries again. */
function isPassing(error: unknown): boolean {
  if (error instanceof DomainError) return error.kind === 'unavailable';
  const state = sqlStateOf(error);
  return state === undefined || /^(08|40|53|55|57|58)/.test(state);
}
