import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What billing must know of a matter: whose it is, its codes and name on invoices and LEDES lines, and what decides a rate. */
@Entity('matters')
export class Matter {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) readonly tenantId!: string;
  @PrimaryColumn('uuid') readonly id!: string;
  @Column('uuid', { name: 'client_id' }) readonly clientId!: string;
  @Column('text') readonly code!: string;
  @Column('text', { name: 'client_matter_code' }) readonly clientMatterCode!: string;
  @Column('text') readonly name!: string;
  /** Name of the contracts' `PracticeArea`, which may have a rate of its own; empty where none is known. */
  @Column('text', { name: 'practice_area' }) readonly practiceArea!: string;
  @Column('integer') readonly version!: number;
}
