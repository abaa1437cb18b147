import { Money } from '@paradesk/kernel';
import { bigintColumn, plainDate } from '@paradesk/platform';
import type { Temporal } from 'temporal-polyfill';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Payment } from './payment.entity.js';

/** Money of a payment that went back. It never changes. */
class PaymentReturn {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) readonly tenantId!: string;
  @PrimaryColumn('uuid') readonly id!: string;
  @Column('uuid', { name: 'client_id' }) readonly clientId!: string;
  @Column('uuid', { name: 'payment_id' }) readonly paymentId!: string;
  @Column('text') readonly currency!: string;
  @Column('bigint', { name: 'amount_minor', transformer: bigintColumn }) readonly amountMinor!: bigint;
  /** The person who recorded it; null for a service. */
  @Column('uuid', { name: 'recorded_by', nullable: true }) readonly recordedBy!: string | null;

  get amount(): Money {
    return Money.of(this.amountMinor, this.currency);
  }
}

/** Money paid back to a client. A client's reference is recorded once (a unique key says so). */
@Entity('refunds')
export class Refund extends PaymentReturn {
  @Column('date', { name: 'refunded_on', transformer: plainDate }) readonly refundedOn!: Temporal.PlainDate;
  /** The bank's. */
  @Column('text') readonly reference!: string;

  static of(
    payment: Payment,
    amount: Money,
    made: Pick<Refund, 'id' | 'refundedOn' | 'reference' | 'recordedBy'>,
  ): Refund {
    return Object.assign(new Refund(), { ...made, ...ofPayment(payment, amount) });
  }
}

/** What the bank or the payer took back of a payment: all of it that was not paid back. A payment has one (a unique key says so). */
@Entity('chargebacks')
export class Chargeback extends PaymentReturn {
  @Column('date', { name: 'charged_back_on', transformer: plainDate }) readonly chargedBackOn!: Temporal.PlainDate;
  /** As the bank says. */
  @Column('text') readonly reason!: string;

  static of(
    payment: Payment,
    amount: Money,
    made: Pick<Chargeback, 'id' | 'chargedBackOn' | 'reason' | 'recordedBy'>,
  ): Chargeback {
    return Object.assign(new Chargeback(), { ...made, ...ofPayment(payment, amount) });
  }
}

function ofPayment({ tenantId, clientId, id: paymentId }: Payment, { amountMinor, currency }: Money) {
  return { tenantId, clientId, paymentId, amountMinor, currency };
}
