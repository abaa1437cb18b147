import { readFileSync } from 'node:fs';
import { renderPdf } from '@paradesk/platform';
import type { Temporal } from 'temporal-polyfill';

/**
 * An invoice as it is printed. Every figure (money, hours, rates, quantities) is a decimal string formatted from what is
 * stored, such as `1234.50` or `-300.00`, in `currency` where it is money: the PDF groups thousands and computes nothing,
 * so that entry, pre-bill, PDF and LEDES show the same figures.
 */
export type InvoicePrint = {
  readonly letterhead: {
    readonly name: string;
    readonly addressLines: readonly string[];
    readonly taxId?: string;
    readonly email: string;
  };
  readonly number: string;
  readonly issueDate: Temporal.PlainDate;
  readonly dueDate: Temporal.PlainDate;
  readonly billingPeriod: { readonly start: Temporal.PlainDate; readonly end: Temporal.PlainDate };
  /** As agreed, for instance `Net 30`. */
  readonly terms: string;
  /** ISO 4217. */
  readonly currency: string;
  readonly client: { readonly name: string; readonly code: string; readonly addressLines: readonly string[] };
  readonly matters: readonly MatterPrint[];
  readonly timekeepers: readonly TimekeeperPrint[];
  /** What was worked on, where fees have task codes. */
  readonly tasks: readonly TaskPrint[];
  readonly totals: {
    readonly fees: string;
    /** Absent where there are none. */
    readonly fixedFees?: string;
    readonly expenses: string;
    readonly adjustments: string;
    /** Each tax by its name and percentage; absent where there is none. */
    readonly taxes?: readonly AdjustmentPrint[];
    readonly tax: string;
    readonly total: string;
    readonly paid: string;
    readonly balance: string;
  };
  /** How to pay, one printed line each. */
  readonly remittance: readonly string[];
  /** The same invoice for the client's e-billing system, attached to the PDF as its alternative. */
  readonly ledes?: { readonly name: string; readonly text: string };
  /** Written into the PDF as its date of creation, to the second: the same invoice gives the same bytes on any day. */
  readonly createdAt: Temporal.Instant;
};

/** One matter on the invoice, its lines in the order they are printed. */
export type MatterPrint = {
  readonly caption: string;
  readonly lawFirmMatterId: string;
  readonly clientMatterId: string;
  readonly fees: readonly FeePrint[];
  readonly expenses: readonly ExpensePrint[];
  /** Project fees, subscriptions and minimums; absent where there are none. */
  readonly fixedFees?: readonly AdjustmentPrint[];
  /** What changes the matter's total beside its lines: a flat fee, a discount. */
  readonly adjustments: readonly AdjustmentPrint[];
  readonly totals: {
    readonly hours: string;
    readonly fees: string;
    readonly fixedFees?: string;
    readonly expenses: string;
    readonly adjustments: string;
    /** Without taxes, which the invoice's totals have. */
    readonly total: string;
  };
};

/** One line of work. `amount` already contains the adjustment, as LINE_ITEM_TOTAL does in LEDES. */
export type FeePrint = {
  readonly date: Temporal.PlainDate;
  readonly timekeeperName: string;
  readonly taskCode?: string;
  readonly activityCode?: string;
  readonly narrative: string;
  readonly hours: string;
  readonly rate: string;
  readonly adjustment?: AdjustmentPrint;
  readonly amount: string;
};

/** One disbursement. */
export type ExpensePrint = {
  readonly date: Temporal.PlainDate;
  readonly code: string;
  readonly description: string;
  readonly quantity: string;
  readonly unitCost: string;
  readonly amount: string;
};

/** A signed amount and the words that the client reads beside it. */
export type AdjustmentPrint = { readonly description: string; readonly amount: string };

/** What one timekeeper worked at one rate. */
export type TimekeeperPrint = {
  readonly name: string;
  readonly classification: string;
  readonly hours: string;
  readonly rate: string;
  readonly amount: string;
};

/** What was worked on one task, by its UTBMS code. */
export type TaskPrint = {
  /** Empty for fees without a code. */
  readonly code: string;
  readonly name: string;
  readonly hours: string;
  readonly amount: string;
};

const TEMPLATE = readFileSync(new URL('./invoice-pdf.typ', import.meta.url), 'utf8');

/**
 * The invoice as a tagged PDF/A-3b on US Letter, its fonts embedded, its LEDES file attached where it has one; what `renderPdf` says of
 * text and bytes holds.
 *
 * @throws Error naming the invoice and what Typst said, when the template cannot print what it was given.
 */
export function renderInvoicePdf({ ledes, ...invoice }: InvoicePrint): Uint8Array {
  const { number, createdAt } = invoice;
  const inputs: Record<string, string> = ledes ? { ledes_name: ledes.name, ledes_text: ledes.text } : {};
  return renderPdf({ name: `Invoice ${number}`, template: TEMPLATE, data: invoice, inputs, createdAt });
}
