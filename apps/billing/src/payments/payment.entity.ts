import { Money } from '@paradesk/kernel';
import { bigintColumn, plainDate } from '@paradesk/platform';
import type { Temporal } from 'temporal-polyfill';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Money that came for an invoice. */
export interface ReceivedPayment {
  readonly invoiceId: string;
  readonly amount: Money;
  readonly receivedOn: Temporal.PlainDate;
  /** The payer's or the bank's. */
  readonly reference: string;
}

/**
 * A payment of an invoice.
 *
 * - It is more than zero and at most what was left to pay.
 * - A client's reference is recorded once (a unique key says so), so that money told of twice is booked once.
 * - It never changes.
 */
@Entity('payments')
export class Payment {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) readonly tenantId!: string;
  @PrimaryColumn('uuid') readonly id!: string;
  @Column('uuid', { name: 'client_id' }) readonly clientId!: string;
  @Column('uuid', { name: 'invoice_id' }) readonly invoiceId!: string;
  @Column('text') readonly currency!: string;
  @Column('bigint', { name: 'amount_minor', transformer: bigintColumn }) readonly amountMinor!: bigint;
  @Column('date', { name: 'received_on', transformer: plainDate }) readonly receivedOn!: Temporal.PlainDate;
  @Column('text') readonly reference!: string;
  /** The person who recorded it; null for a service. */
  @Column('uuid', { name: 'recorded_by', nullable: true }) readonly recordedBy!: string | null;

  static record(
    { amount, ...received }: ReceivedPayment,
    by: Pick<Payment, 'tenantId' | 'id' | 'clientId' | 'recordedBy'>,
  ): Payment {
    return Object.assign(new Payment(), { ...by, ...received, ...amountOf(amount) });
  }

  get amount(): Money {
    return Money.of(this.amountMinor, this.currency);
  }

  /** Whether it is the same money, told of again. */
  isSame({ invoiceId, amount, receivedOn }: ReceivedPayment): boolean {
    return this.invoiceId === invoiceId && this.amount.equals(amount) && this.receivedOn.equals(receivedOn);
  }
}

function amountOf({ amountMinor, currency }: Money) {
  return { amountMinor, currency };
}
