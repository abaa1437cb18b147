import { fromBinary, toJson } from '@bufbuild/protobuf';
import { Controller } from '@nestjs/common';
import { fromDate, registry, toDate, toMoney, toTimestamp } from '@paradesk/contracts';
import type { HttpBody } from '@paradesk/contracts/google/api/httpbody';
import {
  BillingRun as BillingRunMessage,
  BillingRunGrouping as GroupingMessage,
  BillingRunItemStatus as ItemStatusMessage,
  BillingRunStatus as StatusMessage,
  BillingRunsServiceControllerMethods,
  type ApproveBillingRunRequest,
  type BillingRunItem as BillingRunItemMessage,
  type CancelBillingRunRequest,
  type GetBillingRunRequest,
  type IssueBillingRunRequest,
  type ListBillingRunItemsRequest,
  type StartBillingRunRequest,
  type WatchBillingRunRequest,
} from '@paradesk/contracts/paradesk/billing/v1/billing_runs';
import { Money } from '@paradesk/kernel';
import { callerOf, type CallMetadata } from '@paradesk/platform';
import type { BillingRunItem, BillingRunItemStatus, BillingRunStatus } from './billing-run.entity.js';
import { BillingRunsService, type RunState } from './billing-runs.service.js';

// As the gateway writes it.
const RUN = registry().getMessage('paradesk.billing.v1.BillingRun')!;

const statuses: Record<BillingRunStatus, StatusMessage> = {
  drafting: StatusMessage.DRAFTING,
  drafted: StatusMessage.DRAFTED,
  issuing: StatusMessage.ISSUING,
  issued: StatusMessage.ISSUED,
  cancelled: StatusMessage.CANCELLED,
};

const itemStatuses: Record<BillingRunItemStatus, ItemStatusMessage> = {
  waiting: ItemStatusMessage.WAITING,
  proposed: ItemStatusMessage.PROPOSED,
  drafted: ItemStatusMessage.DRAFTED,
  nothing: ItemStatusMessage.NOTHING,
  parked: ItemStatusMessage.PARKED,
  issued: ItemStatusMessage.ISSUED,
};

@Controller()
@BillingRunsServiceControllerMethods()
export class BillingRunsController {
  constructor(private readonly runs: BillingRunsService) {}

  async startBillingRun(request: StartBillingRunRequest, metadata: CallMetadata): Promise<BillingRunMessage> {
    const { billingStart, billingEnd, grouping, dryRun, clientIds } = request;
    const started = await this.runs.start(callerOf(metadata), {
      billingStart: fromDate(billingStart, 'billingStart'),
      billingEnd: fromDate(billingEnd, 'billingEnd'),
      grouping: grouping === GroupingMessage.MATTER ? 'matter' : 'client',
      dryRun,
      clientIds,
    });
    return toProto(started);
  }

  async getBillingRun({ billingRunId }: GetBillingRunRequest, metadata: CallMetadata): Promise<BillingRunMessage> {
    return toProto(await this.runs.get(callerOf(metadata), billingRunId));
  }

  async *watchBillingRun({ billingRunId }: WatchBillingRunRequest, metadata: CallMetadata): AsyncIterable<HttpBody> {
    let contentType = 'application/x-ndjson';
    for await (const state of this.runs.watch(callerOf(metadata), billingRunId)) {
      const line = JSON.stringify(toJson(RUN, fromBinary(RUN, BillingRunMessage.encode(toProto(state)).finish())));
      yield { contentType, data: Buffer.from(`${line}\n`), extensions: [] };
      contentType = '';
    }
  }

  async listBillingRunItems({ billingRunId, status, page }: ListBillingRunItemsRequest, metadata: CallMetadata) {
    const wanted = (Object.keys(itemStatuses) as BillingRunItemStatus[]).find((one) => itemStatuses[one] === status);
    const list = await this.runs.items(callerOf(metadata), billingRunId, wanted, page);
    return { items: list.items.map(toItem), page: list.page };
  }

  async approveBillingRun({ billingRunId }: ApproveBillingRunRequest, metadata: CallMetadata) {
    return toProto(await this.runs.approve(callerOf(metadata), billingRunId));
  }

  async issueBillingRun({ billingRunId }: IssueBillingRunRequest, metadata: CallMetadata) {
    return toProto(await this.runs.issue(callerOf(metadata), billingRunId));
  }

  async cancelBillingRun({ billingRunId }: CancelBillingRunRequest, metadata: CallMetadata) {
    return toProto(await this.runs.cancel(callerOf(metadata), billingRunId));
  }
}

function toProto({ run, counts, totals }: RunState): BillingRunMessage {
  return {
    id: run.id,
    billingStart: toDate(run.billingStart),
    billingEnd: toDate(run.billingEnd),
    grouping: run.grouping === 'matter' ? GroupingMessage.MATTER : GroupingMessage.CLIENT,
    dryRun: run.dryRun,
    status: statuses[run.status],
    counts: counts.map(({ status, accounts }) => ({ status: itemStatuses[status], accounts })),
    totals: totals.map(({ currency, amountMinor }) => toMoney(Money.of(amountMinor, currency))),
    startedAt: toTimestamp(run.startedAt),
  };
}

function toItem(item: BillingRunItem): BillingRunItemMessage {
  const { id, clientId, matterId, status, invoiceId, currency, totalMinor, reason, message } = item;
  const total = currency !== null && totalMinor !== null ? toMoney(Money.of(totalMinor, currency)) : undefined;
  return {
    id,
    clientId,
    matterId: matterId ?? '',
    status: itemStatuses[status],
    invoiceId: invoiceId ?? '',
    total,
    reason,
    message,
  };
}
