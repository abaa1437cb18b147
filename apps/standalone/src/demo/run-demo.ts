import { readLedes1998b } from '@paradesk/billing';
import { minorDigits } from '@paradesk/kernel';
import { billFile, type InputFile } from './bill-file.js';
import { CURRENCY, enterDirectory } from './enter-directory.js';
import { directoryOf } from './file-directory.js';
import { proveInvoice, settle, type ProvenInvoice } from './prove-invoice.js';
import type { Outcome } from './report.js';
import { RestApi } from './rest-api.js';
import type { StandaloneFile } from '../system.js';

/** What is wrong, a line each. */
export class WrongResult extends Error {
  constructor(readonly problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'WrongResult';
  }
}

/** Reads an input file. @throws WrongResult naming line, field and rule of all that an e-billing vendor would refuse */
export function readInput(bytes: Uint8Array<ArrayBuffer>): InputFile {
  const { file, findings } = readLedes1998b(bytes, { minorDigits: minorDigits(CURRENCY) });
  if (file) return { bytes, content: file };
  const refused = findings.filter((finding) => finding.severity === 'reject');
  throw new WrongResult(
    refused.map(({ line, field, rule, message }) => `line ${line} ${field || '(whole line)'} ${rule}: ${message}`),
  );
}

/**
 * Takes a file all the way through a running system, by its REST API only, and then once more.
 *
 * @returns what there is to see, and what is wrong with it
 */
export async function runDemo(
  { api: url, mail: mailUrl, keys }: StandaloneFile,
  input: InputFile,
): Promise<{ outcome: Outcome; problems: string[] }> {
  const billing = new RestApi(url, keys.billingManager);
  await enterDirectory(new RestApi(url, keys.operationsManager), billing, directoryOf(input.content));
  const first = await billFile(billing, input);
  const witnesses = { api: billing, mailUrl };
  for (const invoice of first.invoices) await settle(witnesses, invoice);
  const second = await billFile(billing, input);
  // Only now, so that a second mail or another line of the second run would be seen.
  const invoices: ProvenInvoice[] = [];
  for (const invoice of first.invoices) invoices.push(await proveInvoice(witnesses, invoice, input.content));
  const { balanced } = await billing.get<{ balanced: boolean }>('/v1/ledger/trialBalance');
  const problems = invoices.flatMap((invoice) => invoice.problems);
  if (second.recordedLines > 0) problems.push(`the second run recorded ${second.recordedLines} lines again`);
  if (second.drafted > 0) problems.push(`the second run billed ${second.drafted} invoices again`);
  if (!balanced) problems.push('the ledger does not balance');
  return { outcome: { invoices, ledgerBalanced: balanced, secondRunBilled: second.drafted }, problems };
}
