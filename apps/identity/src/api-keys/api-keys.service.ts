import { Injectable } from '@nestjs/common';
import type { Caller } from '@paradesk/access';
import { scopes as allScopes } from '@paradesk/contracts';
import type { PageRequest, PageResult } from '@paradesk/contracts/paradesk/common/v1/page';
import { DomainError } from '@paradesk/kernel';
import { Clock, Database, Ids, pageQuery, pageResult, type Tx } from '@paradesk/platform';
import { Temporal } from 'temporal-polyfill';
import { MoreThan } from 'typeorm';
import { Client } from '../clients/client.entity.js';
import { Person } from '../people/person.entity.js';
import { formatKey, newKeyText } from './api-key-text.js';
import { ApiKey, type NewApiKey } from './api-key.entity.js';

/** A key, and when it was used last, to within a minute; undefined before the first time. */
export interface UsedKey {
  readonly apiKey: ApiKey;
  readonly lastUsedAt: Temporal.Instant | undefined;
}

/** A key and its whole text, which is known here and now only. */
export interface ShownKey extends UsedKey {
  readonly key: string;
}

@Injectable()
export class ApiKeysService {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly ids: Ids,
  ) {}

  /**
   * @throws DomainError invalid UNKNOWN_SCOPE, CLIENT_NOT_OF_PERSON or EXPIRES_IN_THE_PAST; not-found PERSON_NOT_FOUND or
   *   CLIENT_NOT_FOUND; forbidden KEY_MAY_MORE
   */
  async create(caller: Caller, newKey: NewApiKey): Promise<ShownKey> {
    requireKnownScopes(newKey.scopes);
    requireNoMore(caller, newKey);
    return this.database.transaction(caller, async (tx) => {
      await requireFitting(tx, newKey);
      const text = newKeyText();
      const apiKey = ApiKey.create(tx.tenantId, this.ids.next(), { ...newKey, ...text, createdAt: this.clock.now() });
      await tx.insert(ApiKey, apiKey);
      await enterInDirectory(tx, apiKey);
      return { apiKey, lastUsedAt: undefined, key: formatKey(text) };
    });
  }

  /** Keys, the oldest first. */
  async list(caller: Caller, page: PageRequest | undefined): Promise<{ items: UsedKey[]; page: PageResult }> {
    const query = pageQuery(page);
    return this.database.transaction(caller, async (tx) => {
      const rows = await tx.find(ApiKey, {
        where: { tenantId: tx.tenantId, ...(query.after && { id: MoreThan(query.after) }) },
        order: { id: 'ASC' },
        take: query.size + 1,
      });
      const { items, page: result } = pageResult(rows, query, (apiKey) => apiKey.id);
      return { items: await withUse(tx, items), page: result };
    });
  }

  /** @throws DomainError not-found API_KEY_NOT_FOUND, forbidden KEY_MAY_MORE, refused as `ApiKey.rotate` */
  async rotate(caller: Caller, id: string, graceHours: number): Promise<ShownKey> {
    return this.database.transaction(caller, async (tx) => {
      const apiKey = await lock(tx, id);
      requireNoMore(caller, apiKey);
      const { secret } = newKeyText();
      apiKey.rotate(secret, graceHours, this.clock.now());
      await tx.save(apiKey);
      const [used] = await withUse(tx, [apiKey]);
      return { apiKey, lastUsedAt: used?.lastUsedAt, key: formatKey({ publicId: apiKey.publicId, secret }) };
    });
  }

  /** @throws DomainError not-found API_KEY_NOT_FOUND */
  async revoke(caller: Caller, id: string): Promise<UsedKey> {
    return this.database.transaction(caller, async (tx) => {
      const apiKey = await lock(tx, id);
      apiKey.revoke(this.clock.now());
      await tx.save(apiKey);
      const [used] = await withUse(tx, [apiKey]);
      return { apiKey, lastUsedAt: used?.lastUsedAt };
    });
  }
}

function requireKnownScopes(scopes: readonly string[]): void {
  const known = new Set(allScopes());
  const unknown = scopes.flatMap((scope, index) => (known.has(scope) ? [] : [index]));
  if (unknown.length === 0) return;
  const description = `is none of ${allScopes().join(', ')}`;
  const violations = unknown.map((index) => ({ field: `scopes[${index}]`, description }));
  throw new DomainError('invalid', 'UNKNOWN_SCOPE', `a scope ${description}`, violations);
}

/** Whoever got hold of a key that may little must not make one of it that may more. */
function requireNoMore(caller: Caller, { scopes }: Pick<NewApiKey, 'scopes'>): void {
  const own = caller.scopes;
  if (!own || (scopes.length > 0 && scopes.every((scope) => own.includes(scope)))) return;
  throw DomainError.forbidden('KEY_MAY_MORE', 'the key would be good for more than the one that asks for it');
}

async function requireFitting(tx: Tx, { personId, restrictedToClientId }: NewApiKey): Promise<void> {
  const person = await tx.findOneBy(Person, { tenantId: tx.tenantId, id: personId });
  if (!person) throw DomainError.notFound('person', personId);
  if (restrictedToClientId === null) return;
  if (!(await tx.existsBy(Client, { tenantId: tx.tenantId, id: restrictedToClientId }))) {
    throw DomainError.notFound('client', restrictedToClientId);
  }
  if (person.clientId !== null && person.clientId !== restrictedToClientId.toLowerCase()) {
    throw DomainError.invalid('clientId', 'CLIENT_NOT_OF_PERSON', 'the person belongs to another client');
  }
}

async function lock(tx: Tx, id: string): Promise<ApiKey> {
  const apiKey = await tx.findOne(ApiKey, {
    where: { tenantId: tx.tenantId, id },
    lock: { mode: 'pessimistic_write' },
  });
  if (!apiKey) throw DomainError.notFound('API key', id);
  return apiKey;
}

async function enterInDirectory(tx: Tx, { publicId, tenantId, id }: ApiKey): Promise<void> {
  const sql = 'insert into api_key_directory (public_id, tenant_id, api_key_id) values ($1, $2, $3)';
  await tx.query(sql, [publicId, tenantId, id]);
}

async function withUse(tx: Tx, apiKeys: readonly ApiKey[]): Promise<UsedKey[]> {
  const sql = 'select public_id as id, last_used_at as at from api_key_directory where public_id = any ($1)';
  const rows = await tx.query<{ id: string; at: Date | null }[]>(sql, [apiKeys.map(({ publicId }) => publicId)]);
  const used = new Map(rows.map(({ id, at }) => [id, at?.getTime()]));
  return apiKeys.map((apiKey) => {
    const atMs = used.get(apiKey.publicId);
    return { apiKey, lastUsedAt: atMs === undefined ? undefined : Temporal.Instant.fromEpochMilliseconds(atMs) };
  });
}
