import { bigintColumn, instant } from '@paradesk/platform';
import { Temporal } from 'temporal-polyfill';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * How far the audit trail of one service had come for a tenant, signed by identity.
 *
 * - A head is never changed or removed: it proves later what the trail was then.
 * - A service has one head of each sequence, and a later head never has a lower sequence.
 */
@Entity('audit_heads')
export class AuditHead {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) readonly tenantId!: string;
  @PrimaryColumn('uuid') readonly id!: string;
  @Column('text') readonly service!: string;
  @Column('bigint', { transformer: bigintColumn }) readonly sequence!: bigint;
  /** 64 hexadecimal digits. */
  @Column('text') readonly hash!: string;
  @Column('timestamptz', { name: 'signed_at', transformer: instant }) readonly signedAt!: Temporal.Instant;
  /** Compact JSON Web Signature over all of it. */
  @Column('text') readonly jws!: string;
}
