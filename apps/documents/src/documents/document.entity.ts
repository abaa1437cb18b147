import type { Temporal } from 'temporal-polyfill';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { DocumentVersion } from './document-version.entity.js';

/** Where a document lies: its name in a folder of a client's or a matter's case file. */
export interface Place {
  readonly clientId: string;
  readonly matterId: string | null;
  /** The matters that a file of the client as a whole tells of. */
  readonly matterIds: readonly string[];
  readonly folder: string;
  readonly name: string;
}

/** Content that lies in storage already. */
export interface StoredContent {
  readonly sha256: string;
  readonly sizeBytes: bigint;
  readonly mediaType: string;
}

/** Who stored it, and when. */
export interface Storing {
  readonly at: Temporal.Instant;
  readonly byPersonId: string | null;
}

/**
 * A file in a case file.
 *
 * - One name in one folder of one case file is one document (a unique key says so).
 * - Its versions are numbered 1, 2, 3 ... and never change; the same content as the latest version makes no new one.
 */
@Entity('documents')
export class Document {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) readonly tenantId!: string;
  @PrimaryColumn('uuid') readonly id!: string;
  @Column('uuid', { name: 'client_id' }) readonly clientId!: string;
  @Column('uuid', { name: 'matter_id', nullable: true }) readonly matterId!: string | null;
  /**
   * What a file of the client as a whole tells of: only who sees all of these matters sees it. Null where nobody said, as of documents that were
   * stored before it was asked.
   */
  @Column('uuid', { name: 'matter_ids', array: true, nullable: true }) readonly matterIds!: readonly string[] | null;
  @Column('text') readonly folder!: string;
  @Column('text') readonly name!: string;
  @Column('integer', { name: 'latest_version' }) readonly latestVersion!: number;

  /** The latest first. Rows of their own: the service loads and stores them with the document. */
  readonly versions: readonly DocumentVersion[] = [];

  static create(tenantId: string, id: string, place: Place): Document {
    return Object.assign(new Document(), { ...place, tenantId, id, latestVersion: 0 });
  }

  /** The new version; undefined where the latest one has this content already. */
  store(content: StoredContent, { at, byPersonId }: Storing): DocumentVersion | undefined {
    if (this.versions[0]?.sha256 === content.sha256) return undefined;
    const version = Object.assign(new DocumentVersion(), {
      ...content,
      tenantId: this.tenantId,
      documentId: this.id,
      number: this.latestVersion + 1,
      storedAt: at,
      storedByPersonId: byPersonId,
    });
    this.become({ versions: [version, ...this.versions], latestVersion: version.number });
    return version;
  }

  /** A file of the client as a whole that tells of these matters too. */
  tellOf(matterIds: readonly string[]): void {
    if (this.matterIds) this.become({ matterIds: [...new Set([...this.matterIds, ...matterIds])] });
  }

  /** The document with its versions, as they were loaded. */
  withVersions(versions: readonly DocumentVersion[]): this {
    this.become({ versions: versions.filter((version) => version.documentId === this.id) });
    return this;
  }

  private become(change: Partial<Pick<Document, 'versions' | 'latestVersion' | 'matterIds'>>): void {
    Object.assign(this, change);
  }
}
