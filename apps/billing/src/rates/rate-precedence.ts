import { DomainError } from '@paradesk/kernel';
import type { Temporal } from 'temporal-polyfill';

/** What a rate is for, and until when. Empty means any. */
export interface RateScope {
  readonly clientId: string;
  readonly matterId: string;
  /** Name of the contracts' `PracticeArea`, such as LITIGATION. */
  readonly practiceArea: string;
  readonly personId: string;
  /** Of LEDES, such as PARALG. */
  readonly timekeeperClass: string;
  /** Of UTBMS. */
  readonly taskCode: string;
}

/** A rate that may apply. */
export interface RateRule extends RateScope {
  /** The rate, or the agreement that has it. */
  readonly id: string;
  readonly currency: string;
  /** Price of an hour in ten-thousandths. */
  readonly hourlyRateE4: bigint;
  readonly validFrom: Temporal.PlainDate;
  /** Last day; null while it goes on. */
  readonly validTo: Temporal.PlainDate | null;
}

/** The work that is to be priced. */
export interface WorkToPrice extends RateScope {
  readonly day: Temporal.PlainDate;
  readonly currency: string;
}

/** Where a rate stands in the order of precedence. */
export type RateLevel =
  | 'matter_timekeeper'
  | 'matter_task_or_class'
  | 'client_timekeeper'
  | 'client_class'
  | 'practice_area_class'
  | 'tenant_class';

/** From the first that applies to the last. An override of an entry stands before all of them. */
export const RATE_LEVELS: readonly RateLevel[] = [
  'matter_timekeeper',
  'matter_task_or_class',
  'client_timekeeper',
  'client_class',
  'practice_area_class',
  'tenant_class',
];

// Which fields a rate has says where it stands. Other combinations are no rates.
const LEVEL_OF: Readonly<Record<string, RateLevel>> = {
  'matterId personId': 'matter_timekeeper',
  'matterId taskCode': 'matter_task_or_class',
  'matterId timekeeperClass': 'matter_task_or_class',
  'clientId personId': 'client_timekeeper',
  'clientId timekeeperClass': 'client_class',
  'practiceArea timekeeperClass': 'practice_area_class',
  timekeeperClass: 'tenant_class',
};

const FIELDS = ['clientId', 'matterId', 'practiceArea', 'personId', 'timekeeperClass', 'taskCode'] as const;

/** Where the rate stands. @throws DomainError invalid RATE_SCOPE where it is for no level */
export function rateLevel(scope: RateScope): RateLevel {
  const level = LEVEL_OF[FIELDS.filter((field) => scope[field] !== '').join(' ')];
  if (level) return level;
  const message =
    'a rate is for a matter and a timekeeper, task or class, for a client and a timekeeper or class, for a practice area and a class, or for a class';
  throw DomainError.invalid('scope', 'RATE_SCOPE', message);
}

/** Which rate applies, and the ones that it was put before. */
export interface RateDecision {
  /** Undefined where none applies. */
  readonly rate: (RateRule & { readonly level: RateLevel }) | undefined;
  /** In the order of precedence. */
  readonly passedOver: readonly (RateRule & { readonly level: RateLevel })[];
}

/**
 * The first that applies, in the order of precedence.
 *
 * @throws DomainError refused RATE_AMBIGUOUS, naming both, where two of the same standing apply: a tie is refused, not guessed
 */
export function decideRate(rules: readonly RateRule[], work: WorkToPrice): RateDecision {
  const applying = rules
    .filter((rule) => applies(rule, work))
    .map((rule) => ({ ...rule, level: rateLevel(rule) }))
    .sort((one, other) => RATE_LEVELS.indexOf(one.level) - RATE_LEVELS.indexOf(other.level));
  const [rate, second] = applying;
  if (rate && second?.level === rate.level) {
    const message = `two rates of the same standing apply on ${work.day.toString()}: ${rate.id} and ${second.id}`;
    throw DomainError.refused('RATE_AMBIGUOUS', message, { rateId: rate.id, otherRateId: second.id });
  }
  return { rate, passedOver: applying.slice(1) };
}

function applies(rule: RateRule, work: WorkToPrice): boolean {
  return (
    rule.currency === work.currency &&
    FIELDS.every((field) => rule[field] === '' || rule[field] === work[field]) &&
    compare(rule.validFrom, work.day) <= 0 &&
    (rule.validTo === null || compare(work.day, rule.validTo) <= 0)
  );
}

function compare(one: Temporal.PlainDate, other: Temporal.PlainDate): number {
  return one.year - other.year || one.month - other.month || one.day - other.day;
}
