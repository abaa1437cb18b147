import type { readLedes1998b } from '@paradesk/billing';
import { Temporal } from 'temporal-polyfill';

/** What an accepted LEDES 1998B file holds. */
export type LedesFile = NonNullable<ReturnType<typeof readLedes1998b>['file']>;
export type LedesInvoice = LedesFile['invoices'][number];
export type LedesLine = LedesInvoice['lines'][number];

/** A matter as the lines of a file speak of it. */
export interface MatterOfFile {
  readonly clientCode: string;
  readonly code: string;
  readonly clientMatterCode: string;
  /** Day of its earliest line. */
  readonly firstDay: Temporal.PlainDate;
  /** Rate that each timekeeper charges most often here, in ten-thousandths, by code: what an agreement would say. */
  readonly ratesE4: ReadonlyMap<string, bigint>;
}

/** A timekeeper as the lines of a file speak of them. */
export interface TimekeeperOfFile {
  readonly code: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly classification: string;
}

/** Whom and what a file is about: all that must be known before it can be imported. */
export interface FileDirectory {
  readonly clientCodes: readonly string[];
  readonly matters: readonly MatterOfFile[];
  readonly timekeepers: readonly TimekeeperOfFile[];
}

/** Reads clients, matters and timekeepers out of the lines of a file, each in the order of its first line. */
export function directoryOf({ invoices }: LedesFile): FileDirectory {
  const lines = invoices.flatMap((invoice) => invoice.lines);
  const fees = lines.filter((line) => line.type === 'F');
  // A matter's code is unique with its client only.
  const byMatter = Map.groupBy(lines, (line) => JSON.stringify([line.clientId, line.lawFirmMatterId]));
  const byTimekeeper = Map.groupBy(fees, (line) => line.timekeeperId);
  return {
    clientCodes: [...new Set(lines.map((line) => line.clientId))],
    matters: [...byMatter.values()].map(matterOf),
    timekeepers: [...byTimekeeper].map(([code, own]) => timekeeperOf(code, own)),
  };
}

/** First and last day of an invoice's work: its billing period, and days of lines that state another period of their own. */
export function periodOf({ billingStart, billingEnd, lines }: LedesInvoice): {
  first: Temporal.PlainDate;
  last: Temporal.PlainDate;
} {
  const days = [billingStart, billingEnd, ...lines.map((line) => line.date)].sort(Temporal.PlainDate.compare);
  return { first: days.at(0) ?? billingStart, last: days.at(-1) ?? billingEnd };
}

function matterOf(lines: readonly LedesLine[]): MatterOfFile {
  const [first] = lines;
  if (!first) throw new Error('a matter of a file has a line');
  const { clientId: clientCode, lawFirmMatterId: code, clientMatterId: clientMatterCode } = first;
  const firstDay = lines.map((line) => line.date).reduce((a, b) => (Temporal.PlainDate.compare(a, b) <= 0 ? a : b));
  const fees = Map.groupBy(
    lines.filter((line) => line.type === 'F'),
    (line) => line.timekeeperId,
  );
  const ratesE4 = new Map([...fees].map(([timekeeper, own]) => [timekeeper, mostFrequentRateE4(own)]));
  return { clientCode, code, clientMatterCode, firstDay, ratesE4 };
}

function mostFrequentRateE4(fees: readonly LedesLine[]): bigint {
  const byRate = Map.groupBy(fees, (line) => line.unitCostE4 ?? 0n);
  const [[rate] = [0n]] = [...byRate].sort(([, some], [, others]) => others.length - some.length);
  return rate;
}

function timekeeperOf(code: string, fees: readonly LedesLine[]): TimekeeperOfFile {
  const name = fees.find((line) => line.timekeeperName !== '')?.timekeeperName ?? '';
  // "Last, First", which the format demands; a file may leave the name out.
  const [lastName = '', ...firstNames] = name.split(',').map((part) => part.trim());
  return {
    code,
    firstName: firstNames.join(', ') || 'Timekeeper',
    lastName: lastName || code,
    classification: fees.find((line) => line.timekeeperClassification !== '')?.timekeeperClassification ?? 'PARALG',
  };
}
