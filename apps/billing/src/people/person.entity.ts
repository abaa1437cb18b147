import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What billing must know of a person: their role, and who they are as a timekeeper on LEDES lines. */
@Entity('people')
export class Person {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) readonly tenantId!: string;
  @PrimaryColumn('uuid') readonly id!: string;
  @Column('text', { name: 'first_name' }) readonly firstName!: string;
  @Column('text', { name: 'last_name' }) readonly lastName!: string;
  /** Number of the contracts' `Role`. */
  @Column('integer') readonly role!: number;
  /** Empty for people who keep no time. */
  @Column('text', { name: 'timekeeper_code' }) readonly timekeeperCode!: string;
  @Column('text', { name: 'timekeeper_classification' }) readonly timekeeperClassification!: string;
  @Column('integer') readonly version!: number;
}
