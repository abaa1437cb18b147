import { bigintColumn, instant } from '@paradesk/platform';
import type { Temporal } from 'temporal-polyfill';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A version of a document, made by `Document.store`. It never changes: the database refuses it. */
@Entity('document_versions')
export class DocumentVersion {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) readonly tenantId!: string;
  @PrimaryColumn('uuid', { name: 'document_id' }) readonly documentId!: string;
  /** 1 for the first. */
  @PrimaryColumn('integer') readonly number!: number;
  /** SHA-256 of the content in lower-case hexadecimal: where the content is kept, and proof of what it was. */
  @Column('text') readonly sha256!: string;
  @Column('bigint', { name: 'size_bytes', transformer: bigintColumn }) readonly sizeBytes!: bigint;
  @Column('text', { name: 'media_type' }) readonly mediaType!: string;
  @Column('timestamptz', { name: 'stored_at', transformer: instant }) readonly storedAt!: Temporal.Instant;
  /** Null where a service stored it. */
  @Column('uuid', { name: 'stored_by_person_id', nullable: true }) readonly storedByPersonId!: string | null;
}
