import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What a person is: a copy of what identity owns. The newest version told wins. */
@Entity('people')
export class Person {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) readonly tenantId!: string;
  @PrimaryColumn('uuid') readonly id!: string;
  /** Name of the role in the contracts, such as PARALEGAL. */
  @Column('text') readonly role!: string;
  /** The client of an attorney; null for staff. */
  @Column('uuid', { name: 'client_id', nullable: true }) readonly clientId!: string | null;
  @Column('integer') readonly version!: number;
}
