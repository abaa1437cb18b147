import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What billing must know of a client: whom an invoice is addressed to, and its CLIENT_ID in LEDES files. */
@Entity('clients')
export class Client {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) readonly tenantId!: string;
  @PrimaryColumn('uuid') readonly id!: string;
  @Column('text') readonly code!: string;
  @Column('text') readonly name!: string;
  @Column('text', { name: 'address_lines', array: true }) readonly addressLines!: readonly string[];
  @Column('integer') readonly version!: number;
}
