/** A parked event, as the table and `--json` show it. */
export interface ListedEvent {
  readonly consumer: string;
  readonly aggregateId: string;
  readonly eventId: string;
  readonly version: number;
  readonly kind: string;
  readonly reason: string;
  readonly attempts: number;
  /** RFC 3339. */
  readonly parkedAt: string;
}

const COLUMNS: readonly (readonly [string, keyof ListedEvent])[] = [
  ['CONSUMER', 'consumer'],
  ['AGGREGATE', 'aggregateId'],
  ['EVENT', 'eventId'],
  ['VERSION', 'version'],
  ['KIND', 'kind'],
  ['REASON', 'reason'],
  ['ATTEMPTS', 'attempts'],
  ['PARKED AT', 'parkedAt'],
];

/** Parked events for people, a line each. */
export function eventsTable(events: readonly ListedEvent[]): string {
  if (events.length === 0) return 'Nothing is parked.';
  const rows = [
    COLUMNS.map(([title]) => title),
    ...events.map((event) => COLUMNS.map(([, key]) => String(event[key]))),
  ];
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((text, column) => text.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
