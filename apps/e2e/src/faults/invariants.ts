import type { EventFact, Facts } from './facts.js';
import type { JournalEntry } from './load/journal.js';

/** What is not as it must be. */
export interface Violation {
  readonly invariant: 'I1' | 'I2' | 'I3' | 'I4' | 'I5' | 'I6' | 'I7' | 'I8' | 'I10';
  readonly count: number;
  readonly what: string;
  /** Some of them. */
  readonly examples: readonly string[];
}

const RECOVERED_WITHIN_MS = 60_000;

/** Checks all invariants; none is broken where the list is empty. @param poisoned aggregates with events that a fault forged */
export function violationsIn(facts: Facts, poisoned: ReadonlySet<string> = new Set()): Violation[] {
  return [
    ...ledgerBalances(facts),
    ...commandsHaveOneEffect(facts),
    ...eventsArrive(facts, poisoned),
    ...versionsHaveNoGap(facts, poisoned),
    ...workIsBilledOnce(facts),
    ...invoicesAddUp(facts),
    ...invoicesAndEventsMatch(facts),
    ...copiesEqualTheirOwners(facts),
    ...auditVerifies(facts),
    ...nothingLeaks(facts),
    ...systemHasRecovered(facts, poisoned),
  ];
}

type Name = Violation['invariant'];

function broken(invariant: Name, what: string, examples: readonly string[]): Violation[] {
  return examples.length === 0 ? [] : [{ invariant, what, count: examples.length, examples: examples.slice(0, 5) }];
}

function ledgerBalances({ postings, balances }: Facts): Violation[] {
  const unbalanced = postings.filter(({ sumMinor }) => sumMinor !== 0n);
  const off = balances.filter(
    ({ receivableMinor, invoicedMinor, paidMinor }) => receivableMinor !== invoicedMinor - paidMinor,
  );
  return [
    ...broken(
      'I1',
      'postings that do not sum to zero',
      unbalanced.map(({ id, currency, sumMinor }) => `${id} ${sumMinor} ${currency}`),
    ),
    ...broken(
      'I1',
      'tenants whose receivables are not what was invoiced less what was paid',
      off.map((one) => `${one.tenantId} ${one.receivableMinor} != ${one.invoicedMinor} - ${one.paidMinor}`),
    ),
  ];
}

function commandsHaveOneEffect({ journal, effects, keys, contradictions }: Facts): Violation[] {
  const unknown = journal.filter(({ outcome }) => outcome === 'unknown');
  const done = journal.filter(({ outcome }) => outcome === 'done');
  const perKind = Object.entries(effects).flatMap(([kind, found]) => {
    const expected = done.filter((entry) => entry.kind === kind).flatMap((entry) => entry.marks);
    return effectsMatch(kind, expected, found);
  });
  const expectedKeys = done.flatMap(({ key }) => key ?? []);
  return [
    ...broken('I2', 'commands of which nobody knows whether they took effect', unknown.map(nameOf)),
    ...perKind,
    ...effectsMatch('stored answer', expectedKeys, keys),
    ...broken(
      'I2',
      'commands that were sent again and answered otherwise',
      contradictions.map(({ serial, method, what }) => `${serial} ${method}: ${what}`),
    ),
  ];
}

function nameOf({ serial, method, key }: JournalEntry): string {
  return `${serial} ${method} ${key ?? ''}`;
}

/** Each mark that is expected is found once, and nothing else is found: a refused command has left nothing. */
function effectsMatch(kind: string, expected: readonly string[], found: readonly string[]): Violation[] {
  const counts = countsOf(found);
  const wanted = new Set(expected);
  const names = [...counts.keys()];
  return [
    ...broken(
      'I2',
      `done commands without effect (${kind})`,
      [...wanted].filter((mark) => !counts.has(mark)),
    ),
    ...broken(
      'I2',
      `commands with more than one effect (${kind})`,
      names.filter((mark) => (counts.get(mark) ?? 0) > 1),
    ),
    ...broken(
      'I2',
      `effects of commands that were not done (${kind})`,
      names.filter((mark) => !wanted.has(mark)),
    ),
  ];
}

function eventsArrive({ outbox, records, inbox, parked, consumes }: Facts, poisoned: ReadonlySet<string>): Violation[] {
  const unpublished = outbox.filter(({ published }) => !published);
  const written = new Set(outbox.map(({ eventId }) => eventId));
  const carried = new Set(records.map(({ eventId }) => eventId));
  const perConsumer = Object.entries(consumes).flatMap(([consumer, topics]) => {
    const owed = outbox.filter(({ topic }) => topics.includes(topic));
    const taken = inbox.filter((event) => event.consumer === consumer);
    const aside = parked.filter((event) => event.consumer === consumer);
    const known = new Set([...taken, ...aside].map(({ eventId }) => eventId));
    const again = [...countsOf(taken.map(({ eventId }) => eventId))].filter(([, times]) => times > 1);
    return [
      ...broken(
        'I3',
        `events that ${consumer} has not taken`,
        owed.filter((event) => !known.has(event.eventId)).map(label),
      ),
      ...broken(
        'I3',
        `events that ${consumer} has taken twice`,
        again.map(([eventId]) => eventId),
      ),
      ...broken(
        'I3',
        `events that ${consumer} has taken and nobody wrote`,
        taken.filter((event) => !written.has(event.eventId) && !poisoned.has(event.aggregateId)).map(label),
      ),
    ];
  });
  return [
    ...broken('I3', 'events that were not published', unpublished.map(label)),
    ...broken(
      'I3',
      'events that Kafka does not have',
      outbox.filter((event) => !carried.has(event.eventId)).map(label),
    ),
    ...broken(
      'I3',
      'events that Kafka has and nobody wrote',
      records.filter((event) => !written.has(event.eventId) && !poisoned.has(event.aggregateId)).map(label),
    ),
    ...perConsumer,
  ];
}

function label({ topic, aggregateId, version }: EventFact): string {
  return `${topic} ${aggregateId} v${version}`;
}

function versionsHaveNoGap({ outbox, records, inbox }: Facts, poisoned: ReadonlySet<string>): Violation[] {
  const ours = (events: readonly EventFact[]) => events.filter(({ aggregateId }) => !poisoned.has(aggregateId));
  const perConsumer = [...Map.groupBy(inbox, ({ consumer }) => consumer)];
  return [
    ...broken('I4', 'aggregates whose events have a gap or a repeat in the outbox', gaps(ours(outbox))),
    ...broken('I4', 'aggregates whose events came to Kafka out of order', outOfOrder(ours(records))),
    ...perConsumer.flatMap(([consumer, events]) =>
      broken('I4', `aggregates whose events have a gap or a repeat at ${consumer}`, gaps(ours(events))),
    ),
  ];
}

function gaps(events: readonly EventFact[]): string[] {
  return [...Map.groupBy(events, ({ aggregateId }) => aggregateId)].flatMap(([aggregateId, its]) => {
    const versions = its.map(({ version }) => version).sort((a, b) => a - b);
    return versions.every((version, index) => version === index + 1) ? [] : [`${aggregateId} ${versions.join(',')}`];
  });
}

/** A repeated stretch is no disorder: what counts is the order in which versions came for the first time. */
function outOfOrder(records: readonly EventFact[]): string[] {
  const latest = new Map<string, number>();
  const disordered = new Set<string>();
  for (const { aggregateId, version } of records) {
    const before = latest.get(aggregateId) ?? 0;
    if (version > before + 1) disordered.add(`${aggregateId} v${version} after v${before}`);
    latest.set(aggregateId, Math.max(before, version));
  }
  return [...disordered];
}

function workIsBilledOnce({ work, lines }: Facts): Violation[] {
  const times = countsOf(lines.map(({ entryId }) => entryId));
  const known = new Set(work.map(({ id }) => id));
  const onLines = ({ id }: { id: string }) => times.get(id) ?? 0;
  return [
    ...broken(
      'I5',
      'approved entries that are on no live line of an invoice, or on several',
      work
        .filter((one) => one.status !== 'recorded' && onLines(one) !== 1)
        .map((one) => `${one.id} on ${onLines(one)}`),
    ),
    ...broken(
      'I5',
      'entries on an invoice that nobody approved',
      work.filter((one) => one.status === 'recorded' && onLines(one) > 0).map(({ id }) => id),
    ),
    ...broken(
      'I5',
      'lines of entries that do not exist',
      lines.filter(({ entryId }) => !known.has(entryId)).map(({ entryId }) => entryId),
    ),
  ];
}

function invoicesAddUp({ invoices, lines, counters }: Facts): Violation[] {
  const byInvoice = Map.groupBy(lines, ({ invoiceId }) => invoiceId);
  const sumOf = (id: string) => (byInvoice.get(id) ?? []).reduce((sum, { amountMinor }) => sum + amountMinor, 0n);
  const live = invoices.filter(({ status }) => status !== 'discarded');
  const issued = invoices.filter(({ number }) => number !== undefined);
  const numbers = countsOf(issued.map(({ tenantId, number }) => `${tenantId} ${number}`));
  const years = Map.groupBy(issued, ({ tenantId, issuedYear }) => `${tenantId} ${issuedYear}`);
  const counted = new Map(counters.map(({ tenantId, year, last }) => [`${tenantId} ${year}`, last]));
  const uneven = [...new Set([...years.keys(), ...counted.keys()])].filter(
    (year) => (years.get(year)?.length ?? 0) !== (counted.get(year) ?? 0),
  );
  return [
    ...broken(
      'I5',
      'invoices whose lines do not make their total',
      live
        .filter(({ id, totalMinor }) => sumOf(id) !== totalMinor)
        .map(({ id, totalMinor }) => `${id} ${sumOf(id)} != ${totalMinor}`),
    ),
    ...broken(
      'I5',
      'numbers given to more than one invoice',
      [...numbers].filter(([, times]) => times > 1).map(([number]) => number),
    ),
    ...broken(
      'I5',
      'years in which invoice numbers have a gap',
      uneven.map((year) => `${year}: ${years.get(year)?.length ?? 0} invoices, counted to ${counted.get(year) ?? 0}`),
    ),
  ];
}

/** An invoice raises its version with each event, the first of them when it is issued. */
function invoicesAndEventsMatch({ invoices, outbox }: Facts): Violation[] {
  const events = Map.groupBy(
    outbox.filter(({ topic }) => topic.endsWith('.invoices')),
    ({ aggregateId }) => aggregateId,
  );
  const known = new Set(invoices.map(({ id }) => id));
  return [
    ...broken(
      'I5',
      'invoices that have not exactly the events of their version',
      invoices
        .filter(({ id, version }) => (events.get(id)?.length ?? 0) !== version)
        .map(({ id, version }) => `${id} v${version}, ${events.get(id)?.length ?? 0} events`),
    ),
    ...broken(
      'I5',
      'events of invoices that do not exist',
      [...events.keys()].filter((id) => !known.has(id)),
    ),
  ];
}

function copiesEqualTheirOwners({ copies }: Facts): Violation[] {
  return copies.flatMap(({ what, owner, copy }) => {
    const keys = [...new Set([...owner.keys(), ...copy.keys()])];
    return broken(
      'I6',
      `rows of ${what} that are not as their owner has them`,
      keys.filter((key) => owner.get(key) !== copy.get(key)),
    );
  });
}

function auditVerifies({ audit }: Facts): Violation[] {
  return broken('I7', 'faults in the audit trail', audit.faults);
}

function nothingLeaks({ leaks }: Facts): Violation[] {
  return broken(
    'I8',
    "answers to one tenant with something of another's",
    leaks.map(({ method, tenantId, ofTenantId }) => `${method} answered ${tenantId} with ${ofTenantId}`),
  );
}

function systemHasRecovered({ standing, parked }: Facts, poisoned: ReadonlySet<string>): Violation[] {
  const { notReady, lag, recoveryMs, waitingJobs, failedJobs } = standing;
  const left = parked.filter(({ aggregateId }) => !poisoned.has(aggregateId));
  const slow = recoveryMs > RECOVERED_WITHIN_MS ? [`${Math.round(recoveryMs / 1000)} s`] : [];
  const many = (count: number): string[] => Array.from({ length: count }, () => 'one');
  return [
    ...broken('I10', 'processes that are not ready', notReady),
    ...broken('I10', 'records that wait', many(lag)),
    ...broken('I10', 'recoveries of more than a minute', slow),
    ...broken('I10', 'jobs that wait', many(waitingJobs)),
    ...broken('I10', 'jobs that were given up', many(failedJobs)),
    ...broken(
      'I10',
      'events that are parked',
      left.map((event) => `${label(event)} ${event.reason} at ${event.consumer}`),
    ),
  ];
}

function countsOf(names: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}
