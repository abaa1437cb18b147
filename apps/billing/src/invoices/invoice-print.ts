import { formatDecimal, minorDigits } from '@paradesk/kernel';
import { TASK_CODES } from '../ledes/utbms.js';
import type { Matter } from '../matters/matter.entity.js';
import { timekeeperOf, type InvoiceContent } from './invoice-content.js';
import type {
  AdjustmentPrint,
  ExpensePrint,
  FeePrint,
  InvoicePrint,
  MatterPrint,
  TaskPrint,
  TimekeeperPrint,
} from './invoice-pdf.js';
import { totalsOf } from './invoice-totals.js';
import type { InvoiceLine } from './invoice-line.entity.js';
import type { Invoice } from './invoice.entity.js';

const FIXED_FEES: readonly InvoiceLine['kind'][] = ['fixed_fee', 'subscription_fee', 'minimum_fee'];

/**
 * An issued invoice as it is printed: as it was issued, so that it prints the same when somebody has paid in the meantime. The
 * figures are the stored ones and their sums.
 */
export function toPrint(content: InvoiceContent): InvoicePrint {
  const { invoice, issue, tenant, client } = content;
  const { fees, fixedFees, expenses, adjustments, taxes, total } = invoice.totals;
  const zero = invoice.money(0n).toDecimal();
  const days = issue.issuedOn.until(issue.dueOn, { largestUnit: 'days' }).days;
  return {
    letterhead: { name: tenant.name, addressLines: tenant.addressLines, taxId: tenant.taxId, email: tenant.email },
    number: issue.number,
    issueDate: issue.issuedOn,
    dueDate: issue.dueOn,
    billingPeriod: { start: invoice.billingStart, end: invoice.billingEnd },
    terms: days === 0 ? 'Due at once' : `Net ${days}`,
    currency: invoice.currency,
    client: { name: client.name, code: client.code, addressLines: client.addressLines },
    matters: content.matters.map((matter) => toMatter(content, matter)),
    timekeepers: timekeepersOf(content),
    tasks: tasksOf(invoice),
    totals: {
      fees: fees.toDecimal(),
      ...(hasFixedFees(invoice) && { fixedFees: fixedFees.toDecimal() }),
      expenses: expenses.toDecimal(),
      adjustments: adjustments.toDecimal(),
      ...(!taxes.isZero() && { taxes: taxesOf(invoice) }),
      tax: taxes.toDecimal(),
      total: total.toDecimal(),
      paid: zero,
      balance: total.toDecimal(),
    },
    remittance: [
      `Payable to ${tenant.name}.`,
      `Please state ${issue.number} with your payment.`,
      `Questions about this invoice: ${tenant.email}`,
    ],
    createdAt: issue.issuedOn.toZonedDateTime(tenant.timeZone).toInstant(),
  };
}

function toMatter(content: InvoiceContent, matter: Matter): MatterPrint {
  const { invoice } = content;
  const lines = invoice.lines.filter((line) => line.matterId === matter.id);
  const ofKind = (...kinds: InvoiceLine['kind'][]) => lines.filter((line) => kinds.includes(line.kind));
  const totals = totalsOf(invoice.currency, lines);
  return {
    caption: matter.name,
    lawFirmMatterId: matter.code,
    clientMatterId: matter.clientMatterCode,
    fees: ofKind('fee').map((line) => toFee(content, line)),
    expenses: ofKind('expense').map((line) => toExpense(invoice, line)),
    ...(hasFixedFees(invoice) && {
      fixedFees: ofKind(...FIXED_FEES).map((line) => ({
        description: line.narrative,
        amount: amountOf(invoice, line),
      })),
    }),
    adjustments: ofKind('fee_adjustment', 'fee_discount', 'expense_adjustment', 'expense_discount').map((line) => ({
      description: line.narrative,
      amount: amountOf(invoice, line),
    })),
    totals: {
      hours: hoursOf(ofKind('fee')),
      fees: totals.fees.toDecimal(),
      ...(hasFixedFees(invoice) && { fixedFees: totals.fixedFees.toDecimal() }),
      expenses: totals.expenses.toDecimal(),
      adjustments: totals.adjustments.toDecimal(),
      total: totals.total.minus(totals.taxes).toDecimal(),
    },
  };
}

function toFee(content: InvoiceContent, line: InvoiceLine): FeePrint {
  const { invoice } = content;
  const { firstName, lastName } = timekeeperOf(content, line);
  return {
    date: line.date,
    timekeeperName: `${firstName} ${lastName}`.trim(),
    ...(line.taskCode && { taskCode: line.taskCode }),
    ...(line.activityCode && { activityCode: line.activityCode }),
    narrative: line.narrative,
    hours: hoursOf([line]),
    rate: priceOf(invoice, line),
    ...(line.adjustmentMinor !== 0n && { adjustment: adjustmentOf(invoice, line) }),
    amount: amountOf(invoice, line),
  };
}

function toExpense(invoice: Invoice, line: InvoiceLine): ExpensePrint {
  const { description, amount } = adjustmentOf(invoice, line);
  const adjusted = line.adjustmentMinor === 0n ? '' : ` (${description} ${amount})`;
  return {
    date: line.date,
    code: line.expenseCode,
    description: `${line.narrative}${adjusted}`,
    quantity: formatDecimal(line.units ?? 0n, 4, { trim: true }),
    unitCost: priceOf(invoice, line),
    amount: amountOf(invoice, line),
  };
}

/** What each timekeeper worked at each rate, in the order of their first lines. */
function timekeepersOf(content: InvoiceContent): TimekeeperPrint[] {
  const { invoice } = content;
  const fees = invoice.lines.filter((line) => line.kind === 'fee');
  const groups = Map.groupBy(fees, (line) => `${line.personId ?? ''} ${line.unitCost ?? ''}`);
  return [...groups.values()].map((lines) => {
    const [first] = lines;
    if (!first) throw new Error('a group has a line');
    const { firstName, lastName, timekeeperClassification } = timekeeperOf(content, first);
    return {
      name: `${firstName} ${lastName}`.trim(),
      classification: timekeeperClassification,
      hours: hoursOf(lines),
      rate: priceOf(invoice, first),
      amount: totalsOf(invoice.currency, lines).fees.toDecimal(),
    };
  });
}

/** What was worked on each task, in the order of the codes; nothing where no fee has one. */
function tasksOf(invoice: Invoice): TaskPrint[] {
  const fees = invoice.lines.filter((line) => line.kind === 'fee');
  if (fees.every((line) => line.taskCode === '')) return [];
  const groups = Map.groupBy(fees, (line) => line.taskCode);
  return [...groups]
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([code, lines]) => ({
      code,
      name: TASK_CODES.get(code) ?? (code === '' ? 'Without a task code' : ''),
      hours: hoursOf(lines),
      amount: totalsOf(invoice.currency, lines).fees.toDecimal(),
    }));
}

/** What each tax comes to, by name and percentage. */
function taxesOf(invoice: Invoice): AdjustmentPrint[] {
  const taxed = invoice.lines.filter((line) => line.taxName !== '');
  const groups = Map.groupBy(taxed, (line) => `${line.taxName} ${withDecimals(line.taxPercentE4, 0)} %`);
  return [...groups].map(([description, lines]) => ({
    description,
    amount: totalsOf(invoice.currency, lines).taxes.toDecimal(),
  }));
}

function adjustmentOf(invoice: Invoice, line: InvoiceLine): AdjustmentPrint {
  return { description: reasonOf(invoice, line), amount: invoice.money(line.adjustmentMinor).toDecimal() };
}

/** Why a line does not come to its units times their price. */
function reasonOf({ sharePercentE4 }: Invoice, { adjustmentMinor, amountMinor, includedHoursE4 }: InvoiceLine): string {
  if (sharePercentE4) return `Your share is ${withDecimals(sharePercentE4, 0)} %`;
  if (includedHoursE4) return `${withDecimals(includedHoursE4, 2)} hours are included`;
  if (adjustmentMinor > 0n) return 'Premium';
  return amountMinor === 0n ? 'Included in the fixed fee' : 'Discount';
}

function hasFixedFees({ lines }: Invoice): boolean {
  return lines.some(({ kind }) => FIXED_FEES.includes(kind));
}

function amountOf(invoice: Invoice, line: InvoiceLine): string {
  return invoice.money(line.amountMinor).toDecimal();
}

function hoursOf(lines: readonly InvoiceLine[]): string {
  return withDecimals(
    lines.reduce((sum, line) => sum + (line.units ?? 0n), 0n),
    2,
  );
}

function priceOf({ currency }: Invoice, line: InvoiceLine): string {
  return withDecimals(line.unitCost ?? 0n, minorDigits(currency));
}

/** At least so many decimals, so that columns align, and all that are stored. */
function withDecimals(valueE4: bigint, least: number): string {
  const [whole = '0', fraction = ''] = formatDecimal(valueE4, 4, { trim: true }).split('.');
  const decimals = fraction.padEnd(least, '0');
  return decimals === '' ? whole : `${whole}.${decimals}`;
}
