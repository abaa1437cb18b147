import { DomainError } from '@paradesk/kernel';
import { instant } from '@paradesk/platform';
import type { Temporal } from 'temporal-polyfill';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Who did something about a wall, when and why. */
export interface WallAct {
  readonly at: Temporal.Instant;
  readonly byPersonId: string | null;
  readonly reason: string;
}

/**
 * An ethical wall: a person screened from the whole of a matter (Rule 1.10 cmt [4]; D.C. Op. 227). Part of the matter; made by
 * `Matter.raiseWall`.
 *
 * - Its row is the screening evidence: it is never removed, and what it says of raising, acknowledging and lifting is said once.
 * - Only the screened person acknowledges it. It screens from its first moment, acknowledged or not.
 */
@Entity('walls')
export class Wall {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) readonly tenantId!: string;
  @PrimaryColumn('uuid') readonly id!: string;
  @Column('uuid', { name: 'matter_id' }) readonly matterId!: string;
  @Column('uuid', { name: 'person_id' }) readonly personId!: string;
  @Column('text') readonly reason!: string;
  @Column('timestamptz', { name: 'raised_at', transformer: instant }) readonly raisedAt!: Temporal.Instant;
  /** Null where a service raised it. */
  @Column('uuid', { name: 'raised_by', nullable: true }) readonly raisedBy!: string | null;
  @Column('timestamptz', { name: 'acknowledged_at', nullable: true, transformer: instant })
  readonly acknowledgedAt!: Temporal.Instant | null;
  @Column('timestamptz', { name: 'lifted_at', nullable: true, transformer: instant })
  readonly liftedAt!: Temporal.Instant | null;
  @Column('uuid', { name: 'lifted_by', nullable: true }) readonly liftedBy!: string | null;
  @Column('text', { name: 'lifted_reason' }) readonly liftedReason!: string;

  static raise(
    wall: Pick<Wall, 'tenantId' | 'id' | 'matterId' | 'personId'>,
    { at, byPersonId, reason }: WallAct,
  ): Wall {
    const untouched = { acknowledgedAt: null, liftedAt: null, liftedBy: null, liftedReason: '' };
    return Object.assign(new Wall(), { ...wall, reason, raisedAt: at, raisedBy: byPersonId, ...untouched });
  }

  get stands(): boolean {
    return this.liftedAt === null;
  }

  /** Said again, the first time counts. To anybody else the wall does not exist. @throws DomainError not-found WALL_NOT_FOUND */
  acknowledge(personId: string | undefined, at: Temporal.Instant): void {
    if (personId !== this.personId) throw DomainError.notFound('wall', this.id);
    if (!this.acknowledgedAt) this.become({ acknowledgedAt: at });
  }

  /** @throws DomainError refused WALL_LIFTED */
  lift({ at, byPersonId, reason }: WallAct): void {
    if (!this.stands) throw DomainError.refused('WALL_LIFTED', 'the wall was lifted already');
    this.become({ liftedAt: at, liftedBy: byPersonId, liftedReason: reason });
  }

  private become(change: Partial<Pick<Wall, 'acknowledgedAt' | 'liftedAt' | 'liftedBy' | 'liftedReason'>>): void {
    Object.assign(this, change);
  }
}
