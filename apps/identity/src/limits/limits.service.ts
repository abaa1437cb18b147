import { Inject, Injectable } from '@nestjs/common';
import { DomainError } from '@paradesk/kernel';
import { CONFIG, Database } from '@paradesk/platform';
import type { IdentityConfig } from '../config.js';
import { type Attempt, LockOuts } from './lock-outs.js';
import { networkOf } from './network.js';
import { RateLimits } from './rate-limits.js';

/** What one caller may ask. All of it is counted in the database, so that it holds across replicas. */
@Injectable()
export class LimitsService {
  readonly rates: RateLimits;
  readonly lockOuts: LockOuts;

  constructor(database: Database, @Inject(CONFIG) config: IdentityConfig) {
    this.rates = new RateLimits(database, config);
    this.lockOuts = new LockOuts(database);
  }

  /**
   * Tries a secret, unless the caller is locked out; a wrong one is counted.
   *
   * @param wrong the reason by which `work` refuses a wrong secret
   * @throws DomainError exhausted LOCKED_OUT, and what `work` throws
   */
  async trying<T>(attempt: Attempt, wrong: string, work: () => Promise<T>): Promise<T> {
    await this.lockOuts.refuse(attempt);
    try {
      return await work();
    } catch (error) {
      if (error instanceof DomainError && error.reason === wrong) await this.lockOuts.count(attempt);
      throw error;
    }
  }

  /**
   * Lets somebody sign in at an address at which nobody is signed in yet: counted by the address, since there is nobody else.
   *
   * @param wrong the reason by which `work` refuses a wrong secret
   * @throws DomainError exhausted RATE_LIMITED or LOCKED_OUT, and what `work` throws
   */
  async signingIn<T>(address: string, wrong: string, work: () => Promise<T>): Promise<T> {
    const network = networkOf(address);
    if (network) await this.rates.take('address', network);
    return this.trying({ publicId: '', address }, wrong, work);
  }
}
