import { DomainError, Money } from '@paradesk/kernel';
import { bigintColumn, plainDate } from '@paradesk/platform';
import type { Temporal } from 'temporal-polyfill';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Money that came, for an invoice or from a client. */
export interface ReceivedPayment {
  readonly clientId: string;
  /** Null where it is not for one invoice. */
  readonly invoiceId: string | null;
  readonly amount: Money;
  readonly receivedOn: Temporal.PlainDate;
  /** The payer's or the bank's. */
  readonly reference: string;
}

/**
 * A payment of a client.
 *
 * - It is more than zero, and what was paid, by whom and when never changes.
 * - Invoices get of it what is allocated, some may be paid back, and the bank may take all that was not paid back: together never more than
 *   came (a constraint says so). What is left is the client's credit.
 * - A client's reference is recorded once (a unique key says so), so that money told of twice is booked once.
 */
@Entity('payments')
export class Payment {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) readonly tenantId!: string;
  @PrimaryColumn('uuid') readonly id!: string;
  @Column('uuid', { name: 'client_id' }) readonly clientId!: string;
  /** The invoice it was recorded for; null where it was recorded for the client. */
  @Column('uuid', { name: 'invoice_id', nullable: true }) readonly invoiceId!: string | null;
  @Column('text') readonly currency!: string;
  @Column('bigint', { name: 'amount_minor', transformer: bigintColumn }) readonly amountMinor!: bigint;
  @Column('date', { name: 'received_on', transformer: plainDate }) readonly receivedOn!: Temporal.PlainDate;
  @Column('text') readonly reference!: string;
  /** The person who recorded it; null for a service. */
  @Column('uuid', { name: 'recorded_by', nullable: true }) readonly recordedBy!: string | null;
  @Column('bigint', { name: 'allocated_minor', transformer: bigintColumn }) readonly allocatedMinor!: bigint;
  @Column('bigint', { name: 'refunded_minor', transformer: bigintColumn }) readonly refundedMinor!: bigint;
  @Column('bigint', { name: 'charged_back_minor', transformer: bigintColumn }) readonly chargedBackMinor!: bigint;

  /** @throws DomainError invalid NOT_POSITIVE */
  static record(
    { amount, ...received }: ReceivedPayment,
    by: Pick<Payment, 'tenantId' | 'id' | 'recordedBy'>,
  ): Payment {
    requirePositive(amount, 'a payment');
    const { amountMinor, currency } = amount;
    const unspent = { allocatedMinor: 0n, refundedMinor: 0n, chargedBackMinor: 0n };
    return Object.assign(new Payment(), { ...by, ...received, amountMinor, currency, ...unspent });
  }

  get amount(): Money {
    return this.money(this.amountMinor);
  }

  /** What no invoice has got and nobody got back. */
  get rest(): Money {
    return this.money(this.amountMinor - this.allocatedMinor - this.refundedMinor - this.chargedBackMinor);
  }

  get isChargedBack(): boolean {
    return this.chargedBackMinor > 0n;
  }

  /** An amount in the currency of the payment. */
  money(amountMinor: bigint): Money {
    return Money.of(amountMinor, this.currency);
  }

  /** Whether it is the same money, told of again. */
  isSame({ invoiceId, amount, receivedOn }: ReceivedPayment): boolean {
    return this.invoiceId === invoiceId && this.amount.equals(amount) && this.receivedOn.equals(receivedOn);
  }

  /** An invoice gets of it; below zero where it is taken back. Whoever allocates has seen to it that so much is left. */
  allocate(amount: Money): void {
    Object.assign(this, { allocatedMinor: this.allocatedMinor + amount.amountMinor });
  }

  /** @throws DomainError refused REFUND_EXCEEDS_REST; invalid CURRENCY_MISMATCH or NOT_POSITIVE */
  refund(amount: Money): void {
    if (amount.currency !== this.currency) {
      const message = `the payment is in ${this.currency}, the refund in ${amount.currency}`;
      throw DomainError.invalid('amount.currencyCode', 'CURRENCY_MISMATCH', message);
    }
    requirePositive(amount, 'a refund');
    if (amount.compare(this.rest) > 0) {
      const rest = this.rest.toDecimal();
      throw DomainError.refused('REFUND_EXCEEDS_REST', `${this.rest.toString()} is left of the payment`, { rest });
    }
    Object.assign(this, { refundedMinor: this.refundedMinor + amount.amountMinor });
  }

  /** Takes all that is left of it, once nothing is allocated any more. @returns how much that is; zero where all was paid back before */
  chargeBack(): Money {
    const taken = this.rest;
    Object.assign(this, { chargedBackMinor: this.chargedBackMinor + taken.amountMinor });
    return taken;
  }
}

function requirePositive(amount: Money, noun: string): void {
  if (amount.amountMinor <= 0n) throw DomainError.invalid('amount', 'NOT_POSITIVE', `${noun} is more than zero`);
}
