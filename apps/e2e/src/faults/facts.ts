import type { Contradiction, EffectKind, JournalEntry, Leak } from './load/journal.js';

/** An event as one of its keepers has it. */
export interface EventFact {
  readonly topic: string;
  readonly eventId: string;
  readonly aggregateId: string;
  readonly version: number;
}

/** Everything that the invariants are about, read from the databases and from Kafka when nothing is under way. */
export interface Facts {
  readonly journal: readonly JournalEntry[];
  readonly contradictions: readonly Contradiction[];
  readonly leaks: readonly Leak[];
  /** The marks of all rows that commands made, by kind; one for each row. */
  readonly effects: Readonly<Record<EffectKind, readonly string[]>>;
  /** Idempotency keys with a stored answer. */
  readonly keys: readonly string[];
  /** What each posting sums to, by currency, in minor units. */
  readonly postings: readonly { readonly id: string; readonly currency: string; readonly sumMinor: bigint }[];
  readonly balances: readonly Balance[];
  readonly outbox: readonly (EventFact & { readonly published: boolean })[];
  /** In the order of their partitions. */
  readonly records: readonly EventFact[];
  /** Events that a consumer has taken. */
  readonly inbox: readonly (EventFact & { readonly consumer: string })[];
  readonly parked: readonly (EventFact & { readonly consumer: string; readonly reason: string })[];
  /** The topics that each consumer hears of. */
  readonly consumes: Readonly<Record<string, readonly string[]>>;
  readonly work: readonly { readonly id: string; readonly status: 'recorded' | 'approved' | 'billed' }[];
  readonly invoices: readonly InvoiceFact[];
  /** Lines that keep their entry from being billed again. */
  readonly lines: readonly { readonly invoiceId: string; readonly entryId: string; readonly amountMinor: bigint }[];
  readonly counters: readonly { readonly tenantId: string; readonly year: number; readonly last: number }[];
  readonly copies: readonly CopyFact[];
  readonly audit: AuditFact;
  readonly standing: Standing;
}

/** A tenant's receivables by the ledger, and by what was invoiced and paid. */
export interface Balance {
  readonly tenantId: string;
  readonly currency: string;
  readonly receivableMinor: bigint;
  readonly invoicedMinor: bigint;
  readonly paidMinor: bigint;
}

export interface InvoiceFact {
  readonly id: string;
  readonly tenantId: string;
  readonly number: string | undefined;
  readonly issuedYear: number | undefined;
  readonly status: string;
  readonly totalMinor: bigint;
  readonly version: number;
}

/** What a service keeps of another's rows: each row's columns in one text, by its key. */
export interface CopyFact {
  /** `people in billing`. */
  readonly what: string;
  readonly owner: ReadonlyMap<string, string>;
  readonly copy: ReadonlyMap<string, string>;
}

export interface AuditFact {
  readonly records: number;
  /** What a verification of the chains found, a line each. */
  readonly faults: readonly string[];
}

/** How the system stands after the fault. */
export interface Standing {
  readonly notReady: readonly string[];
  readonly lag: number;
  /** From the healing until nothing was left to do but jobs. */
  readonly recoveryMs: number;
  readonly waitingJobs: number;
  readonly failedJobs: number;
}
