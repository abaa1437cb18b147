import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What billing must know of the tenant: its letterhead, its LAW_FIRM_ID, and the zone in which its days begin and end. */
@Entity('tenants')
export class Tenant {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) readonly tenantId!: string;
  @Column('text') readonly name!: string;
  @Column('text', { name: 'time_zone' }) readonly timeZone!: string;
  @Column('text', { name: 'tax_id' }) readonly taxId!: string;
  @Column('text', { name: 'address_lines', array: true }) readonly addressLines!: readonly string[];
  @Column('text') readonly email!: string;
  @Column('integer') readonly version!: number;
}
