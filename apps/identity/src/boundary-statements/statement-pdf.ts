import { readFileSync } from 'node:fs';
import { renderPdf } from '@paradesk/platform';
import type { BoundaryStatement } from './boundary-statement.entity.js';

const TEMPLATE = readFileSync(new URL('./statement-pdf.typ', import.meta.url), 'utf8');

/** The statement as a tagged PDF/A-3b on US Letter. @throws Error naming the statement when it cannot be printed */
export function toPdf({
  id,
  content,
  edition,
  effectiveOn,
  contentSha256,
  publishedAt,
}: BoundaryStatement): Uint8Array {
  const data = { ...content, edition, effectiveOn, contentSha256 };
  return renderPdf({ name: `Boundary statement ${id}`, template: TEMPLATE, data, createdAt: publishedAt });
}
