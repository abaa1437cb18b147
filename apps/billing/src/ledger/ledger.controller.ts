import { Controller } from '@nestjs/common';
import { fromDate, toDate, toMoney, toTimestamp } from '@paradesk/contracts';
import type { HttpBody } from '@paradesk/contracts/google/api/httpbody';
import {
  type DownloadJournalRequest,
  type GetTrialBalanceRequest,
  JournalFormat,
  LedgerAccount as LedgerAccountMessage,
  LedgerServiceControllerMethods,
  type ListPostingsRequest,
  PostingKind as PostingKindMessage,
  type Posting as PostingMessage,
  type TrialBalance,
} from '@paradesk/contracts/paradesk/billing/v1/ledger';
import { Money } from '@paradesk/kernel';
import { callerOf, type CallMetadata } from '@paradesk/platform';
import { csv, plainText } from './journal.js';
import { JournalsService } from './journals.service.js';
import { LedgerService, type AccountBalance } from './ledger.service.js';
import type { LedgerAccount, Posting, PostingKind } from './posting.entity.js';

@Controller()
@LedgerServiceControllerMethods()
export class LedgerController {
  constructor(
    private readonly ledger: LedgerService,
    private readonly journals: JournalsService,
  ) {}

  async getTrialBalance(_request: GetTrialBalanceRequest, metadata: CallMetadata) {
    return toTrialBalance(await this.ledger.trialBalance(callerOf(metadata)));
  }

  async listPostings({ invoiceId, page }: ListPostingsRequest, metadata: CallMetadata) {
    const list = await this.ledger.postings(callerOf(metadata), invoiceId, page);
    return { postings: list.items.map(toProto), page: list.page };
  }

  async *downloadJournal(
    { from, to, format }: DownloadJournalRequest,
    metadata: CallMetadata,
  ): AsyncIterable<HttpBody> {
    const period = { from: fromDate(from, 'from'), to: fromDate(to, 'to') };
    const writer = format === JournalFormat.CSV ? csv : plainText;
    let { contentType } = writer;
    for await (const part of this.journals.write(callerOf(metadata), period, writer)) {
      yield { contentType, data: Buffer.from(part), extensions: [] };
      contentType = '';
    }
  }
}

const accounts: Record<LedgerAccount, LedgerAccountMessage> = {
  receivables: LedgerAccountMessage.RECEIVABLES,
  fee_income: LedgerAccountMessage.FEE_INCOME,
  expense_recovery: LedgerAccountMessage.EXPENSE_RECOVERY,
  tax_payable: LedgerAccountMessage.TAX_PAYABLE,
  cash: LedgerAccountMessage.CASH,
  unapplied_cash: LedgerAccountMessage.UNAPPLIED_CASH,
  bad_debt: LedgerAccountMessage.BAD_DEBT,
};

const kinds: Record<PostingKind, PostingKindMessage> = {
  invoice_issued: PostingKindMessage.INVOICE_ISSUED,
  payment_received: PostingKindMessage.PAYMENT_RECEIVED,
  payment_allocated: PostingKindMessage.PAYMENT_ALLOCATED,
  allocation_reversed: PostingKindMessage.ALLOCATION_REVERSED,
  payment_refunded: PostingKindMessage.PAYMENT_REFUNDED,
  payment_charged_back: PostingKindMessage.PAYMENT_CHARGED_BACK,
  invoice_written_off: PostingKindMessage.INVOICE_WRITTEN_OFF,
  write_off_reversed: PostingKindMessage.WRITE_OFF_REVERSED,
};

function toTrialBalance(balances: readonly AccountBalance[]): TrialBalance {
  const byCurrency = Map.groupBy(balances, ({ balance }) => balance.currency);
  const sums = [...byCurrency].map(([currency, list]) =>
    Money.sum(
      currency,
      list.map(({ balance }) => balance),
    ),
  );
  return {
    balances: balances.map(({ account, balance }) => ({ account: accounts[account], balance: toMoney(balance) })),
    balanced: sums.every((sum) => sum.isZero()),
  };
}

function toProto({ id, kind, invoiceId, paymentId, sourceId, bookedOn, postedAt, lines }: Posting): PostingMessage {
  return {
    id,
    kind: kinds[kind],
    invoiceId: invoiceId ?? '',
    bookedOn: bookedOn ? toDate(bookedOn) : undefined,
    sourceId: sourceId ?? paymentId ?? '',
    postedAt: toTimestamp(postedAt),
    lines: lines.map(({ account, amountMinor, currency }) => ({
      account: accounts[account],
      amount: toMoney(Money.of(amountMinor, currency)),
    })),
  };
}
