import { Column, Entity, PrimaryColumn } from 'typeorm';

/** That a client is there: a copy of what identity owns. The newest version told wins. */
@Entity('clients')
export class Client {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) readonly tenantId!: string;
  @PrimaryColumn('uuid') readonly id!: string;
  @Column('integer') readonly version!: number;
}
