import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { HeldQualification } from './qualified-until.js';

/** What a person is: a copy of what identity owns. The newest version told wins. */
@Entity('people')
export class Person {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) readonly tenantId!: string;
  @PrimaryColumn('uuid') readonly id!: string;
  /** Name of the role in the contracts, such as PARALEGAL. */
  @Column('text') readonly role!: string;
  /** The client of an attorney; null for staff. */
  @Column('uuid', { name: 'client_id', nullable: true }) readonly clientId!: string | null;
  /** Whether they still work here. */
  @Column('boolean', { name: 'is_active' }) readonly isActive!: boolean;
  /** Those that were not revoked. */
  @Column('jsonb') readonly qualifications!: readonly HeldQualification[];
  /** Whether one was ever recorded, revoked or not. */
  @Column('boolean', { name: 'has_recorded_qualifications' }) readonly hasRecordedQualifications!: boolean;
  @Column('integer') readonly version!: number;
}
