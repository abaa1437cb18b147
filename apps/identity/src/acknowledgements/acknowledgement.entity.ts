import { instant } from '@paradesk/platform';
import type { Temporal } from 'temporal-polyfill';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * A person's word that they have read an edition of the role-boundary statement and keep to it. Given once for each edition (a unique key says
 * so), and never taken back.
 */
@Entity('acknowledgements')
export class Acknowledgement {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) readonly tenantId!: string;
  @PrimaryColumn('uuid') readonly id!: string;
  @Column('uuid', { name: 'boundary_statement_id' }) readonly boundaryStatementId!: string;
  @Column('uuid', { name: 'person_id' }) readonly personId!: string;
  @Column('timestamptz', { name: 'acknowledged_at', transformer: instant }) readonly acknowledgedAt!: Temporal.Instant;
}
