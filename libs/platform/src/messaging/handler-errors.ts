import { DomainError } from '@paradesk/kernel';
import { sqlStateOf } from '../database/database.js';

/** An event that no handler can be given. */
export class UnreadableEvent extends Error {
  constructor(readonly reason: 'UNDECODABLE' | 'UNKNOWN_SCHEMA_VERSION') {
    super(reason);
  }
}

// 08 connection, 53 resources, 57P operator intervention; serialization failures and deadlocks that outlived all replays.
const TRANSIENT_SQL_STATE = /^(08...|53...|57P0[1-5]|40001|40P01)$/;
const TRANSIENT_NETWORK = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EAI_AGAIN',
]);
// pg and TypeORM report a lost connection by these texts and classes only.
const LOST_CONNECTION =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error)/;
const LOST_CONNECTION_NAMES = new Set(['QueryRunnerAlreadyReleasedError', 'QueryRunnerProviderAlreadyReleasedError']);

/** True when the same event may well succeed later: the database is away, or somebody says `unavailable`. */
export function isTransient(error: unknown): boolean {
  if (error instanceof DomainError) return error.kind === 'unavailable';
  if (!(error instanceof Error)) return false;
  const { code } = error as { code?: unknown };
  return (
    TRANSIENT_SQL_STATE.test(sqlStateOf(error) ?? '') ||
    (typeof code === 'string' && TRANSIENT_NETWORK.has(code)) ||
    LOST_CONNECTION.test(error.message) ||
    LOST_CONNECTION_NAMES.has(error.name)
  );
}

/** The error in a word: the reason of a refusal, a SQLSTATE, or the error's class. Never its text, which may be privileged. */
export function reasonOf(error: unknown): string {
  if (error instanceof DomainError || error instanceof UnreadableEvent) return error.reason;
  if (!(error instanceof Error)) return 'NO_ERROR_OBJECT';
  return sqlStateOf(error) ?? error.constructor.name;
}
