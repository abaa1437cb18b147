import { DomainError } from '@paradesk/kernel';

// 08 connection, 53 resources, 57P operator intervention.
const LOST_STATE = /^(08...|53...|57P0[1-5])$/;
const LOST_NETWORK = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EAI_AGAIN',
  'ENOTFOUND',
]);
// pg and TypeORM report a lost connection by these texts and classes only.
const LOST_TEXT =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error)/;
const LOST_NAMES = new Set(['QueryRunnerAlreadyReleasedError', 'QueryRunnerProviderAlreadyReleasedError']);

/** True when the database, or whatever else is across the network, is away or has no room: the same may well succeed later. */
export function isLostConnection(error: unknown): boolean {
  const { code, message, name } = described(error);
  return LOST_STATE.test(code) || LOST_NETWORK.has(code) || LOST_TEXT.test(message) || LOST_NAMES.has(name);
}

/** What a caller is told while the database is away: unavailable DATABASE_UNAVAILABLE. Any other error stays what it is. */
export function unavailableIfLost(error: unknown): unknown {
  if (!isLostConnection(error)) return error;
  const refusal = new DomainError('unavailable', 'DATABASE_UNAVAILABLE', 'the database does not answer; try again');
  refusal.cause = error;
  return refusal;
}

const RETRY_MS = 500;

/** How patiently to connect. */
export interface Waiting {
  /** For how long to try again while nobody answers, in milliseconds. */
  readonly waitMs: number;
  /** Told once, with a word for why, when the first attempt failed and others follow. */
  readonly onWait?: (reason: string) => void;
}

/**
 * Connects to a database that may still be starting.
 *
 * @param url of the database: only host, port and name of it are ever said
 * @throws Error in one line, when it does not answer in time, and at once when it answers that it will not have us
 */
export async function connectPatiently<T>(
  url: string,
  { waitMs, onWait }: Waiting,
  connect: () => Promise<T>,
): Promise<T> {
  const { host, pathname } = new URL(url);
  const where = `the database ${pathname.slice(1)} at ${host}`;
  const endsAtMs = performance.now() + waitMs;
  for (let waited = false; ; waited = true) {
    try {
      return await connect();
    } catch (error) {
      const why = wordFor(error);
      if (!isLostConnection(error))
        throw new Error(`${where} does not take this service (${why}): correct DATABASE_URL`, { cause: error });
      if (performance.now() + RETRY_MS > endsAtMs)
        throw new Error(`${where} does not answer (${why}): start it, or correct DATABASE_URL`, { cause: error });
      if (!waited) onWait?.(why);
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

/** A code or a class, never a text: that of PostgreSQL names roles, that of a driver may quote the URL. */
function wordFor(error: unknown): string {
  const { code, name } = described(error);
  return code || (isLostConnection(error) ? 'no connection in time' : name || 'no connection');
}

// By shape: an error of Node's own is no Error of ours in every realm.
function described(error: unknown): Record<'code' | 'message' | 'name', string> {
  const { code, message, name } = (error ?? {}) as Record<string, unknown>;
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');
  return { code: text(code), message: text(message), name: text(name) };
}
