import { Injectable } from '@nestjs/common';
import type { Caller } from '@paradesk/access';
import type { PageRequest, PageResult } from '@paradesk/contracts/paradesk/common/v1/page';
import { Money } from '@paradesk/kernel';
import { Clock, Database, Ids, insertEntities, type Tx } from '@paradesk/platform';
import type { Temporal } from 'temporal-polyfill';
import { In } from 'typeorm';
import { listById } from '../billable-work/captured-work.queries.js';
import type { InvoiceTotals } from '../invoices/invoice-totals.js';
import type { Invoice } from '../invoices/invoice.entity.js';
import type { Payment } from '../payments/payment.entity.js';
import { Posting, PostingLine, type LedgerAccount, type MovementKind, type PostingSubject } from './posting.entity.js';

/** What an account comes to in one currency: debits less credits. */
export interface AccountBalance {
  readonly account: LedgerAccount;
  readonly balance: Money;
}

/** What a movement belongs to, and what it is booked from. */
export interface MovementToPost {
  readonly clientId: string;
  /** None where no payment moves. */
  readonly paymentId?: string;
  readonly invoiceId?: string;
  /** The allocation, refund, chargeback or write-off. */
  readonly sourceId: string;
  readonly bookedOn: Temporal.PlainDate;
}

@Injectable()
export class LedgerService {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly ids: Ids,
  ) {}

  /** Books the issue of invoices, in the transaction of the issue. */
  async postInvoices(
    tx: Tx,
    issued: readonly {
      readonly invoice: Pick<Invoice, 'id' | 'clientId' | 'issuedOn'>;
      readonly totals: InvoiceTotals;
    }[],
  ): Promise<void> {
    const postings = issued.map(({ invoice: { id: invoiceId, clientId, issuedOn }, totals }) =>
      Posting.ofInvoice(this.subject(tx, { invoiceId, clientId, bookedOn: issuedOn! }), totals),
    );
    await store(tx, postings);
  }

  /** Books a payment, in the transaction that records it. */
  async postPayment(
    tx: Tx,
    payment: Pick<Payment, 'id' | 'invoiceId' | 'clientId' | 'amount' | 'receivedOn'>,
  ): Promise<void> {
    const subject = this.subject(tx, { ...payment, bookedOn: payment.receivedOn });
    await store(tx, [Posting.ofPayment(subject, payment.id, payment.amount)]);
  }

  /** Books an allocation, a refund, a chargeback or a write-off, in the transaction that records it. */
  async postMovement(tx: Tx, kind: MovementKind, movement: MovementToPost, amount: Money): Promise<void> {
    const { invoiceId = null, clientId, bookedOn, paymentId = null, sourceId } = movement;
    const subject = this.subject(tx, { invoiceId, clientId, bookedOn });
    await store(tx, [Posting.ofMovement(subject, { kind, paymentId, sourceId }, amount)]);
  }

  /** The balances by account and currency. */
  async trialBalance(caller: Caller): Promise<AccountBalance[]> {
    return this.database.transaction(caller, async (tx) => {
      const sums: { account: LedgerAccount; currency: string; sum: string }[] = await tx.query(
        `select account, currency, sum(amount_minor)::text as sum from posting_lines where tenant_id = $1
         group by account, currency order by account, currency`,
        [tx.tenantId],
      );
      return sums.map(({ account, currency, sum }) => ({ account, balance: Money.of(BigInt(sum), currency) }));
    });
  }

  /** Postings with their lines, the oldest first; only those of the invoice where `invoiceId` is not empty. */
  async postings(
    caller: Caller,
    invoiceId: string,
    page: PageRequest | undefined,
  ): Promise<{ items: Posting[]; page: PageResult }> {
    return this.database.transaction(caller, async (tx) => {
      const found = await listById(tx, Posting, { invoiceId }, page);
      const lines = await tx.find(PostingLine, {
        where: { tenantId: tx.tenantId, postingId: In(found.items.map((posting) => posting.id)) },
        order: { position: 'ASC' },
      });
      const byPosting = Map.groupBy(lines, (line) => line.postingId);
      for (const posting of found.items) posting.withLines(byPosting.get(posting.id) ?? []);
      return found;
    });
  }

  private subject(
    { tenantId }: Tx,
    { invoiceId, clientId, bookedOn }: Pick<PostingSubject, 'invoiceId' | 'clientId' | 'bookedOn'>,
  ): PostingSubject {
    return { tenantId, id: this.ids.next(), clientId, invoiceId, bookedOn, postedAt: this.clock.now() };
  }
}

async function store(tx: Tx, given: readonly (Posting | undefined)[]): Promise<void> {
  const postings = given.filter((posting) => posting !== undefined);
  await insertEntities(tx, Posting, postings);
  await insertEntities(
    tx,
    PostingLine,
    postings.flatMap(({ lines }) => lines),
  );
}
