import { toDate, toMoney, toTimestamp } from '@paradesk/contracts';
import {
  InvoiceLineKind as InvoiceLineKindMessage,
  type InvoiceLine as InvoiceLineMessage,
  type Invoice as InvoiceMessage,
  InvoiceStatus as InvoiceStatusMessage,
} from '@paradesk/contracts/paradesk/billing/v1/invoices';
import { formatE4 } from '../billable-work/line-amount.js';
import type { InvoiceLineKind } from './invoice-totals.js';
import type { InvoiceLine } from './invoice-line.entity.js';
import type { Invoice, InvoiceStatus } from './invoice.entity.js';

const statuses: Record<InvoiceStatus, InvoiceStatusMessage> = {
  draft: InvoiceStatusMessage.DRAFT,
  approved: InvoiceStatusMessage.APPROVED,
  issued: InvoiceStatusMessage.ISSUED,
  partly_paid: InvoiceStatusMessage.PARTLY_PAID,
  paid: InvoiceStatusMessage.PAID,
  written_off: InvoiceStatusMessage.WRITTEN_OFF,
  discarded: InvoiceStatusMessage.DISCARDED,
};

const kinds: Record<InvoiceLineKind, InvoiceLineKindMessage> = {
  fee: InvoiceLineKindMessage.FEE,
  expense: InvoiceLineKindMessage.EXPENSE,
  fee_adjustment: InvoiceLineKindMessage.FEE_ADJUSTMENT,
  expense_adjustment: InvoiceLineKindMessage.EXPENSE_ADJUSTMENT,
  fixed_fee: InvoiceLineKindMessage.FIXED_FEE,
  subscription_fee: InvoiceLineKindMessage.SUBSCRIPTION_FEE,
  minimum_fee: InvoiceLineKindMessage.MINIMUM_FEE,
  fee_discount: InvoiceLineKindMessage.FEE_DISCOUNT,
  expense_discount: InvoiceLineKindMessage.EXPENSE_DISCOUNT,
};

/** The status that a filter means; undefined where it states none. */
export function fromInvoiceStatus(message: InvoiceStatusMessage): InvoiceStatus | undefined {
  return (Object.keys(statuses) as InvoiceStatus[]).find((status) => statuses[status] === message);
}

/** An invoice as answers and events carry it, with the lines that were loaded. */
export function toProto(invoice: Invoice): InvoiceMessage {
  return {
    id: invoice.id,
    clientId: invoice.clientId,
    number: invoice.number ?? '',
    status: statuses[invoice.status],
    billingStart: toDate(invoice.billingStart),
    billingEnd: toDate(invoice.billingEnd),
    issuedOn: invoice.issuedOn ? toDate(invoice.issuedOn) : undefined,
    dueOn: invoice.dueOn ? toDate(invoice.dueOn) : undefined,
    lines: invoice.lines.map((line) => toLine(invoice, line)),
    fees: toMoney(invoice.money(invoice.feesMinor)),
    fixedFees: toMoney(invoice.money(invoice.fixedFeesMinor)),
    expenses: toMoney(invoice.money(invoice.expensesMinor)),
    adjustments: toMoney(invoice.money(invoice.adjustmentsMinor)),
    taxes: toMoney(invoice.money(invoice.taxesMinor)),
    total: toMoney(invoice.money(invoice.totalMinor)),
    paid: toMoney(invoice.money(invoice.paidMinor)),
    writtenOff: toMoney(invoice.money(invoice.writtenOffMinor)),
    balance: toMoney(invoice.balance),
    pdfDocumentId: invoice.pdfDocumentId ?? '',
    ledesDocumentId: invoice.ledesDocumentId ?? '',
    draftedAt: toTimestamp(invoice.draftedAt),
    version: invoice.version,
    matterIds: [...invoice.matterIds],
    sharePercent: invoice.sharePercentE4 === null ? '' : formatE4(invoice.sharePercentE4),
    splitId: invoice.splitId ?? '',
    notices: invoice.notices.map((notice) => ({ ...notice, entryIds: [...notice.entryIds] })),
  };
}

function toLine(invoice: Invoice, line: InvoiceLine): InvoiceLineMessage {
  return {
    id: line.id,
    kind: kinds[line.kind],
    entryId: line.entryId ?? '',
    matterId: line.matterId,
    date: toDate(line.date),
    personId: line.personId ?? '',
    narrative: line.narrative,
    taskCode: line.taskCode,
    activityCode: line.activityCode,
    expenseCode: line.expenseCode,
    units: line.units === null ? '' : formatE4(line.units),
    unitCost: line.unitCost === null ? '' : formatE4(line.unitCost),
    adjustment: toMoney(invoice.money(line.adjustmentMinor)),
    amount: toMoney(invoice.money(line.amountMinor)),
    includedHours: line.includedHoursE4 === 0n ? '' : formatE4(line.includedHoursE4),
    tax: line.taxName === '' ? undefined : toTax(invoice, line),
  };
}

function toTax(invoice: Invoice, { taxName: name, taxPercentE4, taxMinor }: InvoiceLine) {
  return { name, percent: formatE4(taxPercentE4), amount: toMoney(invoice.money(taxMinor)) };
}
