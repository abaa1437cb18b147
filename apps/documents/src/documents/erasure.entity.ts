import { instant } from '@paradesk/platform';
import type { Temporal } from 'temporal-polyfill';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** That a matter's documents were erased for good, once and never undone: all that is left of them. */
@Entity('erasures')
export class Erasure {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) readonly tenantId!: string;
  @PrimaryColumn('uuid', { name: 'matter_id' }) readonly matterId!: string;
  /** Of the event that tells of it. */
  @Column('uuid') readonly id!: string;
  @Column('text') readonly reason!: string;
  @Column('timestamptz', { name: 'erased_at', transformer: instant }) readonly erasedAt!: Temporal.Instant;
  @Column('uuid', { name: 'erased_by_person_id' }) readonly erasedByPersonId!: string;
  /** How many there were. */
  @Column('integer') readonly documents!: number;
}
