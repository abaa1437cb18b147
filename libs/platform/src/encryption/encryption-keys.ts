import { DomainError } from '@paradesk/kernel';
import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import type { Database } from '../database/database.js';
import type { KeyContext, KeyProvider, WrappedKey } from './key-provider.js';

/**
 * Whose key something is encrypted with: the matter's that it belongs to; the client's where it belongs to the client as a whole; the tenant's
 * where it belongs to no client. What belongs together is erased together.
 */
export interface KeyScope {
  readonly tenantId: string;
  readonly kind: 'matter' | 'client' | 'tenant';
  /** UUID of the matter, client or tenant. */
  readonly id: string;
}

interface KeyRow {
  readonly wrapped_key: Buffer | null;
  readonly master_key_id: string | null;
}

const CACHED_MS = 5 * 60_000;
const MOST_CACHED = 1_000;

/** The data keys of a service: one for each matter, client or tenant that it stores something of. */
export class EncryptionKeys {
  private readonly unwrapped = new Map<string, KeyObject>();

  /** @param cachedMs how long an unwrapped key is kept in memory, in milliseconds; 5 minutes by default */
  constructor(
    private readonly database: Database,
    private readonly provider: KeyProvider,
    private readonly service: string,
    private readonly cachedMs = CACHED_MS,
  ) {}

  /**
   * The data key of a scope, made when there is none. Whether it is erased is looked up each time: no copy in memory outlives an erasure.
   *
   * @throws DomainError refused ERASED; unavailable KEYS_UNAVAILABLE or DATABASE_UNAVAILABLE
   */
  async keyFor(scope: KeyScope): Promise<KeyObject> {
    return (await this.knownKey(scope)) ?? this.made(scope);
  }

  /**
   * The data key of a scope if anything was ever stored for it.
   *
   * @throws DomainError refused ERASED; unavailable KEYS_UNAVAILABLE or DATABASE_UNAVAILABLE
   */
  async knownKey(scope: KeyScope): Promise<KeyObject | undefined> {
    const row = await this.database.beside({ tenantId: scope.tenantId }, (tx) => find(tx, scope));
    return row && this.unwrap(scope, requireKey(row));
  }

  /** Destroys the key of a scope: see `ObjectStorage.erase`. */
  async erase(tx: Pick<EntityManager, 'query'>, { tenantId, kind, id }: KeyScope): Promise<void> {
    await tx.query(
      `insert into encryption_keys as known (tenant_id, scope_kind, scope_id, erased_at) values ($1, $2, $3, now())
       on conflict (tenant_id, scope_kind, scope_id) do update set wrapped_key = null, master_key_id = null, erased_at = now()
       where known.erased_at is null`,
      [tenantId, kind, id],
    );
  }

  private async made(scope: KeyScope): Promise<KeyObject> {
    const { tenantId, kind, id } = scope;
    const { wrapped, masterKeyId } = await this.provider.wrap(randomBytes(32), this.contextOf(scope));
    const row = await this.database.beside({ tenantId }, async (tx) => {
      // Two first uploads of a matter race: both go on with the key of the one that was first.
      await tx.query(
        `insert into encryption_keys (tenant_id, scope_kind, scope_id, wrapped_key, master_key_id) values ($1, $2, $3, $4, $5)
         on conflict do nothing`,
        [tenantId, kind, id, wrapped, masterKeyId],
      );
      return find(tx, scope);
    });
    if (!row) throw new Error('a data key is gone that was just made');
    return this.unwrap(scope, requireKey(row));
  }

  private async unwrap(scope: KeyScope, key: WrappedKey): Promise<KeyObject> {
    const context = this.contextOf(scope);
    const name = `${key.masterKeyId} ${key.wrapped.toString('base64')} ${JSON.stringify(context)}`;
    const cached = this.unwrapped.get(name);
    if (cached) return cached;
    const opened = createSecretKey(await this.provider.unwrap(key, context));
    if (this.unwrapped.size >= MOST_CACHED) this.unwrapped.clear();
    this.unwrapped.set(name, opened);
    setTimeout(() => this.unwrapped.delete(name), this.cachedMs).unref();
    return opened;
  }

  private contextOf({ tenantId, kind, id }: KeyScope): KeyContext {
    return { service: this.service, tenant: tenantId, [kind]: id };
  }
}

async function find(tx: Pick<EntityManager, 'query'>, { tenantId, kind, id }: KeyScope): Promise<KeyRow | undefined> {
  const [row]: KeyRow[] = await tx.query(
    'select wrapped_key, master_key_id from encryption_keys where tenant_id = $1 and scope_kind = $2 and scope_id = $3',
    [tenantId, kind, id],
  );
  return row;
}

function requireKey({ wrapped_key: wrapped, master_key_id: masterKeyId }: KeyRow): WrappedKey {
  if (wrapped && masterKeyId) return { wrapped, masterKeyId };
  throw DomainError.refused('ERASED', 'what was stored here has been erased for good');
}
