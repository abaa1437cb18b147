import { timingSafeEqual } from 'node:crypto';
import { instant } from '@paradesk/platform';
import { Temporal } from 'temporal-polyfill';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { hashOf, type SecretText } from '../tokens/secret-text.js';

/** Who signs in: a person of a tenant, or an operator, who is no person of any. */
export type Holder =
  { readonly tenantId: string; readonly personId: string } | { readonly tenantId: string; readonly operatorId: string };

/** How a sign-in came about, and how long it may last. */
export interface NewSession {
  /** The nonce of the ID token that signed in. */
  readonly nonce: string;
  readonly userAgent: string;
  readonly openedAt: Temporal.Instant;
  readonly lifetimeMs: number;
}

/** Why a session signs in no more. */
export type SessionEnd = 'SESSION_REVOKED' | 'SESSION_EXPIRED' | 'SESSION_IDLE';

// Written at each request, the moment of the last use would cost a write a request.
const USE_PRECISION_MS = 5 * 60_000;

/**
 * A browser in which a person, or an operator, is signed in.
 *
 * - The secret is stored as a hash only; it is told once, when the session opens.
 * - It ends when it is revoked, when it has not been used for too long, and at its last moment at the latest. Ended is for good, and
 *   the moment at which it was revoked never changes.
 * - One ID token opens one session: a unique key on its nonce says so.
 */
@Entity('sessions')
export class Session {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) readonly tenantId!: string;
  @PrimaryColumn('uuid') readonly id!: string;
  @Column('uuid', { name: 'person_id', nullable: true }) readonly personId!: string | null;
  @Column('uuid', { name: 'operator_id', nullable: true }) readonly operatorId!: string | null;
  @Column('text', { name: 'public_id' }) readonly publicId!: string;
  @Column('bytea', { name: 'secret_sha256' }) readonly secretSha256!: Buffer;
  @Column('bytea', { name: 'nonce_sha256' }) readonly nonceSha256!: Buffer;
  @Column('text', { name: 'user_agent' }) readonly userAgent!: string;
  @Column('timestamptz', { name: 'created_at', transformer: instant }) readonly createdAt!: Temporal.Instant;
  @Column('timestamptz', { name: 'last_used_at', transformer: instant }) readonly lastUsedAt!: Temporal.Instant;
  @Column('timestamptz', { name: 'expires_at', transformer: instant }) readonly expiresAt!: Temporal.Instant;
  @Column('timestamptz', { name: 'revoked_at', transformer: instant, nullable: true })
  readonly revokedAt!: Temporal.Instant | null;

  static open(id: string, holder: Holder, text: SecretText, fields: NewSession): Session {
    return Object.assign(new Session(), {
      personId: null,
      operatorId: null,
      ...holder,
      id,
      publicId: text.publicId,
      secretSha256: hashOf(text.secret),
      nonceSha256: hashOf(fields.nonce),
      userAgent: fields.userAgent,
      createdAt: fields.openedAt,
      lastUsedAt: fields.openedAt,
      expiresAt: fields.openedAt.add({ milliseconds: fields.lifetimeMs }),
      revokedAt: null,
    });
  }

  /** Whether the secret is this session's, told in the same time for every secret and for a session that ended. */
  opensWith(secret: string): boolean {
    return timingSafeEqual(this.secretSha256, hashOf(secret));
  }

  /** Why the session signs in no more; undefined while it does. @param idleMs how long it may go unused */
  endAt(now: Temporal.Instant, idleMs: number): SessionEnd | undefined {
    if (this.revokedAt) return 'SESSION_REVOKED';
    if (Temporal.Instant.compare(now, this.expiresAt) >= 0) return 'SESSION_EXPIRED';
    return now.epochMilliseconds - this.lastUsedAt.epochMilliseconds >= idleMs ? 'SESSION_IDLE' : undefined;
  }

  /** Notes that it was used. @returns whether there is something new to store */
  use(now: Temporal.Instant): boolean {
    if (now.epochMilliseconds - this.lastUsedAt.epochMilliseconds < USE_PRECISION_MS) return false;
    this.become({ lastUsedAt: now });
    return true;
  }

  /** Ends the session. One that was revoked before keeps its moment. */
  revoke(now: Temporal.Instant): void {
    this.become({ revokedAt: this.revokedAt ?? now });
  }

  private become(change: Partial<Pick<Session, 'lastUsedAt' | 'revokedAt'>>): void {
    Object.assign(this, change);
  }
}
