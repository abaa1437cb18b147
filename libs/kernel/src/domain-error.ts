/**
 * What went wrong, seen from the caller: `invalid` input to correct; `unauthenticated` and `forbidden` for who asks;
 * `not-found`; `conflict` with somebody else's change; `refused` because the state does not allow it; `exhausted` limits;
 * `unavailable`, worth a second try. Platform maps each kind to one gRPC status.
 */
export type DomainErrorKind =
  'invalid' | 'unauthenticated' | 'forbidden' | 'not-found' | 'conflict' | 'refused' | 'exhausted' | 'unavailable';

/** One field of the input that was not accepted, with its path as the caller wrote it (`lines[2].minutes`) and why. */
export type FieldViolation = { readonly field: string; readonly description: string };

// google.rpc.ErrorInfo.reason: at most 63 characters of this shape. Partners switch on reasons, so they are never renamed.
const REASON = /^[A-Z][A-Z0-9_]{1,61}[A-Z0-9]$/;

/**
 * A refusal the caller is meant to read; every other error leaves the system as INTERNAL without text.
 *
 * `reason` is for programs (SCREAMING_SNAKE, 3 to 63 characters, never renamed), `message` for people. `violations` names
 * the fields of bad input (google.rpc.BadRequest), `metadata` carries what a program needs beside the reason
 * (google.rpc.ErrorInfo), for instance the id that was not found.
 *
 * @throws TypeError when the reason is not SCREAMING_SNAKE: that is a mistake in our code, not a refusal.
 */
export class DomainError extends Error {
  override readonly name = 'DomainError';

  constructor(
    readonly kind: DomainErrorKind,
    readonly reason: string,
    message: string,
    readonly violations: readonly FieldViolation[] = [],
    readonly metadata: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    if (!REASON.test(reason)) {
      throw new TypeError(`The reason of a DomainError is SCREAMING_SNAKE of 3 to 63 characters, not "${reason}"`);
    }
  }

  /** Bad input in one field; `message` is also the description of the violation. */
  static invalid(field: string, reason: string, message: string): DomainError {
    return new DomainError('invalid', reason, message, [{ field, description: message }]);
  }

  /**
   * Bad input in several fields at once, reason INVALID_ARGUMENT, in the order given.
   *
   * @throws TypeError without a violation: nothing was wrong, so there is nothing to refuse.
   */
  static invalidAll(violations: readonly FieldViolation[]): DomainError {
    if (violations.length === 0) throw new TypeError('A refusal of invalid input names at least one field');
    const message = violations.map(({ field, description }) => `${field}: ${description}`).join('; ');
    return new DomainError('invalid', 'INVALID_ARGUMENT', message, [...violations]);
  }

  /**
   * Nothing with this id that the caller may see; the reason is the noun: `notFound('time entry', id)` gives
   * TIME_ENTRY_NOT_FOUND and `metadata.id`. The same answer for what another tenant owns, so that it tells nothing.
   */
  static notFound(noun: string, id: string): DomainError {
    const words = noun.replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2').split(/[\s_-]+/);
    const reason = `${words.join('_').toUpperCase()}_NOT_FOUND`;
    return new DomainError('not-found', reason, `There is no ${words.join(' ').toLowerCase()} ${id}`, [], { id });
  }

  /** The state does not allow it: an issued invoice is not edited. Asking again changes nothing until the state does. */
  static refused(reason: string, message: string, metadata: Readonly<Record<string, string>> = {}): DomainError {
    return new DomainError('refused', reason, message, [], metadata);
  }

  /** Somebody else was first: a version moved on, a unique name is taken. */
  static conflict(reason: string, message: string, metadata: Readonly<Record<string, string>> = {}): DomainError {
    return new DomainError('conflict', reason, message, [], metadata);
  }

  /** This person may not: the role, the task class or a wall is in the way. */
  static forbidden(reason: string, message: string, metadata: Readonly<Record<string, string>> = {}): DomainError {
    return new DomainError('forbidden', reason, message, [], metadata);
  }
}
