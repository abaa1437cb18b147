import { Injectable } from '@nestjs/common';
import { DomainError } from '@paradesk/kernel';
import { Clock, Database } from '@paradesk/platform';
import { Temporal } from 'temporal-polyfill';
import { type Attempt } from '../limits/lock-outs.js';
import { LimitsService } from '../limits/limits.service.js';
import type { Allowance } from '../limits/rate-limits.js';
import { requireActive } from '../people/person.entity.js';
import { type ApiKeyState, opens, requireLive } from './api-key-state.js';
import { parseKey } from './api-key-text.js';

/** Who is signed in by a key, and for what. */
export interface KeySignIn {
  readonly publicId: string;
  readonly tenantId: string;
  readonly personId: string;
  readonly role: string;
  /** The client of the person, or else the one that the key is restricted to. */
  readonly clientId: string | undefined;
  /** Empty for all that the role may. */
  readonly scopes: readonly string[];
  readonly allowance: Allowance;
}

/** What `find_api_key` answers: all but the first is null where there is no such key. */
interface FoundKey {
  readonly locked_for_ms: number | null;
  readonly tenant_id: string | null;
  readonly secret_sha256: Buffer;
  readonly previous_secret_sha256: Buffer | null;
  readonly previous_ends_at: Date | null;
  readonly revoked_at: Date | null;
  readonly expires_at: Date | null;
  readonly scopes: string[];
  readonly restricted_to_client_id: string | null;
  readonly last_used_at: Date | null;
  readonly person_id: string;
  readonly role: string;
  readonly client_id: string | null;
  readonly deactivated_at: Date | null;
}

// Written at each request, the moment of the last use would cost a write a request.
const USE_PRECISION_MS = 60_000;

/**
 * Signs programs in by their API keys. Asked at each request that a program makes, so that what was revoked ends at once, and therefore in
 * two statements and no transaction: one finds the key, one counts the request.
 */
@Injectable()
export class KeySignInsService {
  constructor(
    private readonly database: Database,
    private readonly limits: LimitsService,
    private readonly clock: Clock,
  ) {}

  /**
   * The secret is compared before anything is said of the key, so that only its holder learns what became of it.
   *
   * @param address of the caller; empty where it is not known
   * @throws DomainError unauthenticated API_KEY_UNKNOWN, API_KEY_REVOKED, API_KEY_EXPIRED or PERSON_DEACTIVATED; exhausted LOCKED_OUT or
   *   RATE_LIMITED
   */
  async byKey(key: string, address: string): Promise<KeySignIn> {
    this.limits.rates.refuseUsedUp(key);
    const text = parseKey(key);
    if (!text) throw unknownKey();
    const attempt = { publicId: text.publicId, address };
    const found = await this.find(attempt);
    this.limits.lockOuts.refuseFor(found.locked_for_ms);
    if (found.tenant_id === null || !opens(stateOf(found), text.secret, this.clock.now())) {
      await this.limits.lockOuts.count(attempt);
      throw unknownKey();
    }
    return this.admit(found, text.publicId, key);
  }

  /**
   * By a token that was issued for the key, and is verified already.
   *
   * @param credential the token
   * @throws DomainError as `byKey`, but for LOCKED_OUT
   */
  async byPublicId(publicId: string, credential: string): Promise<KeySignIn> {
    this.limits.rates.refuseUsedUp(credential);
    const found = await this.find({ publicId, address: '' });
    if (found.tenant_id === null) throw unknownKey();
    return this.admit(found, publicId, credential);
  }

  private async find(attempt: Attempt): Promise<FoundKey> {
    const sql = 'select * from find_api_key($1, $2, $3)';
    const values = [attempt.publicId, ...this.limits.lockOuts.countersOf(attempt)];
    const [found] = await this.database.statement<FoundKey>('find-api-key', sql, values);
    if (!found) throw new Error('find_api_key answers with one row');
    return found;
  }

  private async admit(found: FoundKey, publicId: string, credential: string): Promise<KeySignIn> {
    requireLive(stateOf(found), this.clock.now());
    requireActive({ deactivatedAt: momentOf(found.deactivated_at) });
    const allowance = await this.limits.rates.take('key', publicId, credential);
    await this.noteUse(publicId, found.last_used_at);
    return {
      publicId,
      tenantId: found.tenant_id ?? '',
      personId: found.person_id,
      role: found.role,
      clientId: found.client_id ?? found.restricted_to_client_id ?? undefined,
      scopes: found.scopes,
      allowance,
    };
  }

  private async noteUse(publicId: string, before: Date | null): Promise<void> {
    const now = this.clock.now();
    if (before && now.epochMilliseconds - before.getTime() < USE_PRECISION_MS) return;
    const sql = 'update api_key_directory set last_used_at = greatest(last_used_at, $2) where public_id = $1';
    await this.database.statement('note-use-of-key', sql, [publicId, now.toString()]);
  }
}

function stateOf(found: FoundKey): ApiKeyState {
  return {
    secretSha256: found.secret_sha256,
    previousSecretSha256: found.previous_secret_sha256,
    previousEndsAt: momentOf(found.previous_ends_at),
    revokedAt: momentOf(found.revoked_at),
    expiresAt: momentOf(found.expires_at),
  };
}

function momentOf(stored: Date | null): Temporal.Instant | null {
  return stored && Temporal.Instant.fromEpochMilliseconds(stored.getTime());
}

function unknownKey(): DomainError {
  return new DomainError('unauthenticated', 'API_KEY_UNKNOWN', 'the API key is not known');
}
