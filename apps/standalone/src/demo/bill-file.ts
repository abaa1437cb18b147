import { CURRENCY, toDay } from './enter-directory.js';
import { periodOf, type LedesFile, type LedesInvoice } from './file-directory.js';
import { ApiProblem, type RestApi } from './rest-api.js';
import { until } from './until.js';

/** Most entries that one call takes. */
const MOST_ENTRIES = 5000;

/** The parts of an invoice that the demo looks at, as JSON has them. */
export interface Invoice {
  readonly id: string;
  readonly number: string;
  readonly status: string;
  readonly lines: readonly { readonly entryId: string }[];
  readonly total: { readonly amountMinor: string; readonly currencyCode: string };
  readonly pdfDocumentId: string;
  readonly ledesDocumentId: string;
}

interface ImportedGroup {
  readonly sourceInvoiceNumber: string;
  readonly clientId: string;
  readonly matterIds: readonly string[];
  readonly timeEntryIds: readonly string[];
  readonly expenseIds: readonly string[];
  readonly adjustmentIds: readonly string[];
}

interface ImportResult {
  readonly recordedLines: number;
  readonly knownLines: number;
  readonly groups: readonly ImportedGroup[];
}

/** A LEDES 1998B file that was read and found valid. */
export interface InputFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly content: LedesFile;
}

/** An invoice of the file and ours for the same work. */
export interface BilledInvoice {
  readonly source: LedesInvoice;
  readonly invoiceId: string;
}

/** What became of a file. */
export interface BilledFile {
  /** Lines recorded now; the others had been recorded before. */
  readonly recordedLines: number;
  /** Invoices made now. */
  readonly drafted: number;
  readonly invoices: readonly BilledInvoice[];
}

/**
 * Imports a file, approves its work and issues one invoice for each of its invoices. Work that was billed before is not billed again:
 * the invoice that has it is taken instead.
 */
export async function billFile(api: RestApi, file: InputFile): Promise<BilledFile> {
  const { recordedLines, groups } = await importFile(api, file);
  for (const group of groups) await approveWork(api, group);
  const invoices: BilledInvoice[] = [];
  let drafted = 0;
  for (const group of groups) {
    const source = file.content.invoices.find((invoice) => invoice.number === group.sourceInvoiceNumber);
    if (!source)
      throw new Error(`the import made a group of an invoice ${group.sourceInvoiceNumber} unknown to the file`);
    const draft = await draftInvoice(api, group, source);
    if (draft) drafted += 1;
    invoices.push({ source, invoiceId: (draft ?? (await invoiceBefore(api, group, source))).id });
  }
  for (const { invoiceId } of invoices) await issue(api, invoiceId);
  return { recordedLines, drafted, invoices };
}

/** Billing learns of new clients, matters and timekeepers by events, shortly after they are entered. */
async function importFile(api: RestApi, { bytes }: InputFile): Promise<ImportResult> {
  let refusal: unknown;
  const result = await until(async () => {
    try {
      return await api.postFile<ImportResult>(`/v1/imports/ledes?currencyCode=${CURRENCY}`, bytes, 'text/plain');
    } catch (error) {
      if (!isUnknownYet(error)) throw error;
      refusal = error;
      return undefined;
    }
  });
  if (!result) throw refusal;
  return result;
}

function isUnknownYet(error: unknown): boolean {
  if (!(error instanceof ApiProblem) || error.reason !== 'LEDES_REFUSED') return false;
  return error.violations.length > 0 && error.violations.every(({ description }) => description.startsWith('V19'));
}

async function approveWork(api: RestApi, { timeEntryIds, expenseIds, adjustmentIds }: ImportedGroup): Promise<void> {
  const work = { timeEntries: timeEntryIds, expenses: expenseIds, adjustments: adjustmentIds };
  const fields = { timeEntries: 'timeEntryIds', expenses: 'expenseIds', adjustments: 'adjustmentIds' };
  for (const kind of ['timeEntries', 'expenses', 'adjustments'] as const) {
    for (let at = 0; at < work[kind].length; at += MOST_ENTRIES) {
      await api.post(`/v1/${kind}:approve`, { [fields[kind]]: work[kind].slice(at, at + MOST_ENTRIES) });
    }
  }
}

/** @returns undefined where all of the work is on an invoice already */
async function draftInvoice(api: RestApi, group: ImportedGroup, source: LedesInvoice): Promise<Invoice | undefined> {
  const { first, last } = periodOf(source);
  const entryIds = entriesOf(group);
  try {
    return await api.post<Invoice>('/v1/invoices', {
      clientId: group.clientId,
      billingStart: toDay(first),
      billingEnd: toDay(last),
      matterIds: group.matterIds,
      // More than can be listed are billed by period and matter; the total says whether anything else got in.
      entryIds: entryIds.length > MOST_ENTRIES ? [] : entryIds,
    });
  } catch (error) {
    if (error instanceof ApiProblem && error.reason === 'NOTHING_TO_BILL') return undefined;
    throw error;
  }
}

async function invoiceBefore(api: RestApi, group: ImportedGroup, source: LedesInvoice): Promise<Invoice> {
  const entryIds = new Set(entriesOf(group));
  for await (const { id, status } of api.list<Invoice>('/v1/invoices', 'invoices', { clientId: group.clientId })) {
    if (status === 'INVOICE_STATUS_DISCARDED') continue;
    const invoice = await api.get<Invoice>(`/v1/invoices/${id}`);
    if (invoice.lines.some((line) => entryIds.has(line.entryId))) return invoice;
  }
  throw new Error(`there is nothing to bill for invoice ${source.number} of the file, and no invoice has its work`);
}

/** An invoice of an earlier run that was cut short may be a draft still. */
async function issue(api: RestApi, invoiceId: string): Promise<void> {
  const { number } = await api.get<Invoice>(`/v1/invoices/${invoiceId}`);
  if (number !== '') return;
  await api.post(`/v1/invoices/${invoiceId}:approve`, {});
  await api.post(`/v1/invoices/${invoiceId}:issue`, {});
}

function entriesOf({ timeEntryIds, expenseIds, adjustmentIds }: ImportedGroup): string[] {
  return [...timeEntryIds, ...expenseIds, ...adjustmentIds];
}
