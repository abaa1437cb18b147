import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Whose matter it is: a copy of what assignment owns. The newest version told wins. */
@Entity('matters')
export class Matter {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) readonly tenantId!: string;
  @PrimaryColumn('uuid') readonly id!: string;
  @Column('uuid', { name: 'client_id' }) readonly clientId!: string;
  @Column('integer') readonly version!: number;
}
