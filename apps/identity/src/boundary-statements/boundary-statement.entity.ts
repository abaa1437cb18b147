import { createHash } from 'node:crypto';
import { instant, plainDate } from '@paradesk/platform';
import type { Temporal } from 'temporal-polyfill';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { StatementContent } from './statement-content.js';

/** How a statement comes to be. */
export interface Publication {
  readonly content: StatementContent;
  readonly effectiveOn: Temporal.PlainDate;
  readonly publishedAt: Temporal.Instant;
  readonly publishedBy: string;
}

/**
 * The role-boundary statement as it was published.
 *
 * - It never changes: what it says is stored word for word, and the version is the hash of that.
 * - A new edition says something else than the one before; editions count from 1 without a gap (a unique key says so).
 */
@Entity('boundary_statements')
export class BoundaryStatement {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) readonly tenantId!: string;
  @PrimaryColumn('uuid') readonly id!: string;
  @Column('integer') readonly edition!: number;
  /** JSON, as a text: the hash is over these very bytes. */
  @Column('text', { name: 'content' }) readonly contentText!: string;
  @Column('text', { name: 'content_sha256' }) readonly contentSha256!: string;
  @Column('date', { name: 'effective_on', transformer: plainDate }) readonly effectiveOn!: Temporal.PlainDate;
  @Column('timestamptz', { name: 'published_at', transformer: instant }) readonly publishedAt!: Temporal.Instant;
  @Column('uuid', { name: 'published_by' }) readonly publishedBy!: string;

  /** The next edition after `latest`, the first where there is none. */
  static publish(
    tenantId: string,
    id: string,
    latest: BoundaryStatement | null,
    { content, ...publication }: Publication,
  ): BoundaryStatement {
    const contentText = JSON.stringify(content);
    const fields = { contentText, contentSha256: sha256(contentText), edition: (latest?.edition ?? 0) + 1 };
    return Object.assign(new BoundaryStatement(), { tenantId, id, ...fields, ...publication });
  }

  get content(): StatementContent {
    return JSON.parse(this.contentText) as StatementContent;
  }

  says(content: StatementContent): boolean {
    return this.contentSha256 === sha256(JSON.stringify(content));
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
