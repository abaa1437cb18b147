import { bigintColumn, plainDate, scaled4 } from '@paradesk/platform';
import type { Temporal } from 'temporal-polyfill';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { InvoiceLineKind } from './invoice-totals.js';

/** A line of an invoice: a copy of the entry behind it, with what its agreement makes of it, or what follows from others. Part of its invoice. */
@Entity('invoice_lines')
export class InvoiceLine {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) readonly tenantId!: string;
  @PrimaryColumn('uuid') readonly id!: string;
  @Column('uuid', { name: 'invoice_id' }) readonly invoiceId!: string;
  /** From 1, in the order they are printed. */
  @Column('integer') readonly position!: number;
  @Column('text') readonly kind!: InvoiceLineKind;
  /** Null on discounts and minimums, which follow from other lines. */
  @Column('uuid', { name: 'entry_id', nullable: true }) readonly entryId!: string | null;
  @Column('uuid', { name: 'matter_id' }) readonly matterId!: string;
  @Column('date', { transformer: plainDate }) readonly date!: Temporal.PlainDate;
  /** The timekeeper of a fee. */
  @Column('uuid', { name: 'person_id', nullable: true }) readonly personId!: string | null;
  @Column('text') readonly narrative!: string;
  @Column('text', { name: 'task_code' }) readonly taskCode!: string;
  @Column('text', { name: 'activity_code' }) readonly activityCode!: string;
  @Column('text', { name: 'expense_code' }) readonly expenseCode!: string;
  /** Hours or pieces, in ten-thousandths; null on lines that are an amount only, as is the price of one. */
  @Column('numeric', { nullable: true, transformer: scaled4 }) readonly units!: bigint | null;
  @Column('numeric', { name: 'unit_cost', nullable: true, transformer: scaled4 }) readonly unitCost!: bigint | null;
  /** Discount (negative) or premium, part of the amount. */
  @Column('bigint', { name: 'adjustment_minor', transformer: bigintColumn }) readonly adjustmentMinor!: bigint;
  @Column('bigint', { name: 'amount_minor', transformer: bigintColumn }) readonly amountMinor!: bigint;
  /** Hours that a subscription paid for. */
  @Column('numeric', { name: 'included_hours', transformer: scaled4 }) readonly includedHoursE4!: bigint;
  /** Which payer's share of the entry it is. */
  @Column('integer', { name: 'share_no' }) readonly shareNo!: number;
  /** Empty where it is not taxed. */
  @Column('text', { name: 'tax_name' }) readonly taxName!: string;
  @Column('numeric', { name: 'tax_percent', transformer: scaled4 }) readonly taxPercentE4!: bigint;
  /** On top of the amount. */
  @Column('bigint', { name: 'tax_minor', transformer: bigintColumn }) readonly taxMinor!: bigint;
  /** Whether it keeps its entry from being billed again: until its invoice is discarded. */
  @Column('boolean') readonly live!: boolean;

  /** The line of a discarded invoice. */
  released(): InvoiceLine {
    return Object.assign(new InvoiceLine(), { ...this, live: false });
  }
}
