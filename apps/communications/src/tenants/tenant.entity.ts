import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Who writes: a copy of what identity owns. The newest version told wins. */
@Entity('tenants')
export class Tenant {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) readonly tenantId!: string;
  @Column('text') readonly name!: string;
  @Column('text') readonly email!: string;
  @Column('integer') readonly version!: number;
}
