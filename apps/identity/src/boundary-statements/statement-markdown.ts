import type { BoundaryStatement } from './boundary-statement.entity.js';
import type { Section } from './statement-content.js';

/** The statement in Markdown (CommonMark with tables). Text is only ever text, never markup. */
export function toMarkdown(statement: BoundaryStatement): string {
  const { content, edition, effectiveOn, contentSha256 } = statement;
  const parts = [
    '# Role-boundary statement',
    `**${plain(content.tenantName)}**`,
    `Edition ${edition}, effective ${effectiveOn.toString()}, version ${contentSha256}`,
    ...content.sections.flatMap(toParts),
  ];
  return `${parts.join('\n\n')}\n`;
}

function toParts({ title, text, points, table }: Section): string[] {
  return [
    `## ${plain(title)}`,
    plain(text),
    ...(points ? [points.map((point) => `- ${plain(point)}`).join('\n')] : []),
    ...(table ? [[row(table.head), row(table.head.map(() => '---')), ...table.rows.map(row)].join('\n')] : []),
  ];
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => (cell === '---' ? cell : plain(cell))).join(' | ')} |`;
}

function plain(text: string): string {
  return text
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/[\\`*_[\]<>|#]/g, '\\$&')
    .replace(/^(\d+)\./, '$1\\.');
}
