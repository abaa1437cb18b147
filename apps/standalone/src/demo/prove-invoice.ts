import { readLedes1998b } from '@paradesk/billing';
import { minorDigits, Money } from '@paradesk/kernel';
import type { BilledInvoice, Invoice } from './bill-file.js';
import { CURRENCY } from './enter-directory.js';
import type { LedesFile, LedesInvoice } from './file-directory.js';
import type { RestApi } from './rest-api.js';
import { until } from './until.js';

/** A mail as the mail catcher lists it. */
export interface CaughtMail {
  readonly id: string;
  readonly subject: string;
  readonly attachments: readonly { readonly filename: string }[];
}

/** What the demo saw of an invoice, and what was wrong with it. */
export interface ProvenInvoice {
  readonly number: string;
  readonly client: string;
  readonly matters: readonly string[];
  readonly lines: number;
  readonly total: Money;
  readonly ledesValid: boolean;
  readonly pdfBytes: number;
  readonly mails: number;
  /** Where a person sees them; empty where there is none. */
  readonly links: { readonly mail: string; readonly pdf: string; readonly ledes: string };
  readonly problems: readonly string[];
}

interface Message {
  readonly subject: string;
  readonly status: string;
  readonly failure: string;
}

/** Where to look: the API as a billing manager, and the page of the mail catcher. */
export interface Witnesses {
  readonly api: RestApi;
  readonly mailUrl: string;
}

/** Waits until an invoice has its files and its mail was sent, at most a minute for each. */
export async function settle({ api, mailUrl }: Witnesses, { invoiceId }: BilledInvoice): Promise<void> {
  const filed = await until(async () => {
    const invoice = await api.get<Invoice>(`/v1/invoices/${invoiceId}`);
    return invoice.pdfDocumentId && invoice.ledesDocumentId ? invoice : undefined;
  });
  if (!filed) return;
  await until(async () => {
    const [message] = await messagesAbout(api, invoiceId);
    if (message?.status === 'MESSAGE_STATUS_FAILED') return message;
    const isSent = message?.status === 'MESSAGE_STATUS_SENT' && (await mailsOf(mailUrl, [message])).length > 0;
    return isSent ? message : undefined;
  });
}

/** Looks at an invoice, its files and its mails as they are now. */
export async function proveInvoice(
  { api, mailUrl }: Witnesses,
  { source, invoiceId }: BilledInvoice,
  file: LedesFile,
): Promise<ProvenInvoice> {
  const invoice = await api.get<Invoice>(`/v1/invoices/${invoiceId}`);
  const total = Money.of(BigInt(invoice.total.amountMinor), invoice.total.currencyCode);
  const problems: string[] = [];
  if (toE4(total) !== source.totalE4) problems.push(`its total is ${total.toString()}, not ${amount(source.totalE4)}`);
  if (invoice.lines.length !== source.lines.length) {
    problems.push(`it has ${invoice.lines.length} lines, the file's invoice ${source.lines.length}`);
  }
  const pdf = await provePdf(api, invoice.pdfDocumentId, problems);
  const ledesProblems = await ledesProblemsOf(api, invoice, source, file);
  const messages = await messagesAbout(api, invoiceId);
  const mails = await mailsOf(mailUrl, messages);
  problems.push(...ledesProblems, ...mailProblems(messages, mails));
  const mailLink = mails[0] ? `${mailUrl}/mails/${mails[0].id}` : '';
  const attached = mails[0]?.attachments.findIndex(({ filename }) => filename.endsWith('.pdf')) ?? -1;
  return {
    number: invoice.number,
    client: source.lines[0]?.clientId ?? '',
    matters: [...new Set(source.lines.map((line) => line.lawFirmMatterId))],
    lines: invoice.lines.length,
    total,
    ledesValid: ledesProblems.length === 0,
    pdfBytes: pdf,
    mails: mails.length,
    links: {
      mail: mailLink,
      pdf: attached >= 0 ? `${mailLink}/attachments/${attached}` : '',
      ledes: invoice.ledesDocumentId ? `${api.baseUrl}/v1/documents/${invoice.ledesDocumentId}/content` : '',
    },
    problems: problems.map((problem) => `${invoice.number || `invoice ${source.number} of the file`}: ${problem}`),
  };
}

/** @returns its size in bytes; 0 where there is none */
async function provePdf(api: RestApi, documentId: string, problems: string[]): Promise<number> {
  if (!documentId) {
    problems.push('it has no PDF after a minute');
    return 0;
  }
  const bytes = await api.download(`/v1/documents/${documentId}/content`);
  if (Buffer.from(bytes.subarray(0, 4)).toString('latin1') !== '%PDF') problems.push('its PDF is no PDF');
  return bytes.length;
}

/** Everything that a vendor would refuse in the written LEDES 1998B file (V01 to V20), and a total that is not the input's. */
async function ledesProblemsOf(
  api: RestApi,
  { ledesDocumentId, number }: Invoice,
  source: LedesInvoice,
  input: LedesFile,
): Promise<string[]> {
  if (!ledesDocumentId) return ['it has no LEDES file after a minute'];
  const { name } = await api.get<{ name: string }>(`/v1/documents/${ledesDocumentId}`);
  const bytes = await api.download(`/v1/documents/${ledesDocumentId}/content`);
  const known = knownFrom(input);
  const { file, findings } = readLedes1998b(bytes, { fileName: name, minorDigits: minorDigits(CURRENCY), known });
  const problems = findings
    .filter((finding) => finding.severity === 'reject')
    .map(({ line, field, rule, message }) => `its LEDES file, line ${line} ${field} ${rule}: ${message}`);
  const [written, ...others] = file?.invoices ?? [];
  if (others.length > 0) problems.push(`its LEDES file holds ${others.length + 1} invoices`);
  if (written && written.totalE4 !== source.totalE4) {
    problems.push(`its LEDES file totals ${amount(written.totalE4)}, not ${amount(source.totalE4)}`);
  }
  // The format takes letters and digits only.
  if (written && written.number !== number.replaceAll('-', '')) problems.push(`its LEDES file is of ${written.number}`);
  return problems;
}

/** What the client approved by paying the input: its matters, timekeepers and rates (V19). That numbers are new (V09) the database sees to. */
function knownFrom({ invoices }: LedesFile) {
  const lines = invoices.flatMap((invoice) => invoice.lines);
  const fees = Map.groupBy(
    lines.filter((line) => line.type === 'F'),
    (line) => line.timekeeperId,
  );
  return {
    clientMatterIds: new Set(lines.map((line) => line.clientMatterId)),
    lawFirmMatterIds: new Set(lines.map((line) => line.lawFirmMatterId)),
    timekeeperIds: new Set(fees.keys()),
    approvedRatesE4: new Map([...fees].map(([code, own]) => [code, new Set(own.map((line) => line.unitCostE4 ?? 0n))])),
  };
}

async function messagesAbout(api: RestApi, invoiceId: string): Promise<Message[]> {
  const messages: Message[] = [];
  for await (const message of api.list<Message>('/v1/messages', 'messages', { invoiceId })) messages.push(message);
  return messages;
}

/** By the whole subject, which names invoice and company: another tenant has an invoice of the same number. */
async function mailsOf(mailUrl: string, messages: readonly Message[]): Promise<CaughtMail[]> {
  const subjects = new Set(messages.map((message) => message.subject));
  const page = await fetch(`${mailUrl}/mails.json`).catch(() => undefined);
  if (!page?.ok) throw new Error(`the mail page ${mailUrl} does not answer`);
  const mails = (await page.json()) as CaughtMail[];
  return mails.filter((mail) => subjects.has(mail.subject));
}

function mailProblems(messages: readonly Message[], mails: readonly CaughtMail[]): string[] {
  const problems: string[] = [];
  if (mails.length !== 1) problems.push(`${mails.length} mails about it were sent instead of one`);
  if (messages.length !== 1) problems.push(`${messages.length} messages about it were written instead of one`);
  for (const { status, failure } of messages) {
    if (status !== 'MESSAGE_STATUS_SENT') problems.push(`its message is ${status} ${failure}`.trimEnd());
  }
  return problems;
}

function toE4(money: Money): bigint {
  return money.amountMinor * 10n ** BigInt(4 - minorDigits(money.currency));
}

function amount(valueE4: bigint): string {
  return Money.of(valueE4 / 10n ** BigInt(4 - minorDigits(CURRENCY)), CURRENCY).toString();
}
