import { bigintColumn, instant, plainDate } from '@paradesk/platform';
import type { Temporal } from 'temporal-polyfill';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What the fee is for: a project or a part of one, or a month of a subscription. */
export type FixedFeeKind = 'project' | 'subscription';

/** How far it has come; on which invoice it is, its lines say. */
export type FixedFeeStatus = 'approved' | 'billed';

/**
 * A fee that has become due, whatever was worked.
 *
 * - Each fee of a matter becomes due once (a unique key says so): a month of its subscription, a project fee, or a milestone of one.
 * - It never changes: a later agreement is about what becomes due later.
 */
@Entity('fixed_fees')
export class FixedFee {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) readonly tenantId!: string;
  @PrimaryColumn('uuid') readonly id!: string;
  @Column('uuid', { name: 'client_id' }) readonly clientId!: string;
  @Column('uuid', { name: 'matter_id' }) readonly matterId!: string;
  @Column('uuid', { name: 'agreement_id' }) readonly agreementId!: string;
  @Column('text') readonly kind!: FixedFeeKind;
  /** `2026-03` of a subscription; `fee` or `fee/milestone` of a project. */
  @Column('text', { name: 'fee_key' }) readonly feeKey!: string;
  @Column('text') readonly narrative!: string;
  @Column('text') readonly currency!: string;
  @Column('bigint', { name: 'amount_minor', transformer: bigintColumn }) readonly amountMinor!: bigint;
  @Column('date', { name: 'due_on', transformer: plainDate }) readonly dueOn!: Temporal.PlainDate;
  @Column('text') readonly status!: FixedFeeStatus;
  @Column('timestamptz', { name: 'became_due_at', transformer: instant }) readonly becameDueAt!: Temporal.Instant;
}
