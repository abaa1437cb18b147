/** What outside-counsel guidelines ask of a time entry, numbered by name so that a finding, a waiver and a spec speak of the same. */
export type Guideline =
  | 'block_billing' // several tasks in one entry
  | 'vague_narrative' // no verb, document or issue
  | 'clerical_work' // overhead at a timekeeper's rate
  | 'duplicate' // same timekeeper, day, matter and near the same text
  | 'day_too_long' // more hours of a timekeeper on a day, over all matters, than are agreed
  | 'late_entry' // recorded long after the work
  | 'timekeeper_not_approved'
  | 'rate_not_agreed'
  | 'code_missing' // a task or activity code
  | 'code_not_allowed'
  | 'internal_conference'
  | 'chipping' // a small task split into several entries
  | 'increment_not_honoured'
  | 'narrative_too_long'; // for LEDES

/** What becomes of an entry that a guideline finds: a block keeps it from being submitted and approved until it is waived. */
export type Severity = 'off' | 'note' | 'warn' | 'block';

/** What a client asks for. Data: a tenant sets it per client, and the shipped set holds until then. */
export interface Guidelines {
  readonly severities: Readonly<Record<Guideline, Severity>>;
  /** Hours of one timekeeper on one day, over all matters. */
  readonly maxHoursPerDay: number;
  /** Days after the work until which it is recorded. */
  readonly lateAfterDays: number;
  /** Fewest words of a narrative. */
  readonly minNarrativeWords: number;
  /** Timekeepers whom the client approved; all when empty. */
  readonly approvedPersonIds: readonly string[];
  /** Task codes that the client takes; all when empty. */
  readonly allowedTaskCodes: readonly string[];
}

/** The shipped set. It blocks nothing: what a client refuses is between the client and the firm. */
export const SHIPPED_GUIDELINES: Guidelines = {
  severities: {
    block_billing: 'warn',
    vague_narrative: 'warn',
    clerical_work: 'warn',
    duplicate: 'warn',
    day_too_long: 'warn',
    late_entry: 'note',
    timekeeper_not_approved: 'warn',
    rate_not_agreed: 'warn',
    code_missing: 'note',
    code_not_allowed: 'warn',
    internal_conference: 'note',
    chipping: 'note',
    increment_not_honoured: 'note',
    narrative_too_long: 'warn',
  },
  maxHoursPerDay: 12,
  lateAfterDays: 30,
  minNarrativeWords: 4,
  approvedPersonIds: [],
  allowedTaskCodes: [],
};

/** What a check says of an entry. */
export interface Finding {
  readonly guideline: Guideline;
  readonly severity: Exclude<Severity, 'off'>;
  /** A sentence for whoever mends the entry. Quotes nothing of the narrative. */
  readonly message: string;
  /** Who took it upon them, when and why; absent while nobody has. */
  readonly waiver?: { readonly personId: string; readonly at: string; readonly reason: string };
}
