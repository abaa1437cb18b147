import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Whom to write to at a client, and for what: a copy of what identity owns. */
@Entity('contacts')
export class Contact {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) readonly tenantId!: string;
  @PrimaryColumn('uuid') readonly id!: string;
  @Column('uuid', { name: 'client_id' }) readonly clientId!: string;
  @Column('text') readonly name!: string;
  @Column('text') readonly email!: string;
  /** Name of the purpose in the contracts, such as BILLING. */
  @Column('text') readonly purpose!: string;
}
