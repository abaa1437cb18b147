import { Injectable } from '@nestjs/common';
import type { Caller } from '@paradesk/access';
import { DomainError, Money } from '@paradesk/kernel';
import { Database } from '@paradesk/platform';
import { Temporal } from 'temporal-polyfill';
import type { JournalEntry, JournalWriter } from './journal.js';
import type { LedgerAccount, PostingKind } from './posting.entity.js';

/** Both days are part of it. */
export interface JournalPeriod {
  readonly from: Temporal.PlainDate;
  readonly to: Temporal.PlainDate;
}

const ENTRIES_AT_ONCE = 500;

interface Row {
  readonly id: string;
  readonly day: string;
  readonly kind: PostingKind;
  readonly number: string | null;
  readonly reference: string | null;
  readonly lines: readonly { account: LedgerAccount; code: string; currency: string; amount: string }[];
}

@Injectable()
export class JournalsService {
  constructor(private readonly database: Database) {}

  /**
   * The journal of a period in parts, each of whole postings, the first day first. What is posted meanwhile may be in it or not.
   *
   * @throws DomainError invalid LAST_DAY_BEFORE_FIRST
   */
  async *write(caller: Caller, { from, to }: JournalPeriod, writer: JournalWriter): AsyncGenerator<string> {
    if (Temporal.PlainDate.compare(from, to) > 0)
      throw DomainError.invalid('to', 'LAST_DAY_BEFORE_FIRST', 'the last day is before the first');
    yield writer.head;
    for (let after: readonly [day: string, id: string] | undefined; ;) {
      const rows: Row[] = await this.database.transaction(caller, (tx) =>
        tx.query(ENTRIES, [tx.tenantId, from.toString(), to.toString(), ...(after ?? [null, null]), ENTRIES_AT_ONCE]),
      );
      if (rows.length > 0) yield rows.map((row) => writer.entry(toEntry(row))).join('');
      const last = rows.at(-1);
      if (!last || rows.length < ENTRIES_AT_ONCE) return;
      after = [last.day, last.id];
    }
  }
}

function toEntry({ id, day, kind, number, reference, lines }: Row): JournalEntry {
  return {
    postingId: id,
    day,
    kind,
    invoiceNumber: number ?? '',
    reference: reference ?? '',
    lines: lines.map(({ account, code, currency, amount }) => ({
      account,
      clientCode: code,
      amount: Money.of(BigInt(amount), currency),
    })),
  };
}

// Postings of before the day was noted count from the day of UTC on which they were made.
const DAY = `coalesce(booked_on, (posted_at at time zone 'UTC')::date)`;

const ENTRIES = `
  select p.id, p.day::text as day, p.kind, i.number, y.reference, (
    select json_agg(json_build_object('account', l.account, 'code', c.code, 'currency', l.currency, 'amount', l.amount_minor::text)
      order by l.position)
    from posting_lines l join clients c on (c.tenant_id, c.id) = (l.tenant_id, l.client_id)
    where l.tenant_id = $1 and l.posting_id = p.id) as lines
  from (
    select id, kind, invoice_id, payment_id, ${DAY} as day from postings
    where tenant_id = $1 and ${DAY} between $2 and $3 and ($4::date is null or (${DAY}, id) > ($4::date, $5::uuid))
    order by ${DAY}, id limit $6
  ) p
  left join invoices i on i.tenant_id = $1 and i.id = p.invoice_id
  left join payments y on y.tenant_id = $1 and y.id = p.payment_id
  order by p.day, p.id`;
