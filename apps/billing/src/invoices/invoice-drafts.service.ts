import { Injectable } from '@nestjs/common';
import type { Caller } from '@paradesk/access';
import { DomainError } from '@paradesk/kernel';
import { Database, Ids, violatedConstraint, type Tx } from '@paradesk/platform';
import { Temporal } from 'temporal-polyfill';
import { BillableWorkService, type BillableItem, type WorkInProgress } from '../billable-work/billable-work.service.js';
import { ClientsService } from '../clients/clients.service.js';
import { Invoice, InvoiceLine } from './invoice.entity.js';
import { insertInvoices } from './invoice.queries.js';

@Injectable()
export class InvoiceDraftsService {
  constructor(
    private readonly database: Database,
    private readonly clients: ClientsService,
    private readonly work: BillableWorkService,
    private readonly ids: Ids,
  ) {}

  /**
   * Drafts an invoice of what should be billed less what is billed: asked again, it finds nothing.
   *
   * @throws DomainError invalid BILLING_PERIOD; refused NOTHING_TO_BILL, NOT_BILLABLE or MIXED_CURRENCIES
   */
  async draft(caller: Caller, wanted: WorkInProgress): Promise<Invoice> {
    if (Temporal.PlainDate.compare(wanted.from, wanted.to) > 0) {
      throw DomainError.invalid('billingEnd', 'BILLING_PERIOD', 'the last day of the work is before the first');
    }
    await this.clients.require(caller, wanted.clientId);
    const drafted = this.database.transaction(caller, async (tx) => {
      const items = await this.work.approved(tx, wanted);
      refuseUnbillable(wanted, items);
      const invoice = this.propose(tx, wanted, items);
      await insertInvoices(tx, [invoice]);
      return invoice;
    });
    return drafted.catch(refuseBilledTwice);
  }

  /**
   * The draft of this work, which is stored nowhere yet. Every draft is made here, of a run as of a single invoice.
   *
   * @throws DomainError refused NOTHING_TO_BILL or MIXED_CURRENCIES
   */
  propose(
    { tenantId }: Tx,
    { clientId, from: billingStart, to: billingEnd }: Pick<WorkInProgress, 'clientId' | 'from' | 'to'>,
    items: readonly BillableItem[],
  ): Invoice {
    if (items.length === 0) throw nothingToBill();
    const currency = oneCurrencyOf(items);
    const { id, at: draftedAt } = this.ids.stamp();
    const lines = items.map((item, index) => this.lineOf(tenantId, id, item, index + 1));
    return Invoice.draft({ tenantId, id, clientId, currency, billingStart, billingEnd, draftedAt }, lines);
  }

  private lineOf(tenantId: string, invoiceId: string, item: BillableItem, position: number): InvoiceLine {
    const { currency: _currency, clientId: _clientId, unitsE4, unitCostE4, personId, ...copied } = item;
    return Object.assign(new InvoiceLine(), {
      ...copied,
      tenantId,
      id: this.ids.next(),
      invoiceId,
      position,
      personId: personId ?? null,
      units: unitsE4 ?? null,
      unitCost: unitCostE4 ?? null,
      live: true,
    });
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
