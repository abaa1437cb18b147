import { DomainError } from '@paradesk/kernel';
import type { Database } from '@paradesk/platform';
import { type RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible';
import { counters } from './counters.js';
import { networkOf } from './network.js';

/** What is presented, and from where. */
export interface Attempt {
  /** Public id of the credential; empty where there is none. */
  readonly publicId: string;
  /** IP address of the caller; empty where it is not known, and then nothing is counted. */
  readonly address: string;
}

const LOCKED_SECONDS = 15 * 60;

// One program with a mistyped secret is locked out by itself long before its whole office is.
const MOST_AT_CREDENTIAL = 10;
const MOST_OF_ADDRESS = 100;

/**
 * Who guesses is locked out for fifteen minutes: an address from a credential after ten wrong secrets for it, and from all after a hundred.
 * Counted by address, so that no stranger locks out the owner of a key. Then the right secret is refused as well, so that a guess teaches
 * nothing. Addresses of IPv6 count by their network.
 */
export class LockOuts {
  private readonly atCredential: RateLimiterPostgres;
  private readonly ofAddress: RateLimiterPostgres;

  constructor(private readonly database: Database) {
    this.atCredential = counters(database, 'guess', MOST_AT_CREDENTIAL, LOCKED_SECONDS);
    this.ofAddress = counters(database, 'guesses', MOST_OF_ADDRESS, LOCKED_SECONDS);
  }

  /** The keys of an attempt's counters and how many guesses lock out, as the database's functions `locked_for` and `find_api_key` take them. */
  countersOf(attempt: Attempt): [string[], number[]] {
    const all = this.all(attempt);
    return [all.map(({ counter, id }) => counter.getKey(id)), all.map(({ counter }) => counter.points)];
  }

  /** @throws DomainError exhausted LOCKED_OUT, whose metadata say how long to wait */
  async refuse(attempt: Attempt): Promise<void> {
    const [keys, most] = this.countersOf(attempt);
    if (keys.length === 0) return;
    const sql = 'select locked_for($1, $2) as "waitMs"';
    const [row] = await this.database.statement<{ waitMs: number | null }>('locked-for', sql, [keys, most]);
    this.refuseFor(row?.waitMs ?? null);
  }

  /** @param waitMs what `locked_for` answered. @throws DomainError exhausted LOCKED_OUT */
  refuseFor(waitMs: number | null): void {
    if (waitMs === null || waitMs <= 0) return;
    const retryAfterSeconds = `${Math.ceil(waitMs / 1000)}`;
    const message = `there were too many wrong secrets from this address: try again in ${retryAfterSeconds} s`;
    throw new DomainError('exhausted', 'LOCKED_OUT', message, [], { retryAfterSeconds });
  }

  /** Counts a wrong secret. */
  async count(attempt: Attempt): Promise<void> {
    for (const { counter, id } of this.all(attempt)) {
      const guesses = await counter.consume(id).catch((used: unknown) => {
        if (used instanceof RateLimiterRes) return used;
        throw used;
      });
      // The time counts from the last guess, not from the first.
      if (guesses.consumedPoints === counter.points) await counter.block(id, LOCKED_SECONDS);
    }
  }

  private all({ publicId, address }: Attempt): { counter: RateLimiterPostgres; id: string }[] {
    const network = networkOf(address);
    if (!network) return [];
    const ofAddress = { counter: this.ofAddress, id: network };
    return publicId ? [{ counter: this.atCredential, id: `${publicId} ${network}` }, ofAddress] : [ofAddress];
  }
}
