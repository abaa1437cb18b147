import { Injectable } from '@nestjs/common';
import { decide, refusalOf, type Caller } from '@paradesk/access';
import { rpcs } from '@paradesk/contracts';
import type { PageRequest, PageResult } from '@paradesk/contracts/paradesk/common/v1/page';
import { DomainError, type Money } from '@paradesk/kernel';
import { Database, Ids, type Tx } from '@paradesk/platform';
import type { Temporal } from 'temporal-polyfill';
import { listById } from '../billable-work/captured-work.queries.js';
import { InvoiceAnnouncements } from '../invoices/invoice-announcements.js';
import { InvoiceDatesService } from '../invoices/invoice-dates.service.js';
import type { Invoice } from '../invoices/invoice.entity.js';
import { findInvoice, lockInvoice, saveInvoice } from '../invoices/invoice.queries.js';
import { LedgerService } from '../ledger/ledger.service.js';
import { lockMoneyOf } from '../payments/payment.queries.js';
import { WriteOff, type WriteOffStatus } from './write-off.entity.js';

const rule = rpcs().find(({ path }) => path.endsWith('.WriteOffsService/ApproveWriteOff'))?.rule;

/** What to write off. */
export interface WriteOffToRequest {
  readonly invoiceId: string;
  /** All that is owed where it is absent. */
  readonly amount: Money | undefined;
  readonly reason: string;
}

/** Which write-offs; what is empty filters nothing. */
export interface WriteOffFilter {
  readonly invoiceId: string;
  readonly clientId: string;
  readonly status: WriteOffStatus | undefined;
}

/** What follows from an invoice and a write-off of it, in the transaction of the decision. */
@Injectable()
export class WriteOffEffects {
  constructor(
    private readonly dates: InvoiceDatesService,
    private readonly ledger: LedgerService,
    private readonly announcements: InvoiceAnnouncements,
  ) {}

  /** Call it before the transaction. */
  today(caller: Caller): Promise<Temporal.PlainDate> {
    return this.dates.today(caller);
  }

  async write(tx: Tx, invoice: Invoice, writeOff: WriteOff, today: Temporal.PlainDate): Promise<void> {
    invoice.writeOff(writeOff.amount);
    await saveInvoice(tx, invoice);
    const booked = { ...writeOff, sourceId: writeOff.id, bookedOn: today };
    await this.ledger.postMovement(tx, 'invoice_written_off', booked, writeOff.amount);
    await this.announcements.writtenOff(tx, invoice, writeOff.id);
  }

  async takeBack(tx: Tx, invoice: Invoice, writeOff: WriteOff, today: Temporal.PlainDate): Promise<void> {
    invoice.takeBackWriteOff(writeOff.amount);
    await saveInvoice(tx, invoice);
    const booked = { ...writeOff, sourceId: writeOff.id, bookedOn: today };
    await this.ledger.postMovement(tx, 'write_off_reversed', booked, writeOff.amount);
    await this.announcements.writeOffReversed(tx, invoice, writeOff.id);
  }
}

@Injectable()
export class WriteOffsService {
  constructor(
    private readonly database: Database,
    private readonly effects: WriteOffEffects,
    private readonly ids: Ids,
  ) {}

  /** @throws DomainError conflict WRITE_OFF_WAITING where one of the invoice waits; what `Invoice.writeOff` refuses */
  async request(caller: Caller, { invoiceId, amount, reason }: WriteOffToRequest): Promise<WriteOff> {
    return this.database.transaction(caller, async (tx) => {
      const invoice = await this.lockMoneyAndInvoice(tx, invoiceId);
      const asked = amount ?? invoice.balance;
      invoice.refuseUnlessWritable(asked);
      const { tenantId } = tx;
      if (await tx.existsBy(WriteOff, { tenantId, invoiceId: invoice.id, status: 'requested' }))
        throw DomainError.conflict('WRITE_OFF_WAITING', 'a write-off of the invoice waits for approval');
      const { clientId } = invoice;
      const requestedBy = caller.personId ?? null;
      const made = { tenantId, id: this.ids.next(), clientId, invoiceId: invoice.id, reason, requestedBy };
      const writeOff = WriteOff.request(asked, made);
      await tx.insert(WriteOff, writeOff);
      return writeOff;
    });
  }

  /** @throws DomainError forbidden SELF_APPROVAL; refused WRITE_OFF_STATUS, and what `Invoice.writeOff` refuses by now */
  async approve(caller: Caller, id: string): Promise<WriteOff> {
    const today = await this.effects.today(caller);
    return this.decide(caller, id, 'approved', '', async (tx, writeOff, invoice) => {
      refuseSelfApproval(caller, writeOff);
      await this.effects.write(tx, invoice, writeOff, today);
    });
  }

  /** @throws DomainError refused WRITE_OFF_STATUS */
  async decline(caller: Caller, id: string, reason: string): Promise<WriteOff> {
    return this.decide(caller, id, 'declined', reason, async () => undefined);
  }

  /** @throws DomainError refused WRITE_OFF_STATUS */
  async reverse(caller: Caller, id: string, reason: string): Promise<WriteOff> {
    const today = await this.effects.today(caller);
    return this.decide(caller, id, 'reversed', reason, (tx, writeOff, invoice) =>
      this.effects.takeBack(tx, invoice, writeOff, today),
    );
  }

  /** @throws DomainError not-found WRITE_OFF_NOT_FOUND */
  async get(caller: Caller, id: string): Promise<WriteOff> {
    return this.database.transaction(caller, (tx) => findWriteOff(tx, id));
  }

  /** The oldest first. */
  async list(
    caller: Caller,
    { invoiceId, clientId, status }: WriteOffFilter,
    page: PageRequest | undefined,
  ): Promise<{ items: WriteOff[]; page: PageResult }> {
    return this.database.transaction(caller, (tx) => listById(tx, WriteOff, { invoiceId, clientId, status }, page));
  }

  private decide(
    caller: Caller,
    id: string,
    status: WriteOffStatus,
    reason: string,
    effect: (tx: Tx, writeOff: WriteOff, invoice: Invoice) => Promise<void>,
  ): Promise<WriteOff> {
    return this.database.transaction(caller, async (tx) => {
      const invoice = await this.lockMoneyAndInvoice(tx, (await findWriteOff(tx, id)).invoiceId);
      // As it is while the client's money is locked.
      const writeOff = await findWriteOff(tx, id);
      if (!writeOff.become(status, caller.personId ?? null, reason)) return writeOff;
      await effect(tx, writeOff, invoice);
      const { decidedBy, statusReason } = writeOff;
      await tx.update(WriteOff, { tenantId: tx.tenantId, id: writeOff.id }, { status, decidedBy, statusReason });
      return writeOff;
    });
  }

  private async lockMoneyAndInvoice(tx: Tx, invoiceId: string): Promise<Invoice> {
    const { clientId } = await findInvoice(tx, invoiceId);
    await lockMoneyOf(tx, clientId);
    return lockInvoice(tx, invoiceId);
  }
}

async function findWriteOff(tx: Tx, id: string): Promise<WriteOff> {
  const writeOff = await tx.findOneBy(WriteOff, { tenantId: tx.tenantId, id });
  if (!writeOff) throw DomainError.notFound('write-off', id);
  return writeOff;
}

/** Nobody approves what they asked for themselves. @throws DomainError forbidden SELF_APPROVAL */
function refuseSelfApproval(caller: Caller, { id, tenantId, clientId, requestedBy }: WriteOff): void {
  const resource = { tenantId, clientId, ...(requestedBy !== null && { ownerPersonId: requestedBy }) };
  const decision = decide({ principal: caller, rule, action: 'approve', resource });
  if (!decision.allowed) throw refusalOf(decision, { noun: 'write-off', id });
}
