import { DomainError } from '@paradesk/kernel';
import { sqlStateOf } from '../database/database.js';
import { isLostConnection } from '../database/lost-connections.js';

/** An event that no handler can be given. */
export class UnreadableEvent extends Error {
  constructor(readonly reason: 'UNDECODABLE' | 'UNKNOWN_SCHEMA_VERSION') {
    super(reason);
  }
}

// Serialization failures and deadlocks that outlived all replays.
const REPLAYED_IN_VAIN = new Set(['40001', '40P01']);

/** True when the same event may well succeed later: the database is away, or somebody says `unavailable`. */
export function isTransient(error: unknown): boolean {
  if (error instanceof DomainError) return error.kind === 'unavailable';
  return isLostConnection(error) || REPLAYED_IN_VAIN.has(sqlStateOf(error) ?? '');
}

/** True when it is the database that is away: another event would fare no better. */
export function isDatabaseAway(error: unknown): boolean {
  return isLostConnection(error) || (error instanceof DomainError && isLostConnection(error.cause));
}

/** The error in a word: the reason of a refusal, a SQLSTATE, or the error's class. Never its text, which may be privileged. */
export function reasonOf(error: unknown): string {
  if (error instanceof DomainError || error instanceof UnreadableEvent) return error.reason;
  if (!(error instanceof Error)) return 'NO_ERROR_OBJECT';
  return sqlStateOf(error) ?? error.constructor.name;
}
