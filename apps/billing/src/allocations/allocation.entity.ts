import { Money } from '@paradesk/kernel';
import { bigintColumn, plainDate } from '@paradesk/platform';
import type { Temporal } from 'temporal-polyfill';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * What an invoice got of a payment; below zero what was taken back of it, with the reason.
 *
 * - It never changes. The sum of an invoice's allocations is what was paid of it, that of a payment's is what was allocated of it.
 * - Payment and invoice are of one client and one currency.
 */
@Entity('allocations')
export class Allocation {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) readonly tenantId!: string;
  @PrimaryColumn('uuid') readonly id!: string;
  @Column('uuid', { name: 'client_id' }) readonly clientId!: string;
  @Column('uuid', { name: 'payment_id' }) readonly paymentId!: string;
  @Column('uuid', { name: 'invoice_id' }) readonly invoiceId!: string;
  @Column('text') readonly currency!: string;
  @Column('bigint', { name: 'amount_minor', transformer: bigintColumn }) readonly amountMinor!: bigint;
  @Column('date', { name: 'allocated_on', transformer: plainDate }) readonly allocatedOn!: Temporal.PlainDate;
  /** Why it was taken back; empty where it was not. */
  @Column('text') readonly reason!: string;

  static of(
    amount: Money,
    made: Pick<Allocation, 'tenantId' | 'id' | 'clientId' | 'paymentId' | 'invoiceId' | 'allocatedOn' | 'reason'>,
  ): Allocation {
    const { amountMinor, currency } = amount;
    return Object.assign(new Allocation(), { ...made, amountMinor, currency });
  }

  get amount(): Money {
    return Money.of(this.amountMinor, this.currency);
  }
}
