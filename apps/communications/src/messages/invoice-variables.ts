import { fromDate, fromMoney } from '@paradesk/contracts';
import type { Invoice } from '@paradesk/contracts/paradesk/billing/v1/invoices';
import type { DateMessage } from '@paradesk/contracts/paradesk/common/v1/date';

/** What the template of an invoice needs of it, as text for people. Contact and tenant are filled in when it is sent. */
export function invoiceVariables(invoice: Invoice): Record<string, string> {
  const total = fromMoney(invoice.total, 'total');
  return {
    number: invoice.number,
    total: `${total.currency} ${withThousands(total.toDecimal())}`,
    issuedOn: dateText(invoice.issuedOn, 'issuedOn'),
    dueOn: dateText(invoice.dueOn, 'dueOn'),
    billingStart: dateText(invoice.billingStart, 'billingStart'),
    billingEnd: dateText(invoice.billingEnd, 'billingEnd'),
  };
}

function dateText(date: DateMessage | undefined, field: string): string {
  return fromDate(date, field).toLocaleString('en-US', { dateStyle: 'long' });
}

function withThousands(decimal: string): string {
  return decimal.replace(/\B(?<!\.\d*)(?=(\d{3})+(?!\d))/g, ',');
}
