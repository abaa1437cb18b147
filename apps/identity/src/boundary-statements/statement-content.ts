import { decide, policies, ruleOf } from '@paradesk/access';
import { rpcs, type Rpc } from '@paradesk/contracts';
import { Role, TaskClass, type Rule } from '@paradesk/contracts/paradesk/common/v1/rule';
import type { QualificationRequirement } from '../tenants/tenant.entity.js';
import type { CatalogueKind } from '../task-kinds/tenant-catalogue.js';

/** A part of the statement: a text, then points or a table. */
export interface Section {
  readonly title: string;
  readonly text: string;
  readonly points?: readonly string[];
  readonly table?: { readonly head: readonly string[]; readonly rows: readonly (readonly string[])[] };
}

/** What a statement says, word for word: a published one reads the same whatever becomes of the program. */
export interface StatementContent {
  readonly tenantName: string;
  readonly sections: readonly Section[];
}

/** What is enforced for a tenant beside what is enforced for all. */
export interface Boundary {
  readonly tenantName: string;
  readonly kinds: readonly CatalogueKind[];
  readonly qualificationRequirement: QualificationRequirement;
}

const { ADMINISTRATIVE, SUBSTANTIVE, RESERVED } = TaskClass;

const people: readonly (readonly [Role, string])[] = [
  [Role.VIRTUAL_ASSISTANT, 'Virtual assistant'],
  [Role.PARALEGAL, 'Paralegal'],
  [Role.OPERATIONS_MANAGER, 'Operations manager'],
  [Role.BILLING_MANAGER, 'Billing manager'],
  [Role.ATTORNEY, 'Attorney'],
  [Role.PARTNER, "Client's system"],
];

/** Makes the statement from the rules themselves: the contracts', the catalogue's and the policies'. The same rules give the same words. */
export function contentOf(boundary: Boundary): StatementContent {
  const sources = new Sources();
  const { tenantName, kinds } = boundary;
  const sections = [
    whoMayDoWhat(),
    work(
      kinds,
      sources,
      ADMINISTRATIVE,
      'Administrative work',
      'A virtual assistant may do this work, and nothing else.',
    ),
    work(
      kinds,
      sources,
      SUBSTANTIVE,
      'Substantive work',
      'A paralegal does this work under a supervising attorney, who answers for it. A virtual assistant is refused. Work of a kind that no list names is treated like this.',
    ),
    work(
      kinds,
      sources,
      RESERVED,
      'Reserved for an attorney',
      'Nobody but an attorney does this, whatever else they may do. It cannot be delegated to the company or its people.',
    ),
    ownChoices(boundary),
    safeguards(boundary, sources),
    operations(),
  ];
  return { tenantName, sections: [...sections, sources.section()] };
}

// Sources are named once, at the end, and referred to by number.
class Sources {
  private readonly names: string[] = [];

  refer(source: string): string {
    const numbers = source.split('; ').map((name) => {
      if (!this.names.includes(name)) this.names.push(name);
      return this.names.indexOf(name) + 1;
    });
    return [...new Set(numbers)].toSorted((a, b) => a - b).join(', ');
  }

  section(): Section {
    return {
      title: 'Sources',
      text: 'The numbers in the tables refer to these rules and decisions. This statement says how the company works; it is not legal advice.',
      points: this.names.map((name, index) => `${index + 1}. ${name}`),
    };
  }
}

function whoMayDoWhat(): Section {
  const staff = people.filter(([role]) => role !== Role.PARTNER);
  const classes: readonly (readonly [string, string])[] = [
    ['Administrative', 'documents.scan'],
    ['Substantive', 'documents.draft_pleading'],
    ['Reserved', 'documents.sign'],
  ];
  return {
    title: 'Who may do what',
    text: 'Every kind of work, and everything that the software does, belongs to one of three classes. The verb decides: to enter, send or scan is administrative; to compute, draft or analyse is substantive; to advise, decide or sign is reserved.',
    table: {
      head: ['Class of work', ...staff.map(([, name]) => name)],
      rows: classes.map(([name, code]) => [name, ...staff.map(([role]) => (may(role, ruleOf(code)) ? 'yes' : 'no'))]),
    },
  };
}

// As the services ask: a role that a rule names is still refused where the class is not its own.
function may(role: Role, rule: Rule | undefined): boolean {
  return decide({ action: 'call', principal: { tenantId: '', role }, rule }).allowed;
}

function work(
  kinds: readonly CatalogueKind[],
  sources: Sources,
  taskClass: TaskClass,
  title: string,
  text: string,
): Section {
  const rows = kinds
    .filter((kind) => kind.taskClass === taskClass)
    .map(({ area, title: kind, shipped }) => [areaName(area), kind, shipped ? sources.refer(shipped.source) : '']);
  return { title, text, table: { head: ['Area', 'Work', 'Sources'], rows } };
}

function areaName(area: string): string {
  return area === 'own' ? "The company's own" : words(area.replaceAll('_', ' '));
}

// Who signed off is not named: all clients read this, and one client's attorney is none of another's business.
function ownChoices({ kinds }: Boundary): Section {
  const rows = kinds
    .filter(({ shipped, taskClass }) => shipped?.taskClass !== taskClass)
    .map(({ title, shipped, taskClass, record }) => [
      title,
      shipped ? className(shipped.taskClass) : 'not listed',
      className(taskClass),
      record?.signedOffBy ? 'an attorney' : 'nobody had to',
    ]);
  const rule =
    'The company may make the shipped classes stricter, with the sign-off of an attorney, and can never loosen them.';
  if (rows.length === 0) return { title: 'What the company has changed', text: `${rule} It has changed nothing.` };
  return {
    title: 'What the company has changed',
    text: rule,
    table: { head: ['Work', 'Class as shipped', 'Class here', 'Signed off by'], rows },
  };
}

function safeguards({ qualificationRequirement }: Boundary, sources: Sources): Section {
  const said = new Set<string>();
  const rows: string[][] = [];
  for (const { effect, message = '', source } of policies) {
    if (effect !== 'forbid' || !source || said.has(message)) continue;
    said.add(message);
    rows.push([words(message), sources.refer(source)]);
  }
  const asked =
    qualificationRequirement === 'ALWAYS'
      ? 'of every paralegal'
      : 'of every paralegal of whom a qualification was ever recorded';
  return {
    title: 'How the boundary is kept',
    text: `Each of these is refused by the software, and the refusal is on record with the person, the time and the rule. An unexpired qualification for the jurisdiction is asked ${asked}. Nobody who works chooses the class of the work.`,
    table: { head: ['What is refused, and why', 'Sources'], rows },
  };
}

function operations(): Section {
  const rows = new Map<string, { cells: readonly [string, string]; names: string[] }>();
  for (const rpc of rpcs()) {
    const names = people.filter(([role]) => may(role, rpc.rule)).map(([, name]) => name);
    if (rpc.rule?.public || names.length === 0) continue;
    const cells = [subjectOf(rpc), names.join(', ')] as const;
    const key = cells.join('\n');
    rows.set(key, { cells, names: [...(rows.get(key)?.names ?? []), words(rpc.method)] });
  }
  return {
    title: 'What the software lets each role do',
    text: 'Within the classes above, each operation is open to the roles named and to nobody else.',
    table: {
      head: ['Subject', 'Operations', 'Open to'],
      rows: [...rows.values()].map(({ cells: [subject, roles], names }) => [subject, names.join(', '), roles]),
    },
  };
}

function subjectOf({ path }: Rpc): string {
  const service = path.split('/')[1]?.split('.').at(-1) ?? '';
  return words(service.replace(/Service$/, ''));
}

function className(taskClass: TaskClass): string {
  return TaskClass[taskClass].toLowerCase();
}

/** `IssueInvoice` -> `Issue invoice`; a sentence without a capital gets one. */
function words(name: string): string {
  const text = name.includes(' ')
    ? name
    : name.replaceAll(/([a-z0-9])([A-Z])/g, (_, a: string, b: string) => `${a} ${b.toLowerCase()}`);
  const written = text.replaceAll(/\b(api|csv|ledes)\b/gi, (abbreviation) => abbreviation.toUpperCase());
  return written.charAt(0).toUpperCase() + written.slice(1);
}
