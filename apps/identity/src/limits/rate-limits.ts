import { DomainError } from '@paradesk/kernel';
import type { Database } from '@paradesk/platform';
import { type RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible';
import type { IdentityConfig } from '../config.js';
import { hashOf } from '../tokens/secret-text.js';
import { counters } from './counters.js';

/** Whose requests are counted: an API key's, a person's who has a session, those of an address at which nobody is signed in yet. */
export type Counted = 'key' | 'person' | 'address';

/** What is left in the minute that goes on. */
export interface Allowance {
  readonly limit: number;
  readonly remaining: number;
  readonly resetsInSeconds: number;
}

const WINDOW_SECONDS = 60;
const MOST_REMEMBERED = 10_000;

/**
 * How often each caller may ask in a minute. Counted in the database, so that all replicas count together. A credential that has used up
 * its minute is remembered in memory until that ends, and costs nothing any more.
 */
export class RateLimits {
  private readonly limiters: Readonly<Record<Counted, RateLimiterPostgres>>;
  /** When a credential may ask again, by its hash, as `performance.now()` counts. */
  private readonly usedUp = new Map<string, number>();

  constructor(database: Database, config: IdentityConfig) {
    this.limiters = {
      key: counters(database, 'key', config.KEY_REQUESTS_PER_MINUTE, WINDOW_SECONDS),
      person: counters(database, 'person', config.PERSON_REQUESTS_PER_MINUTE, WINDOW_SECONDS),
      address: counters(database, 'address', config.ADDRESS_SIGN_INS_PER_MINUTE, WINDOW_SECONDS),
    };
  }

  /**
   * Counts a request.
   *
   * @param id of the key, the person or the address
   * @param credential that was presented, and found right
   * @throws DomainError exhausted RATE_LIMITED, whose metadata say how long to wait
   */
  async take(counted: Counted, id: string, credential = ''): Promise<Allowance> {
    const limiter = this.limiters[counted];
    try {
      const { remainingPoints, msBeforeNext } = await limiter.consume(id);
      return { limit: limiter.points, remaining: remainingPoints, resetsInSeconds: secondsOf(msBeforeNext) };
    } catch (used) {
      if (!(used instanceof RateLimiterRes)) throw used;
      if (this.usedUp.size >= MOST_REMEMBERED) this.usedUp.clear();
      if (credential) this.usedUp.set(nameOf(credential), performance.now() + used.msBeforeNext);
      throw limited(used.msBeforeNext);
    }
  }

  /** Refuses, without asking the database, a credential that is known to have used up its minute. @throws DomainError exhausted RATE_LIMITED */
  refuseUsedUp(credential: string): void {
    if (this.usedUp.size === 0) return;
    const name = nameOf(credential);
    const waitMs = (this.usedUp.get(name) ?? 0) - performance.now();
    if (waitMs > 0) throw limited(waitMs);
    this.usedUp.delete(name);
  }
}

// By the whole credential, so that nobody learns anything of it who has not got it.
function nameOf(credential: string): string {
  return hashOf(credential).toString('base64');
}

function limited(waitMs: number): DomainError {
  const retryAfterSeconds = `${secondsOf(waitMs)}`;
  const message = `too many requests in this minute: try again in ${retryAfterSeconds} s`;
  return new DomainError('exhausted', 'RATE_LIMITED', message, [], { retryAfterSeconds });
}

function secondsOf(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1000));
}
