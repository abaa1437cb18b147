import { readFileSync } from 'node:fs';
import { NodeCompiler, type NodeTypstCompileResult } from '@myriaddreamin/typst-ts-node-compiler';
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
    readonly expenses: string;
    readonly adjustments: string;
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
  /** What changes the matter's total beside its lines: a flat fee, a discount. */
  readonly adjustments: readonly AdjustmentPrint[];
  readonly totals: {
    readonly hours: string;
    readonly fees: string;
    readonly expenses: string;
    readonly adjustments: string;
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

/** Invoices have little in common but the template; results that this many later invoices did not use are forgotten. */
const CACHE_AGE = 3;

let compiler: NodeCompiler | undefined;

/**
 * The invoice as a tagged PDF/A-3b on US Letter, its fonts embedded, its LEDES file attached where it has one.
 *
 * Pure: the same input gives the same bytes. Text is only ever text, never markup. Control and invisible characters are
 * dropped, runs of white space become one space, and a character without a glyph in the fonts (Chinese, Arabic, emoji)
 * prints as `�`: an issued invoice cannot be corrected, so it must always print. Blocks the thread, about 2 ms a line; a
 * loop over many invoices yields to the event loop between them, as only then Node frees what Typst allocated.
 *
 * @throws Error naming the invoice and what Typst said, when the template cannot print what it was given.
 */
export function renderInvoicePdf({ ledes, ...invoice }: InvoicePrint): Uint8Array {
  compiler ??= NodeCompiler.create();
  const data = JSON.stringify(invoice, (_key, value: unknown) =>
    typeof value === 'string' ? printable(value) : value,
  );
  try {
    const attached: Record<string, string> = ledes ? { ledes_name: ledes.name, ledes_text: ledes.text } : {};
    const compiled = compiler.compile({ mainFileContent: TEMPLATE, inputs: { data, ...attached } });
    if (!compiled.result) throw new Error(diagnosis(compiled));
    const creationTimestamp = Math.floor(invoice.createdAt.epochMilliseconds / 1000);
    return new Uint8Array(compiler.pdf(compiled.result, { pdfStandard: 'a-3b', creationTimestamp }));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`Invoice ${invoice.number} could not be printed: ${reason}`, { cause: error });
  } finally {
    compiler.evictCache(CACHE_AGE);
  }
}

function diagnosis(compiled: NodeTypstCompileResult): string {
  const diagnostics: readonly { readonly message: string }[] = compiled.takeDiagnostics()?.shortDiagnostics ?? [];
  return diagnostics.map(({ message }) => message).join('; ');
}

// The characters that the fonts inside the Typst binding print, regular and bold. The rest never reaches Typst: PDF/A
// refuses a missing glyph, and some of right-to-left scripts make the native code abort the whole process.
const LATIN = String.raw` -~\u00a1-\u036f\u1e00-\u1e9b\u1e9e-\u1ef9\ufb01\ufb02`;
const GREEK_AND_CYRILLIC = String.raw`\u0384-\u03ce\u0400-\u045f\u0490-\u04c4\u04d0-\u04f9`;
const PUNCTUATION = String.raw`\u2010-\u2027\u2030-\u2037\u2039\u203a\u2044\u2070-\u2094\ufffd`;
const CURRENCIES = String.raw`\u20a0-\u20b5\u20b8-\u20ba\u20bd\u20bf`;
const SYMBOLS = String.raw`\u2105\u2116\u2117\u2120\u2122\u2153-\u215e\u2190-\u2220\u2241-\u226b\u2500-\u262f\u2713-\u2718`;
const UNPRINTABLE = new RegExp(
  String.raw`\p{Cn}|[^${LATIN}${GREEK_AND_CYRILLIC}${PUNCTUATION}${CURRENCIES}${SYMBOLS}]`,
  'gu',
);

// Among them the right-to-left override, which would print another figure than the stored one, and variation selectors.
const INVISIBLE = /\p{Cf}|\p{Cc}|[\ufe00-\ufe0f]/gu;
const WHITE_SPACE = /[\s\u0085]+/g;

function printable(text: string): string {
  const visible = text.normalize('NFC').replace(WHITE_SPACE, ' ').replace(INVISIBLE, '');
  return visible.replace(UNPRINTABLE, '\ufffd').trim();
}
