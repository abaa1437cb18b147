import type { Temporal } from 'temporal-polyfill';
import { LINE_DESCRIPTION_MAX } from '../ledes/ledes-1998b-columns.js';
import type { Finding, Guideline, Guidelines } from './guideline.js';

/** What the checks see of an entry. */
export interface CheckedEntry {
  readonly id: string;
  readonly matterId: string;
  readonly personId: string;
  readonly workedOn: Temporal.PlainDate;
  /** The day on which it was recorded, in the tenant's time zone. */
  readonly recordedOn: Temporal.PlainDate;
  readonly workedMinutes: number;
  readonly hoursE4: bigint;
  readonly narrative: string;
  readonly taskCode: string;
  readonly activityCode: string;
  readonly rateReason: string;
  readonly billable: boolean;
  /** Increment of the agreement of the day. */
  readonly incrementMinutes: number;
}

/** Another entry of the same timekeeper on the same day. */
export type Neighbour = Pick<CheckedEntry, 'id' | 'matterId' | 'hoursE4' | 'workedMinutes' | 'narrative'>;

/** A check: a sentence where it finds something. */
type Check = (entry: CheckedEntry, neighbours: readonly Neighbour[], guidelines: Guidelines) => string | undefined;

const CHIP_MINUTES = 6;
const CHIPS = 3;
// What two narratives must share to say near the same: four of five different words.
const SAME = 0.8;

const checks: Readonly<Record<Guideline, Check>> = {
  block_billing: ({ narrative }) =>
    tasksIn(narrative) > 2 ? 'The narrative tells of several tasks; each is an entry of its own.' : undefined,
  vague_narrative: ({ narrative }, _neighbours, { minNarrativeWords }) =>
    isVague(narrative, minNarrativeWords)
      ? 'The narrative does not say what was done on which document or issue.'
      : undefined,
  clerical_work: ({ narrative, billable }) =>
    billable && CLERICAL.test(narrative)
      ? "Clerical work is overhead and not billed at a timekeeper's rate."
      : undefined,
  duplicate: ({ matterId, narrative }, neighbours) =>
    neighbours.some((other) => other.matterId === matterId && areAlike(narrative, other.narrative))
      ? 'The timekeeper has an entry of near the same text on this matter and day.'
      : undefined,
  day_too_long: ({ hoursE4 }, neighbours, { maxHoursPerDay }) => {
    const sumE4 = neighbours.reduce((sum, other) => sum + other.hoursE4, hoursE4);
    if (sumE4 <= BigInt(maxHoursPerDay) * 10_000n) return undefined;
    return `The timekeeper has more than ${maxHoursPerDay} hours on this day, over all matters.`;
  },
  late_entry: ({ workedOn, recordedOn }, _neighbours, { lateAfterDays }) =>
    workedOn.until(recordedOn).days > lateAfterDays
      ? `It was recorded more than ${lateAfterDays} days after the work.`
      : undefined,
  timekeeper_not_approved: ({ personId }, _neighbours, { approvedPersonIds }) =>
    approvedPersonIds.length > 0 && !approvedPersonIds.includes(personId)
      ? 'The client has not approved the timekeeper.'
      : undefined,
  rate_not_agreed: ({ rateReason }) => (rateReason === '' ? undefined : 'The rate is not the agreed one.'),
  code_missing: ({ taskCode, activityCode, billable }) =>
    billable && (taskCode === '' || activityCode === '') ? 'A task or an activity code is missing.' : undefined,
  code_not_allowed: ({ taskCode }, _neighbours, { allowedTaskCodes }) =>
    taskCode !== '' && allowedTaskCodes.length > 0 && !allowedTaskCodes.includes(taskCode)
      ? 'The client does not take the task code.'
      : undefined,
  internal_conference: ({ narrative, activityCode }) =>
    activityCode === 'A105' || INTERNAL.test(narrative)
      ? 'Conferences within the firm are not paid by many clients.'
      : undefined,
  chipping: ({ matterId, workedMinutes }, neighbours) => {
    if (workedMinutes > CHIP_MINUTES) return undefined;
    const small = neighbours.filter((other) => other.matterId === matterId && other.workedMinutes <= CHIP_MINUTES);
    return small.length + 1 >= CHIPS
      ? `The day has ${CHIPS} or more entries of ${CHIP_MINUTES} minutes or less on this matter.`
      : undefined;
  },
  increment_not_honoured: ({ hoursE4, incrementMinutes }) =>
    (hoursE4 * 60n) % (BigInt(incrementMinutes) * 10_000n) === 0n
      ? undefined
      : `The hours are no multiple of the agreed ${incrementMinutes} minutes.`,
  narrative_too_long: ({ narrative }) =>
    narrative.length > LINE_DESCRIPTION_MAX
      ? `The narrative has more than ${LINE_DESCRIPTION_MAX} characters, and is cut in LEDES files.`
      : undefined,
};

/**
 * What the guidelines find in an entry, in their order. Pure: the same entry beside the same others gives the same findings.
 *
 * @param neighbours the other entries of the timekeeper on that day, on all matters, that are not discarded
 */
export function findingsOf(entry: CheckedEntry, neighbours: readonly Neighbour[], guidelines: Guidelines): Finding[] {
  const others = neighbours.filter((other) => other.id !== entry.id);
  return (Object.keys(checks) as Guideline[]).flatMap((guideline) => {
    const severity = guidelines.severities[guideline];
    if (severity === 'off') return [];
    const message = checks[guideline](entry, others, guidelines);
    return message ? [{ guideline, severity, message }] : [];
  });
}

// Filing, scheduling, maintaining files, mailing, copying: what courts cut from paralegals' fees.
const CLERICAL =
  /\b(e-?fil(e|ed|ing)|schedul(e|ed|ing)|calendar(ed|ing)?|organi[sz](e|ed|ing) (the )?files?|maintain(ed|ing)? files?|scan(ned|ning)?|photocop(y|ied|ying)|copying|mail(ed|ing) |data entry|bates[- ]?stamp(ed|ing)?|book(ed|ing) (a |the )?(room|court reporter|travel))\b/i;
const INTERNAL =
  /\b(internal|team|office|intra-office) (conference|meeting|call)\b|\bconfer(red|ence)? with (colleague|co-?worker|team)\b/i;
const EMPTY_PHRASES =
  /^(attention to( the)? (file|matter|case)|work on (file|matter|case)|conference|telephone call|phone call|emails?|correspondence|review( of)? (documents?|files?|emails?|correspondence)|research|various( tasks)?|miscellaneous)\.?$/i;
const TASK_VERBS =
  /\b(draft|review|research|prepare|revise|analy[sz]e|attend|telephone|call|confer|correspond|summari[sz]e|index|e-?mail|file|meet|interview)(e?d|s|ing|ence)?\b/gi;

/** Sentences or clauses, split as people write lists of tasks, that begin another task. */
function tasksIn(narrative: string): number {
  const clauses = narrative.split(/[;\n]|\.\s|,\s*(?:and\s+)?(?=[a-z]+(?:ed|ing)?\b)/i);
  return clauses.filter((clause) => (clause.match(TASK_VERBS) ?? []).length > 0).length;
}

function isVague(narrative: string, minWords: number): boolean {
  const text = narrative.trim();
  return EMPTY_PHRASES.test(text) || wordsOf(text).length < minWords;
}

function areAlike(one: string, other: string): boolean {
  const [left, right] = [new Set(wordsOf(one)), new Set(wordsOf(other))];
  const shared = [...left].filter((word) => right.has(word)).length;
  return shared >= SAME * new Set([...left, ...right]).size;
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}
