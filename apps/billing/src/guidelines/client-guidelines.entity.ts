import { Column, Entity, PrimaryColumn } from 'typeorm';
import { SHIPPED_GUIDELINES, type Guideline, type Guidelines, type Severity } from './guideline.js';

/** What a client asks for: the shipped set, but for what was set. A later release's new checks hold for old rows too. */
@Entity('client_guidelines')
export class ClientGuidelines {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) readonly tenantId!: string;
  @PrimaryColumn('uuid', { name: 'client_id' }) readonly clientId!: string;
  /** Only those that differ from the shipped set. */
  @Column('jsonb') readonly severities!: Readonly<Partial<Record<Guideline, Severity>>>;
  @Column('integer', { name: 'max_hours_per_day' }) readonly maxHoursPerDay!: number;
  @Column('integer', { name: 'late_after_days' }) readonly lateAfterDays!: number;
  @Column('integer', { name: 'min_narrative_words' }) readonly minNarrativeWords!: number;
  @Column('uuid', { name: 'approved_person_ids', array: true }) readonly approvedPersonIds!: readonly string[];
  @Column('text', { name: 'allowed_task_codes', array: true }) readonly allowedTaskCodes!: readonly string[];

  /** In force: the shipped severity wherever none was set. */
  get guidelines(): Guidelines {
    const { severities, maxHoursPerDay, lateAfterDays, minNarrativeWords, approvedPersonIds, allowedTaskCodes } = this;
    return {
      severities: { ...SHIPPED_GUIDELINES.severities, ...severities },
      maxHoursPerDay,
      lateAfterDays,
      minNarrativeWords,
      approvedPersonIds,
      allowedTaskCodes,
    };
  }
}
