import { DomainError, formatDecimal } from '@paradesk/kernel';
import type { LedesLineType } from '../ledes/ledes-1998b-columns.js';
import type { LedesInvoiceToWrite, LedesLineToWrite } from '../ledes/ledes-1998b-writer.js';
import { matterOf, timekeeperOf, type InvoiceContent } from './invoice-content.js';
import type { InvoiceLineKind } from './invoice-totals.js';
import type { InvoiceLine } from './invoice-line.entity.js';

const types: Record<InvoiceLineKind, LedesLineType> = {
  fee: 'F',
  expense: 'E',
  fee_adjustment: 'IF',
  expense_adjustment: 'IE',
  fixed_fee: 'IF',
  subscription_fee: 'IF',
  minimum_fee: 'IF',
  fee_discount: 'IF',
  expense_discount: 'IE',
};

/**
 * An issued invoice as its LEDES 1998B file has it. The figures are the stored ones.
 *
 * @throws DomainError refused LEDES_TAX for a taxed invoice: the format has no taxes, and the file would come to less than the invoice
 */
export function toLedes(content: InvoiceContent): LedesInvoiceToWrite {
  const { invoice, issue, client, tenant } = content;
  if (invoice.taxesMinor !== 0n) {
    throw DomainError.refused('LEDES_TAX', 'a taxed invoice is written as LEDES 98BI: LEDES 1998B has no taxes');
  }
  return {
    // The format takes letters and digits only.
    number: issue.number.replaceAll('-', ''),
    date: issue.issuedOn,
    clientId: client.code,
    lawFirmId: tenant.taxId,
    billingStart: invoice.billingStart,
    billingEnd: invoice.billingEnd,
    description: `Services from ${invoice.billingStart.toString()} to ${invoice.billingEnd.toString()}`,
    lines: invoice.lines.map((line) => toLedesLine(content, line)),
  };
}

function toLedesLine(content: InvoiceContent, line: InvoiceLine): LedesLineToWrite {
  const { invoice } = content;
  const matter = matterOf(content, line);
  return {
    type: types[line.kind],
    date: line.date,
    lawFirmMatterId: matter.code,
    clientMatterId: matter.clientMatterCode,
    units: decimalOf(line.units),
    unitCost: decimalOf(line.unitCost),
    adjustment: invoice.money(line.adjustmentMinor),
    amount: invoice.money(line.amountMinor),
    taskCode: line.taskCode,
    activityCode: line.activityCode,
    expenseCode: line.expenseCode,
    timekeeper: line.kind === 'fee' ? timekeeper(content, line) : undefined,
    description: line.narrative,
  };
}

function timekeeper(content: InvoiceContent, line: InvoiceLine): LedesLineToWrite['timekeeper'] {
  const { timekeeperCode, firstName, lastName, timekeeperClassification } = timekeeperOf(content, line);
  return { id: timekeeperCode, name: `${lastName}, ${firstName}`, classification: timekeeperClassification };
}

function decimalOf(valueE4: bigint | null): string | undefined {
  return valueE4 === null ? undefined : formatDecimal(valueE4, 4, { trim: true });
}
