import { DomainError } from '@paradesk/kernel';
import { instant } from '@paradesk/platform';
import { Temporal } from 'temporal-polyfill';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { type ApiKeyState, hasTwoSecrets } from './api-key-state.js';
import { type ApiKeyText, hashOf } from './api-key-text.js';

/** What a key is made with. */
export interface NewApiKey {
  readonly personId: string;
  readonly name: string;
  /** What it is good for; empty for all that the role of its person may. */
  readonly scopes: readonly string[];
  /** The one client that it is restricted to; null for none. */
  readonly restrictedToClientId: string | null;
  readonly expiresAt: Temporal.Instant | null;
}

/**
 * A key by which a program signs in as a person of the tenant.
 *
 * - Secrets are stored as hashes only: nobody can read a key here, so one is shown once, when it is made.
 * - It has at most two secrets that are live: its own, and for a stated time the one before the last rotation.
 * - A key signs in until it is revoked or has expired; revoking is for good, and its moment never changes. What a key is good for never
 *   changes either.
 */
@Entity('api_keys')
export class ApiKey implements ApiKeyState {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) readonly tenantId!: string;
  @PrimaryColumn('uuid') readonly id!: string;
  @Column('uuid', { name: 'person_id' }) readonly personId!: string;
  @Column('text') readonly name!: string;
  @Column('text', { name: 'public_id' }) readonly publicId!: string;
  @Column('text', { array: true }) readonly scopes!: string[];
  @Column('uuid', { name: 'restricted_to_client_id', nullable: true }) readonly restrictedToClientId!: string | null;
  @Column('bytea', { name: 'secret_sha256' }) readonly secretSha256!: Buffer;
  @Column('bytea', { name: 'previous_secret_sha256', nullable: true }) readonly previousSecretSha256!: Buffer | null;
  @Column('timestamptz', { name: 'previous_ends_at', transformer: instant, nullable: true })
  readonly previousEndsAt!: Temporal.Instant | null;
  @Column('timestamptz', { name: 'created_at', transformer: instant }) readonly createdAt!: Temporal.Instant;
  @Column('timestamptz', { name: 'expires_at', transformer: instant, nullable: true })
  readonly expiresAt!: Temporal.Instant | null;
  @Column('timestamptz', { name: 'revoked_at', transformer: instant, nullable: true })
  readonly revokedAt!: Temporal.Instant | null;

  /** @throws DomainError invalid EXPIRES_IN_THE_PAST */
  static create(
    tenantId: string,
    id: string,
    fields: NewApiKey & ApiKeyText & { readonly createdAt: Temporal.Instant },
  ): ApiKey {
    const { secret, scopes, ...kept } = fields;
    if (kept.expiresAt && Temporal.Instant.compare(kept.expiresAt, kept.createdAt) <= 0) {
      throw DomainError.invalid('expiresAt', 'EXPIRES_IN_THE_PAST', 'must be in the future');
    }
    return Object.assign(new ApiKey(), {
      ...kept,
      tenantId,
      id,
      scopes: [...new Set(scopes)].toSorted(),
      secretSha256: hashOf(secret),
      previousSecretSha256: null,
      previousEndsAt: null,
      revokedAt: null,
    });
  }

  /**
   * Takes a new secret. The one until now lives on for `graceHours`.
   *
   * @throws DomainError refused API_KEY_REVOKED, API_KEY_EXPIRED, or ROTATION_UNDER_WAY where a third secret would be live
   */
  rotate(secret: string, graceHours: number, now: Temporal.Instant): void {
    if (this.revokedAt) throw DomainError.refused('API_KEY_REVOKED', 'the API key was revoked: make a new one');
    if (this.expiresAt && Temporal.Instant.compare(now, this.expiresAt) >= 0) {
      throw DomainError.refused('API_KEY_EXPIRED', 'the API key has expired: make a new one');
    }
    if (graceHours > 0 && hasTwoSecrets(this, now)) {
      const message =
        'two secrets are live: wait until the older one has ended, or end both by rotating without a grace';
      throw DomainError.refused('ROTATION_UNDER_WAY', message);
    }
    this.become({
      secretSha256: hashOf(secret),
      previousSecretSha256: graceHours > 0 ? this.secretSha256 : null,
      previousEndsAt: graceHours > 0 ? now.add({ hours: graceHours }) : null,
    });
  }

  /** Ends the key. One that was revoked before keeps its moment. */
  revoke(now: Temporal.Instant): void {
    this.become({ revokedAt: this.revokedAt ?? now });
  }

  private become(change: Partial<ApiKeyState>): void {
    Object.assign(this, change);
  }
}
