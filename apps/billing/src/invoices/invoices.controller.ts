import { Controller } from '@nestjs/common';
import { fromDate } from '@paradesk/contracts';
import {
  type ApproveInvoiceRequest,
  type DiscardInvoiceRequest,
  type DraftInvoiceRequest,
  type GetInvoiceRequest,
  InvoicesServiceControllerMethods,
  type InvoicesServiceController,
  type IssueInvoiceRequest,
  type ListInvoicesRequest,
} from '@paradesk/contracts/paradesk/billing/v1/invoices';
import { callerOf, type CallMetadata } from '@paradesk/platform';
import type { WorkInProgress } from '../billable-work/billable-work.service.js';
import { InvoiceDraftsService } from './invoice-drafts.service.js';
import { fromInvoiceStatus, toProto } from './invoice.message.js';
import { InvoicesService } from './invoices.service.js';

@Controller()
@InvoicesServiceControllerMethods()
export class InvoicesController implements InvoicesServiceController {
  constructor(
    private readonly drafts: InvoiceDraftsService,
    private readonly invoices: InvoicesService,
  ) {}

  async draftInvoice(request: DraftInvoiceRequest, metadata: CallMetadata) {
    return toProto(await this.drafts.draft(callerOf(metadata), toWorkInProgress(request)));
  }

  async getInvoice(request: GetInvoiceRequest, metadata: CallMetadata) {
    return toProto(await this.invoices.get(callerOf(metadata), request.invoiceId));
  }

  async listInvoices({ page, status, ...filter }: ListInvoicesRequest, metadata: CallMetadata) {
    const wanted = { ...filter, status: fromInvoiceStatus(status) };
    const list = await this.invoices.list(callerOf(metadata), wanted, page);
    return { invoices: list.items.map(toProto), page: list.page };
  }

  async approveInvoice(request: ApproveInvoiceRequest, metadata: CallMetadata) {
    return toProto(await this.invoices.approve(callerOf(metadata), request.invoiceId));
  }

  async issueInvoice(request: IssueInvoiceRequest, metadata: CallMetadata) {
    return toProto(await this.invoices.issue(callerOf(metadata), request.invoiceId));
  }

  async discardInvoice(request: DiscardInvoiceRequest, metadata: CallMetadata) {
    return toProto(await this.invoices.discard(callerOf(metadata), request.invoiceId));
  }
}

function toWorkInProgress(request: DraftInvoiceRequest): WorkInProgress {
  const { clientId, billingStart, billingEnd, matterIds, entryIds } = request;
  return {
    clientId,
    from: fromDate(billingStart, 'billingStart'),
    to: fromDate(billingEnd, 'billingEnd'),
    matterIds,
    entryIds,
  };
}
