/** What commands do, by the rows that tell: each kind has one query in gather-facts. */
export type EffectKind =
  | 'tenant'
  | 'person'
  | 'client'
  | 'contact'
  | 'matter'
  | 'assignment'
  | 'agreement'
  | 'time entry'
  | 'expense'
  | 'adjustment'
  | 'approval of work'
  | 'invoice'
  | 'approval of an invoice'
  | 'issue of an invoice'
  | 'payment'
  | 'document';

/** A command that was sent, and what its caller knows of it. */
export interface JournalEntry {
  readonly serial: number;
  readonly method: string;
  readonly kind: EffectKind;
  readonly tenantId: string;
  /** Undefined for RPCs that take no key: uploads, which are told apart by their names. */
  readonly key: string | undefined;
  /** What its rows are found by, a mark each; those of a command that answers with an id are known once it is done. */
  marks: readonly string[];
  outcome: 'done' | 'refused' | 'unknown';
}

/** Two answers to one command. */
export interface Contradiction {
  readonly method: string;
  readonly serial: number;
  readonly what: string;
}

/** An answer to one tenant with something of another. */
export interface Leak {
  readonly method: string;
  readonly tenantId: string;
  readonly ofTenantId: string;
}

/** Everything that the load did and saw. */
export class Journal {
  readonly entries: JournalEntry[] = [];
  readonly contradictions: Contradiction[] = [];
  readonly leaks: Leak[] = [];
  /** How often each refusal came, by RPC and reason. */
  readonly refusals = new Map<string, number>();
  /** Answers that said neither yes nor no, by RPC and reason. */
  readonly unknownAnswers = new Map<string, number>();
  /** Answers to one tenant that were looked through for others' names, and questions about others' rows. */
  answersLookedThrough = 0;
  foreignQuestions = 0;

  countRefusal(method: string, reason: string): void {
    count(this.refusals, `${method} ${reason}`);
  }

  countUnknown(method: string, reason: string): void {
    count(this.unknownAnswers, `${method} ${reason}`);
  }
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
