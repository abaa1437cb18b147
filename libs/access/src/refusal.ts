import { DomainError } from '@paradesk/kernel';
import type { Refused } from './decide.js';

/** What a request named, as the refusal would call it if it were not there. */
export interface Subject {
  /** Such as `matter` or `time entry`. */
  readonly noun: string;
  readonly id: string;
}

/**
 * What leaves for a refusal. Of another tenant's, another client's, a walled matter or one the caller does not work on it says what it
 * would say if there were none, of reads and of writes: existence is a fact too. Everything else is forbidden with its reason, or
 * unauthenticated TOKEN_MISSING. The decision itself is the `cause`, for the audit trail and the log; no client sees it.
 */
export function refusalOf(refused: Refused, subject: Subject): DomainError {
  return because(refused, refused.hidden ? DomainError.notFound(subject.noun, subject.id) : openly(refused));
}

/** The refusal of a rule, which is about nothing that could be hidden. */
export function openRefusal(refused: Refused): DomainError {
  return because(refused, openly(refused));
}

function openly({ reason, message }: Refused): DomainError {
  return new DomainError(reason === 'TOKEN_MISSING' ? 'unauthenticated' : 'forbidden', reason, message);
}

function because(refused: Refused, refusal: DomainError): DomainError {
  refusal.cause = refused;
  return refusal;
}
