import { Injectable } from '@nestjs/common';
import type { Caller } from '@paradesk/access';
import { DomainError } from '@paradesk/kernel';
import { Database, Ids, violatedConstraint, type Tx } from '@paradesk/platform';
import { Temporal } from 'temporal-polyfill';
import { BillableWorkService, type BillableItem, type WorkInProgress } from '../billable-work/billable-work.service.js';
import { ClientsService } from '../clients/clients.service.js';
import { propose, type BillingNotice, type ProposedLine } from '../proposals/proposal.js';
import { ProposalsService, type BillingBasis } from '../proposals/proposals.service.js';
import { InvoiceLine } from './invoice-line.entity.js';
import { Invoice } from './invoice.entity.js';
import { insertInvoices } from './invoice.queries.js';

@Injectable()
export class InvoiceDraftsService {
  constructor(
    private readonly database: Database,
    private readonly clients: ClientsService,
    private readonly work: BillableWorkService,
    private readonly proposals: ProposalsService,
    private readonly ids: Ids,
  ) {}

  /**
   * Drafts an invoice of what should be billed less what is billed: asked again, it finds nothing. Where several payers share, each has a
   * draft of their own, and the first is returned; they have the same `splitId`.
   *
   * @throws DomainError invalid BILLING_PERIOD; refused NOTHING_TO_BILL, NOT_BILLABLE, MIXED_CURRENCIES, or why asked-for work is held back
   */
  async draft(caller: Caller, wanted: WorkInProgress): Promise<Invoice> {
    if (Temporal.PlainDate.compare(wanted.from, wanted.to) > 0) {
      throw DomainError.invalid('billingEnd', 'BILLING_PERIOD', 'the last day of the work is before the first');
    }
    await this.clients.require(caller, wanted.clientId);
    const drafted = this.database.transaction(caller, async (tx) => {
      const items = await this.work.approved(tx, wanted);
      refuseUnbillable(wanted, items);
      const drafts = this.draftsOf(tx, wanted, items, await this.proposals.basisOf(tx, items, wanted));
      refuseHeld(wanted, drafts);
      await insertInvoices(tx, drafts);
      return drafts[0]!;
    });
    return drafted.catch(refuseBilledTwice);
  }

  /** What the drafts of work go by, of many accounts by a few statements. In the transaction that has locked the work. */
  basisOf(
    tx: Tx,
    items: readonly BillableItem[],
    period: Pick<WorkInProgress, 'from' | 'to'>,
  ): Promise<ReadonlyMap<string, BillingBasis>> {
    return this.proposals.basisOf(tx, items, period);
  }

  /**
   * The drafts of this work, which are stored nowhere yet: one, or one for each payer. Every draft is made here, of a run as of a single
   * invoice.
   *
   * @throws DomainError refused NOTHING_TO_BILL, MIXED_CURRENCIES, or CAP_REACHED where all that there is does not fit under a cap
   */
  draftsOf(
    { tenantId }: Tx,
    { clientId, from, to, entryIds = [] }: Pick<WorkInProgress, 'clientId' | 'from' | 'to'> & Partial<WorkInProgress>,
    items: readonly BillableItem[],
    basis: ReadonlyMap<string, BillingBasis>,
  ): Invoice[] {
    if (items.length === 0) throw nothingToBill();
    const currency = oneCurrencyOf(items);
    const own = [...new Set(items.map(({ matterId }) => matterId))].flatMap((id) => basis.get(id) ?? []);
    const { invoices, notices } = propose({
      clientId,
      currency,
      from,
      to,
      items,
      agreements: own.flatMap(({ agreements }) => agreements),
      billed: own.flatMap(({ billed }) => billed),
      retainers: new Map(),
      asked: entryIds.length > 0,
    });
    if (invoices.length === 0) throw allHeld(notices);
    const splitId = invoices.length > 1 ? this.ids.next() : undefined;
    return invoices.map(({ payerId, sharePercentE4, lines }) => {
      const { id, at: draftedAt } = this.ids.stamp();
      const invoice = {
        tenantId,
        id,
        clientId: payerId,
        currency,
        billingStart: from,
        billingEnd: to,
        draftedAt,
        notices,
      };
      return Invoice.draft(
        {
          ...invoice,
          ...(splitId !== undefined && { splitId }),
          ...(sharePercentE4 !== undefined && { sharePercentE4 }),
        },
        lines.map((line, index) => this.lineOf(tenantId, id, line, index + 1)),
      );
    });
  }

  private lineOf(tenantId: string, invoiceId: string, line: ProposedLine, position: number): InvoiceLine {
    const { unitsE4: units, unitCostE4: unitCost, ...copied } = line;
    const own = { tenantId, id: this.ids.next(), invoiceId, position, units, unitCost, live: true };
    return Object.assign(new InvoiceLine(), copied, own);
  }
}

function refuseUnbillable({ entryIds }: WorkInProgress, items: readonly BillableItem[]): void {
  if (items.length === 0) throw nothingToBill();
  const billable = new Set(items.map((item) => item.entryId));
  const missing = entryIds.filter((id) => !billable.has(id.toLowerCase()));
  if (missing.length === 0) return;
  const message = `${missing.length} of the entries are not approved work of the period, or are billed: ${missing.slice(0, 20).join(', ')}`;
  throw DomainError.refused('NOT_BILLABLE', message, { entryIds: missing.slice(0, 20).join(',') });
}

/** What a person asks for by name is billed or refused, not left out. */
function refuseHeld({ entryIds }: WorkInProgress, [draft]: readonly Invoice[]): void {
  const held = draft?.notices.find((notice) => notice.entryIds.length > 0);
  if (entryIds.length === 0 || !held) return;
  throw DomainError.refused(held.code, held.message, { entryIds: held.entryIds.slice(0, 20).join(',') });
}

function allHeld(notices: readonly BillingNotice[]): DomainError {
  const capped = notices.find(({ code }) => code === 'CAP_REACHED');
  if (capped) return DomainError.refused(capped.code, capped.message);
  const message = notices.map((notice) => notice.message).join('; ');
  return DomainError.refused('NOTHING_TO_BILL', message || 'there is nothing to bill');
}

function oneCurrencyOf(items: readonly BillableItem[]): string {
  const [currency = '', ...others] = new Set(items.map((item) => item.currency));
  if (others.length === 0) return currency;
  const message = `an invoice has one currency; this work is in ${[currency, ...others].join(', ')}`;
  throw DomainError.refused('MIXED_CURRENCIES', message);
}

// The entries' locks make racing drafts wait for each other; the index is what holds if a line came from elsewhere.
function refuseBilledTwice(error: unknown): never {
  throw violatedConstraint(error) === 'invoice_lines_live_entry' ? nothingToBill() : error;
}

function nothingToBill(): DomainError {
  return DomainError.refused('NOTHING_TO_BILL', 'there is no approved work that is on no invoice yet');
}
