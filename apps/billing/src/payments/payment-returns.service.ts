import { Injectable } from '@nestjs/common';
import type { Caller } from '@paradesk/access';
import { DomainError, type Money } from '@paradesk/kernel';
import { Database, Ids, type Tx } from '@paradesk/platform';
import type { Temporal } from 'temporal-polyfill';
import { AllocationsService } from '../allocations/allocations.service.js';
import { InvoiceDatesService } from '../invoices/invoice-dates.service.js';
import { LedgerService } from '../ledger/ledger.service.js';
import { requirePast } from './money-dates.js';
import { Chargeback, Refund } from './payment-return.entity.js';
import type { Payment } from './payment.entity.js';
import { findPayment, lockMoneyOf, savePayment } from './payment.queries.js';

/** Money to pay back. */
export interface RefundToRecord {
  readonly paymentId: string;
  readonly amount: Money;
  readonly refundedOn: Temporal.PlainDate;
  /** The bank's. */
  readonly reference: string;
}

/** Money that was taken back. */
export interface ChargebackToRecord {
  readonly paymentId: string;
  readonly chargedBackOn: Temporal.PlainDate;
  /** As the bank says. */
  readonly reason: string;
}

@Injectable()
export class PaymentReturnsService {
  constructor(
    private readonly database: Database,
    private readonly dates: InvoiceDatesService,
    private readonly ledger: LedgerService,
    private readonly allocations: AllocationsService,
    private readonly ids: Ids,
  ) {}

  /**
   * Pays back what a payment has left. The same reference of the client again is the same refund.
   *
   * @throws DomainError invalid REFUNDED_IN_FUTURE, and what `Payment.refund` refuses; conflict REFUND_REFERENCE_TAKEN
   */
  async refund(caller: Caller, { paymentId, amount, refundedOn, reference }: RefundToRecord): Promise<Refund> {
    requirePast('refundedOn', refundedOn, await this.dates.today(caller));
    return this.database.transaction(caller, async (tx) => {
      const payment = await lockPayment(tx, paymentId);
      const { tenantId, clientId } = payment;
      const known = await tx.findOneBy(Refund, { tenantId, clientId, reference });
      if (known) return sameRefund(known, payment, amount, refundedOn);
      payment.refund(amount);
      const recordedBy = caller.personId ?? null;
      const refund = Refund.of(payment, amount, { id: this.ids.next(), refundedOn, reference, recordedBy });
      await tx.insert(Refund, refund);
      await savePayment(tx, payment);
      const booked = { clientId, paymentId: payment.id, sourceId: refund.id, bookedOn: refundedOn };
      await this.ledger.postMovement(tx, 'payment_refunded', booked, amount);
      return refund;
    });
  }

  /**
   * The bank took a payment back: what it paid is owed again. Told of again, it has no second effect.
   *
   * @throws DomainError invalid CHARGED_BACK_IN_FUTURE; refused PAYMENT_REFUNDED where all of it was paid back before
   */
  async chargeBack(caller: Caller, { paymentId, chargedBackOn, reason }: ChargebackToRecord): Promise<Payment> {
    requirePast('chargedBackOn', chargedBackOn, await this.dates.today(caller));
    return this.database.transaction(caller, async (tx) => {
      const payment = await lockPayment(tx, paymentId);
      if (payment.isChargedBack) return payment;
      await this.allocations.reverseAll(tx, payment, reason, chargedBackOn);
      const amount = payment.chargeBack();
      if (amount.isZero()) throw DomainError.refused('PAYMENT_REFUNDED', 'all of the payment was paid back before');
      const recordedBy = caller.personId ?? null;
      const chargeback = Chargeback.of(payment, amount, { id: this.ids.next(), chargedBackOn, reason, recordedBy });
      await tx.insert(Chargeback, chargeback);
      await savePayment(tx, payment);
      const booked = { ...chargeback, sourceId: chargeback.id, bookedOn: chargedBackOn };
      await this.ledger.postMovement(tx, 'payment_charged_back', booked, amount);
      return payment;
    });
  }
}

/** The payment as it is while its client's money is locked. */
async function lockPayment(tx: Tx, id: string): Promise<Payment> {
  const { clientId } = await findPayment(tx, id);
  await lockMoneyOf(tx, clientId);
  return findPayment(tx, id);
}

function sameRefund(known: Refund, payment: Payment, amount: Money, refundedOn: Temporal.PlainDate): Refund {
  const isSame = known.paymentId === payment.id && known.amount.equals(amount) && known.refundedOn.equals(refundedOn);
  if (isSame) return known;
  const message = 'another refund of the client was recorded under this reference';
  throw DomainError.conflict('REFUND_REFERENCE_TAKEN', message);
}
