import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Of which paralegals a qualification is asked before they are put on substantive work: those who had one recorded, or all. */
export type QualificationRequirement = 'WHERE_RECORDED' | 'ALWAYS';

/** What a tenant is opened with. */
export interface NewTenant {
  readonly name: string;
  readonly timeZone: string;
  readonly taxId: string;
  readonly addressLines: readonly string[];
  readonly email: string;
}

/**
 * A paralegal services company that runs on Paradesk.
 *
 * Its id is the tenant id of every row it will ever have, so its own row is isolated like all others. `timeZone` decides on
 * which date its invoices are dated; `taxId` is the LAW_FIRM_ID of LEDES files.
 */
@Entity('tenants')
export class Tenant {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) readonly id!: string;
  @Column('text') readonly name!: string;
  @Column('text', { name: 'time_zone' }) readonly timeZone!: string;
  @Column('text', { name: 'tax_id' }) readonly taxId!: string;
  @Column('text', { name: 'address_lines', array: true }) readonly addressLines!: readonly string[];
  @Column('text') readonly email!: string;
  @Column('text', { name: 'qualification_requirement' })
  readonly qualificationRequirement!: QualificationRequirement;
  @Column('integer') readonly version!: number;

  static create(id: string, fields: NewTenant): Tenant {
    return Object.assign(new Tenant(), { ...fields, id, qualificationRequirement: 'WHERE_RECORDED', version: 1 });
  }

  /** @returns whether anything changed */
  requireQualifications(requirement: QualificationRequirement): boolean {
    if (this.qualificationRequirement === requirement) return false;
    Object.assign(this, { qualificationRequirement: requirement, version: this.version + 1 });
    return true;
  }
}
