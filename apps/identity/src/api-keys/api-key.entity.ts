import { timingSafeEqual } from 'node:crypto';
import { instant } from '@paradesk/platform';
import { Temporal } from 'temporal-polyfill';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { type ApiKeyText, hashOf } from './api-key-text.js';

/** What a key is made with. */
export interface NewApiKey {
  readonly personId: string;
  readonly name: string;
}

/**
 * A key by which a program signs in as a person of the tenant.
 *
 * - The secret is stored as a hash only: nobody can read a key here, so it is shown once, when it is made.
 * - A key signs in until it is revoked; revoking is for good, and its moment never changes.
 */
@Entity('api_keys')
export class ApiKey {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) readonly tenantId!: string;
  @PrimaryColumn('uuid') readonly id!: string;
  @Column('uuid', { name: 'person_id' }) readonly personId!: string;
  @Column('text') readonly name!: string;
  @Column('text', { name: 'public_id' }) readonly publicId!: string;
  @Column('bytea', { name: 'secret_sha256' }) readonly secretSha256!: Buffer;
  @Column('timestamptz', { name: 'created_at', transformer: instant }) readonly createdAt!: Temporal.Instant;
  @Column('timestamptz', { name: 'revoked_at', transformer: instant, nullable: true })
  readonly revokedAt!: Temporal.Instant | null;

  static create(
    tenantId: string,
    id: string,
    fields: NewApiKey & ApiKeyText & { readonly createdAt: Temporal.Instant },
  ): ApiKey {
    const { secret, ...kept } = fields;
    return Object.assign(new ApiKey(), { ...kept, tenantId, id, secretSha256: hashOf(secret), revokedAt: null });
  }

  /** Whether the secret is this key's, told in the same time for every secret and for a revoked key. */
  opensWith(secret: string): boolean {
    return timingSafeEqual(this.secretSha256, hashOf(secret));
  }

  /** Ends the key. One that was revoked before keeps its moment. */
  revoke(now: Temporal.Instant): void {
    Object.assign(this, { revokedAt: this.revokedAt ?? now } satisfies Partial<ApiKey>);
  }
}
