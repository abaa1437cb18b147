import { describe, expect, it } from '@jest/globals';
import { policies, taskCatalogue } from '@paradesk/access';
import { newId } from '@paradesk/kernel';
import { Temporal } from 'temporal-polyfill';
import { extractText, getDocumentProxy, getMeta } from 'unpdf';
import { TaskKind } from '../task-kinds/task-kind.entity.js';
import { catalogueOf } from '../task-kinds/tenant-catalogue.js';
import { BoundaryStatement } from './boundary-statement.entity.js';
import { type Boundary, contentOf, type Section } from './statement-content.js';
import { toMarkdown } from './statement-markdown.js';
import { toPdf } from './statement-pdf.js';

const TENANT = newId(1);
const ATTORNEY = newId(2);

const scanTightened = TaskKind.reclassified(TENANT, newId(3), 'documents.scan', {
  taskClass: 'SUBSTANTIVE',
  signedOffBy: ATTORNEY,
});
const translating = TaskKind.add(TENANT, newId(4), 'own.translate_exhibit', 'Translate | an *exhibit*');

const aBoundary = (records: readonly TaskKind[] = [], changes: Partial<Boundary> = {}): Boundary => ({
  tenantName: 'Harbor Paralegal Services',
  kinds: catalogueOf(records),
  qualificationRequirement: 'WHERE_RECORDED',
  ...changes,
});

const publish = (boundary: Boundary, latest: BoundaryStatement | null = null) =>
  BoundaryStatement.publish(TENANT, newId(5), latest, {
    content: contentOf(boundary),
    effectiveOn: Temporal.PlainDate.from('2026-03-02'),
    publishedAt: Temporal.Instant.from('2026-03-02T15:00:00Z'),
    publishedBy: newId(6),
  });

function section(boundary: Boundary, title: string): Section {
  const found = contentOf(boundary).sections.find((one) => one.title === title);
  if (!found) throw new Error(`there is no section ${title}`);
  return found;
}

const worksOf = (boundary: Boundary, title: string) => section(boundary, title).table?.rows.map((row) => row[1]) ?? [];
const lists = ['Administrative work', 'Substantive work', 'Reserved for an attorney'];

describe('the role-boundary statement', () => {
  it('names every kind of work once, in the list of its class', () => {
    const named = lists.flatMap((title) => worksOf(aBoundary(), title));
    expect(named.toSorted()).toEqual(taskCatalogue.map(({ title }) => title).toSorted());
  });

  it('says who may do which class, as it is enforced', () => {
    expect(section(aBoundary(), 'Who may do what').table?.rows).toEqual([
      ['Administrative', 'yes', 'yes', 'yes', 'yes', 'yes'],
      ['Substantive', 'no', 'yes', 'no', 'no', 'yes'],
      ['Reserved', 'no', 'no', 'no', 'no', 'yes'],
    ]);
  });

  it("follows the tenant's changes, and says that an attorney signed them off", () => {
    const boundary = aBoundary([scanTightened, translating]);
    expect(worksOf(boundary, 'Administrative work')).not.toContain('Scan documents');
    expect(worksOf(boundary, 'Substantive work')).toEqual(
      expect.arrayContaining(['Scan documents', 'Translate | an *exhibit*']),
    );
    expect(section(boundary, 'What the company has changed').table?.rows).toEqual([
      ['Scan documents', 'administrative', 'substantive', 'an attorney'],
      ['Translate | an *exhibit*', 'not listed', 'substantive', 'nobody had to'],
    ]);
    expect(section(aBoundary(), 'What the company has changed').table).toBeUndefined();
  });

  it('lists every source that a rule cites, and refers to no other', () => {
    const boundary = aBoundary();
    const points = section(boundary, 'Sources').points ?? [];
    const cited = [...taskCatalogue, ...policies].flatMap(({ source }) => source?.split('; ') ?? []);
    expect(points.map((point) => point.replace(/^\d+\. /, '')).toSorted()).toEqual([...new Set(cited)].toSorted());
    const refers = contentOf(boundary).sections.flatMap(({ table }) =>
      table?.head.at(-1) === 'Sources' ? table.rows.flatMap((row) => row.at(-1)!.split(', ')) : [],
    );
    expect(new Set(refers.map(Number))).toEqual(new Set(points.map((_, index) => index + 1)));
  });

  it.each<[string, Boundary, boolean]>([
    ['nothing changed', aBoundary(), true],
    ['a class is tightened', aBoundary([scanTightened]), false],
    ['a kind is added', aBoundary([translating]), false],
    ['the tenant asks all for qualifications', aBoundary([], { qualificationRequirement: 'ALWAYS' }), false],
    ['the tenant has another name', aBoundary([], { tenantName: 'Harbor' }), false],
  ])('has the version of what it says: %s', (_name, boundary, same) => {
    const first = publish(aBoundary());
    const second = publish(boundary, first);
    expect(first.says(contentOf(boundary))).toBe(same);
    expect(second.contentSha256 === first.contentSha256).toBe(same);
    expect([first.edition, second.edition]).toEqual([1, 2]);
  });

  it('says the same in Markdown and in the PDF, where text is text', async () => {
    const statement = publish(aBoundary([scanTightened, translating]));
    const markdown = toMarkdown(statement);
    const pdf = await getDocumentProxy(toPdf(statement));
    const { text } = await extractText(pdf, { mergePages: true });
    const squeezed = text.replaceAll(/\s+/g, '');
    for (const { title, text: intro, points = [], table } of statement.content.sections) {
      for (const piece of [title, intro, ...points, ...(table?.rows.flat() ?? [])]) {
        expect(markdown.replaceAll('\\', '')).toContain(piece);
        expect(squeezed).toContain(piece.replaceAll(/\s+/g, ''));
      }
    }
    expect(markdown).toContain('Translate \\| an \\*exhibit\\*');
    for (const line of markdown.split('\n')) if (line.startsWith('|')) expect(line).toMatch(/^(\| .+ )+\|$/);
    expect((await getMeta(pdf)).info).toMatchObject({
      Title: 'Role-boundary statement',
      Author: 'Harbor Paralegal Services',
    });
  });

  it('prints the same bytes for ever', () => {
    const statement = publish(aBoundary());
    expect(Buffer.from(toPdf(statement)).equals(Buffer.from(toPdf(statement)))).toBe(true);
  });
});
