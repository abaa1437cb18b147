import { timingSafeEqual } from 'node:crypto';
import { DomainError } from '@paradesk/kernel';
import { instant } from '@paradesk/platform';
import { Temporal } from 'temporal-polyfill';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { hashOf, type SecretText } from '../tokens/secret-text.js';

const LIFETIME: Temporal.DurationLike = { hours: 7 * 24 };

/**
 * An invitation of a person to sign in with an account of theirs at the OpenID Connect provider.
 *
 * - The secret is stored as a hash only; it is told once, to who invites.
 * - It is accepted once, within seven days, and not after it was revoked. Accepted is never revoked.
 * - A person has at most one that waits: a unique index says so.
 */
@Entity('invitations')
export class Invitation {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) readonly tenantId!: string;
  @PrimaryColumn('uuid') readonly id!: string;
  @Column('uuid', { name: 'person_id' }) readonly personId!: string;
  @Column('text', { name: 'public_id' }) readonly publicId!: string;
  @Column('bytea', { name: 'secret_sha256' }) readonly secretSha256!: Buffer;
  @Column('timestamptz', { name: 'created_at', transformer: instant }) readonly createdAt!: Temporal.Instant;
  @Column('timestamptz', { name: 'expires_at', transformer: instant }) readonly expiresAt!: Temporal.Instant;
  @Column('timestamptz', { name: 'accepted_at', transformer: instant, nullable: true })
  readonly acceptedAt!: Temporal.Instant | null;
  @Column('timestamptz', { name: 'revoked_at', transformer: instant, nullable: true })
  readonly revokedAt!: Temporal.Instant | null;

  static create(
    id: string,
    { tenantId, personId }: { readonly tenantId: string; readonly personId: string },
    { publicId, secret }: SecretText,
    createdAt: Temporal.Instant,
  ): Invitation {
    return Object.assign(new Invitation(), {
      tenantId,
      id,
      personId,
      publicId,
      secretSha256: hashOf(secret),
      createdAt,
      expiresAt: createdAt.add(LIFETIME),
      acceptedAt: null,
      revokedAt: null,
    });
  }

  /** Whether the secret is this invitation's, told in the same time for every secret. */
  opensWith(secret: string): boolean {
    return timingSafeEqual(this.secretSha256, hashOf(secret));
  }

  /** @throws DomainError refused INVITATION_USED, INVITATION_REVOKED or INVITATION_EXPIRED */
  accept(now: Temporal.Instant): void {
    if (this.acceptedAt) throw DomainError.refused('INVITATION_USED', 'the invitation was accepted before');
    if (this.revokedAt)
      throw DomainError.refused('INVITATION_REVOKED', 'the invitation was revoked: ask for a new one');
    if (Temporal.Instant.compare(now, this.expiresAt) >= 0) {
      throw DomainError.refused('INVITATION_EXPIRED', 'the invitation has expired: ask for a new one');
    }
    this.become({ acceptedAt: now });
  }

  /** Ends an invitation that waits. One that was revoked before keeps its moment. @throws DomainError refused INVITATION_USED */
  revoke(now: Temporal.Instant): void {
    if (this.acceptedAt) throw DomainError.refused('INVITATION_USED', 'the invitation was accepted before');
    this.become({ revokedAt: this.revokedAt ?? now });
  }

  private become(change: Partial<Pick<Invitation, 'acceptedAt' | 'revokedAt'>>): void {
    Object.assign(this, change);
  }
}
