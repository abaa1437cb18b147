import { csvLine } from '@paradesk/kernel';
import type { Temporal } from 'temporal-polyfill';

/** A call that was refused. */
export interface Refusal {
  readonly at: Temporal.Instant;
  /** Name of the service, such as `billing`. */
  readonly service: string;
  /** Path of the RPC. */
  readonly action: string;
  /** Who asked: a person, or a service. */
  readonly who: string;
  /** Name of the role in the contracts. */
  readonly role: string;
  /** Why, in a word for programs. */
  readonly reason: string;
  /** The rule of the RPC, as it was then. */
  readonly rule: string;
}

/** A class of work that an attorney signed off. */
export interface Exception {
  readonly at: Temporal.Instant;
  readonly code: string;
  /** Such as `ADMINISTRATIVE to SUBSTANTIVE`. */
  readonly change: string;
  readonly who: string;
  readonly reason: string;
}

/** What a report says. */
export interface RefusalReport {
  readonly from: Temporal.Instant;
  readonly until: Temporal.Instant;
  /** Both the oldest first. */
  readonly refusals: readonly Refusal[];
  readonly exceptions: readonly Exception[];
}

const REFUSAL_HEAD = ['When', 'Service', 'Operation', 'Who', 'Role', 'Reason', 'Rule'];
const EXCEPTION_HEAD = ['When', 'Kind of work', 'Change', 'Signed off by', 'Why'];

/** The report in Markdown. Text is only ever text, never markup. */
export function toMarkdown({ from, until, refusals, exceptions }: RefusalReport): string {
  const counts = Map.groupBy(refusals, ({ reason, role }) => `${reason} ${role}`);
  const sums = [...counts.values()].map((group) => [group[0]!.reason, group[0]!.role, String(group.length)]);
  const parts = [
    '# Refusals and exceptions',
    `From ${from.toString()} until ${until.toString()}. ${refusals.length} calls were refused by the role boundary; ${exceptions.length} classes of work were changed with the sign-off of an attorney.`,
    ...(sums.length > 0
      ? ['## Refusals by reason', table(['Reason', 'Role', 'Refusals'], sums.toSorted(byCount))]
      : []),
    ...(refusals.length > 0 ? ['## Refusals', table(REFUSAL_HEAD, refusals.map(cellsOf))] : []),
    ...(exceptions.length > 0 ? ['## Exceptions', table(EXCEPTION_HEAD, exceptions.map(exceptionCells))] : []),
  ];
  return `${parts.join('\n\n')}\n`;
}

/** The report as CSV: a line each, refusals first. */
export function toCsv({ refusals, exceptions }: RefusalReport): string {
  const lines = [
    ['Entry', ...REFUSAL_HEAD],
    ...refusals.map((refusal) => ['refusal', ...cellsOf(refusal)]),
    ...exceptions.map(({ at, code, change, who, reason }) => [
      'exception',
      at.toString(),
      'identity',
      code,
      who,
      'ATTORNEY',
      change,
      reason,
    ]),
  ];
  return lines.map(csvLine).join('');
}

function byCount([, , a = '']: string[], [, , b = '']: string[]): number {
  return Number(b) - Number(a);
}

function cellsOf({ at, service, action, who, role, reason, rule }: Refusal): string[] {
  return [at.toString(), service, action.split('/').at(-1) ?? '', who, role, reason, rule];
}

function exceptionCells({ at, code, change, who, reason }: Exception): string[] {
  return [at.toString(), code, change, who, reason];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(plain).join(' | ')} |`;
  return [line(head), `| ${head.map(() => '---').join(' | ')} |`, ...rows.map(line)].join('\n');
}

function plain(text: string): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll(/[\\`*_[\]<>|#]/g, '\\$&');
}
