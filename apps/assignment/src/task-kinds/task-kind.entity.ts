import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What the tenant has made of a kind of work: a copy of what identity owns. Kinds that are as shipped have none. */
@Entity('task_kinds')
export class TaskKind {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) readonly tenantId!: string;
  @PrimaryColumn('text') readonly code!: string;
  /** Name of the class in the contracts, such as SUBSTANTIVE. */
  @Column('text', { name: 'task_class' }) readonly taskClass!: string;
  @Column('integer') readonly version!: number;
}
