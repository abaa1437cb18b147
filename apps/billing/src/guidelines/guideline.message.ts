import {
  Guideline as GuidelineMessage,
  GuidelineSeverity as SeverityMessage,
} from '@paradesk/contracts/paradesk/billing/v1/guidelines';
import type { GuidelineFinding } from '@paradesk/contracts/paradesk/billing/v1/time_entries';
import type { Finding, Guideline, Severity } from './guideline.js';

const guidelines: Record<Guideline, GuidelineMessage> = {
  block_billing: GuidelineMessage.BLOCK_BILLING,
  vague_narrative: GuidelineMessage.VAGUE_NARRATIVE,
  clerical_work: GuidelineMessage.CLERICAL_WORK,
  duplicate: GuidelineMessage.DUPLICATE,
  day_too_long: GuidelineMessage.DAY_TOO_LONG,
  late_entry: GuidelineMessage.LATE_ENTRY,
  timekeeper_not_approved: GuidelineMessage.TIMEKEEPER_NOT_APPROVED,
  rate_not_agreed: GuidelineMessage.RATE_NOT_AGREED,
  code_missing: GuidelineMessage.CODE_MISSING,
  code_not_allowed: GuidelineMessage.CODE_NOT_ALLOWED,
  internal_conference: GuidelineMessage.INTERNAL_CONFERENCE,
  chipping: GuidelineMessage.CHIPPING,
  increment_not_honoured: GuidelineMessage.INCREMENT_NOT_HONOURED,
  narrative_too_long: GuidelineMessage.NARRATIVE_TOO_LONG,
};

const severities: Record<Severity, SeverityMessage> = {
  off: SeverityMessage.OFF,
  note: SeverityMessage.NOTE,
  warn: SeverityMessage.WARN,
  block: SeverityMessage.BLOCK,
};

export function toGuideline(guideline: Guideline): GuidelineMessage {
  return guidelines[guideline];
}

/** The guideline that a request means; the contracts' field rules let only stated, known ones through. */
export function fromGuideline(message: GuidelineMessage): Guideline {
  return keyOf(guidelines, message);
}

export function toSeverity(severity: Severity): SeverityMessage {
  return severities[severity];
}

export function fromSeverity(message: SeverityMessage): Severity {
  return keyOf(severities, message);
}

/** A finding as the contracts carry it. */
export function toFinding({ guideline, severity, message, waiver }: Finding): GuidelineFinding {
  return {
    guideline: toGuideline(guideline),
    severity: toSeverity(severity),
    message,
    waiverReason: waiver?.reason ?? '',
    waivedBy: waiver?.personId ?? '',
  };
}

function keyOf<K extends string>(values: Record<K, number>, value: number): K {
  const key = (Object.keys(values) as K[]).find((one) => values[one] === value);
  if (!key) throw new Error(`${value} has no name`);
  return key;
}
