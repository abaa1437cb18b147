import { describe, expect, it } from '@jest/globals';
import type { EventFact, Facts } from './facts.js';
import { violationsIn } from './invariants.js';
import type { EffectKind, JournalEntry } from './load/journal.js';

const CLIENTS = 'paradesk.identity.clients';
const INVOICES = 'paradesk.billing.invoices';

const entry = (serial: number, kind: EffectKind, mark: string, outcome: JournalEntry['outcome']): JournalEntry => ({
  serial,
  method: 'Command',
  kind,
  tenantId: 'tenant',
  key: `run-${serial}`,
  marks: [mark],
  outcome,
});

const event = (topic: string, aggregateId: string, version: number): EventFact => ({
  topic,
  aggregateId,
  version,
  eventId: `${aggregateId}-${version}`,
});

const noEffects: Record<EffectKind, string[]> = {
  tenant: [],
  person: [],
  client: [],
  contact: [],
  matter: [],
  assignment: [],
  agreement: [],
  'time entry': [],
  expense: [],
  adjustment: [],
  'approval of work': [],
  invoice: [],
  'approval of an invoice': [],
  'issue of an invoice': [],
  payment: [],
  document: [],
};

/** A small system in which all is well: a client with two events, an issued invoice of one entry, partly paid, and a refused command. */
function healthy(): Facts {
  const events = [event(CLIENTS, 'client', 1), event(CLIENTS, 'client', 2), event(INVOICES, 'invoice', 1)];
  const ofClients = events.filter(({ topic }) => topic === CLIENTS);
  return {
    journal: [
      entry(1, 'client', 'kestrel-1', 'done'),
      entry(2, 'time entry', 'kestrel-2', 'done'),
      entry(3, 'issue of an invoice', 'invoice', 'done'),
      entry(4, 'payment', 'kestrel-4', 'done'),
      entry(5, 'time entry', 'kestrel-5', 'refused'),
    ],
    contradictions: [],
    leaks: [],
    effects: {
      ...noEffects,
      client: ['kestrel-1'],
      'time entry': ['kestrel-2'],
      'issue of an invoice': ['invoice'],
      payment: ['kestrel-4'],
    },
    keys: ['run-1', 'run-2', 'run-3', 'run-4'],
    postings: [{ id: 'posting', currency: 'USD', sumMinor: 0n }],
    balances: [{ tenantId: 'tenant', currency: 'USD', receivableMinor: 600n, invoicedMinor: 1000n, paidMinor: 400n }],
    outbox: events.map((one) => ({ ...one, published: true })),
    // The first one came twice.
    records: [events[0]!, ...events],
    inbox: [
      ...ofClients.map((one) => ({ ...one, consumer: 'billing' })),
      ...events.map((one) => ({ ...one, consumer: 'communications' })),
    ],
    parked: [],
    consumes: { billing: [CLIENTS], communications: [CLIENTS, INVOICES] },
    work: [
      { id: 'billed', status: 'billed' },
      { id: 'fresh', status: 'recorded' },
    ],
    invoices: [
      {
        id: 'invoice',
        tenantId: 'tenant',
        number: '2026-0001',
        issuedYear: 2026,
        status: 'partly_paid',
        totalMinor: 1000n,
        version: 1,
      },
    ],
    lines: [{ invoiceId: 'invoice', entryId: 'billed', amountMinor: 1000n }],
    counters: [{ tenantId: 'tenant', year: 2026, last: 1 }],
    copies: [{ what: 'clients in billing', owner: new Map([['client', 'v2']]), copy: new Map([['client', 'v2']]) }],
    audit: { records: 9, faults: [] },
    standing: { notReady: [], lag: 0, recoveryMs: 2_000, waitingJobs: 0, failedJobs: 0 },
  };
}

/** What is found, in a line each. */
const found = (change: (facts: Facts) => Partial<Facts>, poisoned: readonly string[] = []): string[] => {
  const facts = healthy();
  return violationsIn({ ...facts, ...change(facts) }, new Set(poisoned)).map(
    ({ invariant, count, what }) => `${invariant}: ${count} ${what}`,
  );
};

const without = <T>(list: readonly T[], index: number): T[] => list.filter((_, at) => at !== index);
const [invoice] = healthy().invoices;
const forged = { topic: CLIENTS, eventId: 'forged-1', aggregateId: 'forged', version: 1 };

describe('the invariants of the fault program', () => {
  it('hold in a system in which all is well', () => {
    expect(found(() => ({}))).toEqual([]);
  });

  it.each<{ name: string; change: (facts: Facts) => Partial<Facts>; breaks: string[] }>([
    {
      name: 'I1 a posting that does not sum to zero',
      change: () => ({ postings: [{ id: 'posting', currency: 'USD', sumMinor: 1n }] }),
      breaks: ['I1: 1 postings that do not sum to zero'],
    },
    {
      name: 'I1 a payment that the ledger does not know',
      change: ({ balances }) => ({ balances: [{ ...balances[0]!, paidMinor: 500n }] }),
      breaks: ['I1: 1 tenants whose receivables are not what was invoiced less what was paid'],
    },
    {
      name: 'I2 an acknowledged command whose row is lost',
      change: ({ effects }) => ({ effects: { ...effects, client: [] } }),
      breaks: ['I2: 1 done commands without effect (client)'],
    },
    {
      name: 'I2 a command that took effect twice',
      change: ({ effects }) => ({ effects: { ...effects, payment: ['kestrel-4', 'kestrel-4'] } }),
      breaks: ['I2: 1 commands with more than one effect (payment)'],
    },
    {
      name: 'I2 a refused command that left a row',
      change: ({ effects }) => ({ effects: { ...effects, 'time entry': ['kestrel-2', 'kestrel-5'] } }),
      breaks: ['I2: 1 effects of commands that were not done (time entry)'],
    },
    {
      name: 'I2 an effect without its key',
      change: ({ keys }) => ({ keys: without(keys, 1) }),
      breaks: ['I2: 1 done commands without effect (stored answer)'],
    },
    {
      name: 'I2 a key of a refused command',
      change: ({ keys }) => ({ keys: [...keys, 'run-5'] }),
      breaks: ['I2: 1 effects of commands that were not done (stored answer)'],
    },
    {
      name: 'I2 a command of which nobody knows',
      change: ({ journal }) => ({ journal: [...journal, entry(6, 'expense', 'kestrel-6', 'unknown')] }),
      breaks: ['I2: 1 commands of which nobody knows whether they took effect'],
    },
    {
      name: 'I2 an answer that is another one the second time',
      change: () => ({ contradictions: [{ method: 'CreateClient', serial: 1, what: 'answered otherwise' }] }),
      breaks: ['I2: 1 commands that were sent again and answered otherwise'],
    },
    {
      name: 'I3 an event that was left in the outbox',
      change: ({ outbox }) => ({ outbox: [{ ...outbox[0]!, published: false }, ...without(outbox, 0)] }),
      breaks: ['I3: 1 events that were not published'],
    },
    {
      name: 'I3 an event that Kafka lost',
      change: ({ records }) => ({ records: records.slice(0, -1) }),
      breaks: ['I3: 1 events that Kafka does not have'],
    },
    {
      name: 'I3 an event out of nowhere',
      change: ({ records }) => ({ records: [...records, forged] }),
      breaks: ['I3: 1 events that Kafka has and nobody wrote'],
    },
    {
      name: 'I3 an event that a consumer missed',
      change: ({ inbox }) => ({ inbox: without(inbox, 1) }),
      breaks: ['I3: 1 events that billing has not taken'],
    },
    {
      name: 'I3 an event that took effect twice',
      change: ({ inbox }) => ({ inbox: [...inbox, inbox[1]!] }),
      breaks: [
        'I3: 1 events that billing has taken twice',
        'I4: 1 aggregates whose events have a gap or a repeat at billing',
      ],
    },
    {
      name: 'I3 an event that a consumer took and nobody wrote',
      change: ({ inbox }) => ({ inbox: [...inbox, { ...forged, consumer: 'billing' }] }),
      breaks: ['I3: 1 events that billing has taken and nobody wrote'],
    },
    {
      name: 'I4 a version that is missing everywhere',
      change: ({ outbox, records, inbox }) => ({
        outbox: outbox.filter((one) => one.eventId !== 'client-1'),
        records: records.filter((one) => one.eventId !== 'client-1'),
        inbox: inbox.filter((one) => one.eventId !== 'client-1'),
      }),
      breaks: [
        'I4: 1 aggregates whose events have a gap or a repeat in the outbox',
        'I4: 1 aggregates whose events came to Kafka out of order',
        'I4: 1 aggregates whose events have a gap or a repeat at billing',
        'I4: 1 aggregates whose events have a gap or a repeat at communications',
      ],
    },
    {
      name: 'I4 events in the wrong order',
      change: ({ records: [, first, second, ...rest] }) => ({ records: [second!, first!, ...rest] }),
      breaks: ['I4: 1 aggregates whose events came to Kafka out of order'],
    },
    {
      name: 'I5 approved work on no invoice',
      change: ({ work }) => ({ work: [...work, { id: 'forgotten', status: 'approved' }] }),
      breaks: ['I5: 1 approved entries that are on no live line of an invoice, or on several'],
    },
    {
      name: 'I5 work that is billed twice',
      change: ({ lines }) => ({
        lines: [...lines, { ...lines[0]!, amountMinor: 0n }],
      }),
      breaks: ['I5: 1 approved entries that are on no live line of an invoice, or on several'],
    },
    {
      name: 'I5 work that was never approved on an invoice',
      change: ({ lines }) => ({ lines: [...lines, { invoiceId: 'invoice', entryId: 'fresh', amountMinor: 0n }] }),
      breaks: ['I5: 1 entries on an invoice that nobody approved'],
    },
    {
      name: 'I5 a line of nothing',
      change: ({ lines }) => ({ lines: [...lines, { invoiceId: 'invoice', entryId: 'nothing', amountMinor: 0n }] }),
      breaks: ['I5: 1 lines of entries that do not exist'],
    },
    {
      name: 'I5 an invoice that is more than its lines',
      change: () => ({ invoices: [{ ...invoice!, totalMinor: 1001n }] }),
      breaks: ['I5: 1 invoices whose lines do not make their total'],
    },
    {
      name: 'I5 a number that was skipped',
      change: () => ({ counters: [{ tenantId: 'tenant', year: 2026, last: 2 }] }),
      breaks: ['I5: 1 years in which invoice numbers have a gap'],
    },
    {
      name: 'I5 a number that was given twice',
      change: () => ({
        invoices: [invoice!, { ...invoice!, id: 'twin', totalMinor: 0n, version: 0 }],
        counters: [{ tenantId: 'tenant', year: 2026, last: 2 }],
      }),
      breaks: ['I5: 1 numbers given to more than one invoice'],
    },
    {
      name: 'I5 an invoice without its event',
      change: () => ({ invoices: [{ ...invoice!, version: 2 }] }),
      breaks: ['I5: 1 invoices that have not exactly the events of their version'],
    },
    {
      name: 'I5 an event without its invoice',
      change: () => ({ invoices: [], lines: [], work: [], counters: [] }),
      breaks: ['I5: 1 events of invoices that do not exist'],
    },
    {
      name: 'I6 a copy that is behind, one too many and one too few',
      change: () => ({
        copies: [
          {
            what: 'people in billing',
            owner: new Map([
              ['a', 'v2'],
              ['b', 'v1'],
            ]),
            copy: new Map([
              ['a', 'v1'],
              ['c', 'v1'],
            ]),
          },
        ],
      }),
      breaks: ['I6: 3 rows of people in billing that are not as their owner has them'],
    },
    {
      name: 'I7 an audit trail that was tampered with',
      change: () => ({ audit: { records: 9, faults: ['billing tenant 7: the hash is another one'] } }),
      breaks: ['I7: 1 faults in the audit trail'],
    },
    {
      name: 'I8 an answer with rows of another tenant',
      change: () => ({ leaks: [{ method: 'ListClients', tenantId: 'a', ofTenantId: 'b' }] }),
      breaks: ["I8: 1 answers to one tenant with something of another's"],
    },
    {
      name: 'I10 a system that does not recover',
      change: () => ({
        standing: { notReady: ['billing'], lag: 3, recoveryMs: 61_000, waitingJobs: 2, failedJobs: 1 },
      }),
      breaks: [
        'I10: 1 processes that are not ready',
        'I10: 3 records that wait',
        'I10: 1 recoveries of more than a minute',
        'I10: 2 jobs that wait',
        'I10: 1 jobs that were given up',
      ],
    },
    {
      name: 'I10 an event that stays parked',
      change: ({ inbox, outbox }) => ({
        inbox: without(inbox, 1),
        parked: [{ ...outbox[1]!, consumer: 'billing', reason: 'GAP' }],
      }),
      breaks: ['I10: 1 events that are parked'],
    },
  ])('are broken by $name', ({ change, breaks }) => {
    expect(found(change)).toEqual(breaks);
  });

  it('leave out what a fault has forged, and nothing else', () => {
    const parked = { ...forged, consumer: 'billing', reason: 'UNDECODABLE' };
    const change = ({ records }: Facts) => ({ records: [...records, forged], parked: [parked] });
    expect(found(change, ['forged'])).toEqual([]);
    expect(found(change, ['another'])).toEqual([
      'I3: 1 events that Kafka has and nobody wrote',
      'I10: 1 events that are parked',
    ]);
  });

  it('name some of what is broken, for whoever looks into it', () => {
    const facts = healthy();
    const [violation] = violationsIn({ ...facts, inbox: without(facts.inbox, 1) });
    expect(violation?.examples).toEqual([`${CLIENTS} client v2`]);
  });
});
