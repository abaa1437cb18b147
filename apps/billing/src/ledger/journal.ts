import { csvLine, Money } from '@paradesk/kernel';
import type { LedgerAccount, PostingKind } from './posting.entity.js';

/** A posting as a journal tells it. */
export interface JournalEntry {
  readonly postingId: string;
  /** ISO 8601. */
  readonly day: string;
  readonly kind: PostingKind;
  /** Of the invoice; empty where it belongs to none. */
  readonly invoiceNumber: string;
  /** Of the payment; empty where it is none. */
  readonly reference: string;
  readonly lines: readonly JournalLine[];
}

/** A debit above zero, a credit below. */
export interface JournalLine {
  readonly account: LedgerAccount;
  readonly clientCode: string;
  readonly amount: Money;
}

/** One way to write a journal down. */
export interface JournalWriter {
  readonly contentType: string;
  readonly head: string;
  entry(entry: JournalEntry): string;
}

const accounts: Record<LedgerAccount, string> = {
  receivables: 'assets:receivables',
  cash: 'assets:bank',
  unapplied_cash: 'liabilities:unapplied payments',
  bad_debt: 'expenses:bad debt',
  tax_payable: 'liabilities:taxes',
  fee_income: 'income:fees',
  expense_recovery: 'income:recovered expenses',
};

/** As hledger and ledger read it: every account has the clients' codes below it, so that each client's balance is there. */
export const plainText: JournalWriter = {
  contentType: 'text/plain; charset=utf-8',
  head: '; Amounts are debits above zero and credits below, in the currency named.\n',
  entry: ({ day, kind, invoiceNumber, reference, postingId, lines }) => {
    const told = [kind.replaceAll('_', ' '), invoiceNumber, reference].filter((part) => part !== '').map(oneLine);
    const postings = lines.map(
      ({ account, clientCode, amount }) =>
        // Two spaces end an account's name.
        `    ${accounts[account]}:${oneLine(clientCode)}  ${amount.toDecimal()} ${amount.currency}\n`,
    );
    return `\n${day} ${told.join(', ')}  ; posting:${postingId}\n${postings.join('')}`;
  },
};

/** A line for each line of a posting. */
export const csv: JournalWriter = {
  contentType: 'text/csv; charset=utf-8',
  head: csvLine(['Day', 'Posting', 'Kind', 'Invoice', 'Reference', 'Account', 'Client', 'Currency', 'Amount']),
  entry: ({ day, postingId, kind, invoiceNumber, reference, lines }) =>
    lines
      .map(({ account, clientCode, amount: { currency }, amount }) =>
        csvLine([
          day,
          postingId,
          kind,
          invoiceNumber,
          reference,
          accounts[account],
          clientCode,
          currency,
          amount.toDecimal(),
        ]),
      )
      .join(''),
};

// A semicolon begins a comment, a bar a note, and a line break another entry.
function oneLine(text: string): string {
  return text.replaceAll(/[\s;|]+/g, ' ').trim();
}
