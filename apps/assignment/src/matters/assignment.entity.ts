import { instant } from '@paradesk/platform';
import type { Temporal } from 'temporal-polyfill';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A paralegal put on a matter for a stated piece of work. Part of the matter; made by `Matter.assign`. */
@Entity('assignments')
export class Assignment {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) readonly tenantId!: string;
  @PrimaryColumn('uuid') readonly id!: string;
  @Column('uuid', { name: 'matter_id' }) readonly matterId!: string;
  @Column('uuid', { name: 'person_id' }) readonly personId!: string;
  @Column('text') readonly work!: string;
  /** Code in the task catalogue; empty for substantive work of no stated kind. */
  @Column('text', { name: 'task_kind' }) readonly taskKind!: string;
  @Column('timestamptz', { name: 'assigned_at', transformer: instant }) readonly assignedAt!: Temporal.Instant;
  /** Null while it goes on. */
  @Column('timestamptz', { name: 'ended_at', nullable: true, transformer: instant })
  readonly endedAt!: Temporal.Instant | null;

  /** Ended by `Matter.endAssignment` or `Matter.raiseWall`; the first end counts. */
  end(at: Temporal.Instant): void {
    if (!this.endedAt) this.become({ endedAt: at });
  }

  private become(change: Pick<Assignment, 'endedAt'>): void {
    Object.assign(this, change);
  }
}
