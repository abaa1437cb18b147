import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What assignment must know of the tenant: the zone in which its days begin and end, and of whom it asks a qualification. */
@Entity('tenants')
export class Tenant {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) readonly tenantId!: string;
  @Column('text', { name: 'time_zone' }) readonly timeZone!: string;
  /** Name in the contracts: WHERE_RECORDED asks those who ever had one recorded; whatever else it says, it asks everybody. */
  @Column('text', { name: 'qualification_requirement' }) readonly qualificationRequirement!: string;
  @Column('integer') readonly version!: number;
}
