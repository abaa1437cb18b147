import { Injectable } from '@nestjs/common';
import type { Caller } from '@paradesk/access';
import type { PageRequest, PageResult } from '@paradesk/contracts/paradesk/common/v1/page';
import { DomainError } from '@paradesk/kernel';
import { Clock, Database, Ids, pageQuery, pageResult } from '@paradesk/platform';
import { type EntityManager, MoreThan } from 'typeorm';
import { Person } from '../people/person.entity.js';
import { formatKey, newKeyText, parseKey } from './api-key-text.js';
import { ApiKey, type NewApiKey } from './api-key.entity.js';

/** Where a key is to be found, before its tenant is known. */
interface DirectoryEntry {
  readonly tenantId: string;
  readonly apiKeyId: string;
}

@Injectable()
export class ApiKeysService {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly ids: Ids,
  ) {}

  /** @returns the key and its whole text, which is known here and now only */
  async create(caller: Caller, newKey: NewApiKey): Promise<{ apiKey: ApiKey; key: string }> {
    return this.database.transaction(caller, async (tx) => {
      const isKnown = await tx.existsBy(Person, { tenantId: tx.tenantId, id: newKey.personId });
      if (!isKnown) throw DomainError.notFound('person', newKey.personId);
      const text = newKeyText();
      const apiKey = ApiKey.create(tx.tenantId, this.ids.next(), { ...newKey, ...text, createdAt: this.clock.now() });
      await tx.insert(ApiKey, apiKey);
      await enterInDirectory(tx, apiKey);
      return { apiKey, key: formatKey(text) };
    });
  }

  /** Keys, the oldest first. */
  async list(caller: Caller, page: PageRequest | undefined): Promise<{ items: ApiKey[]; page: PageResult }> {
    const query = pageQuery(page);
    return this.database.transaction(caller, async (tx) => {
      const rows = await tx.find(ApiKey, {
        where: { tenantId: tx.tenantId, ...(query.after && { id: MoreThan(query.after) }) },
        order: { id: 'ASC' },
        take: query.size + 1,
      });
      return pageResult(rows, query, (apiKey) => apiKey.id);
    });
  }

  async revoke(caller: Caller, id: string): Promise<ApiKey> {
    return this.database.transaction(caller, async (tx) => {
      const apiKey = await tx.findOne(ApiKey, {
        where: { tenantId: tx.tenantId, id },
        lock: { mode: 'pessimistic_write' },
      });
      if (!apiKey) throw DomainError.notFound('API key', id);
      apiKey.revoke(this.clock.now());
      await tx.save(apiKey);
      return apiKey;
    });
  }

  /**
   * The person that a key signs in. The secret is compared before anything is said of the key, so that only its holder learns
   * that it was revoked.
   *
   * @throws DomainError unauthenticated API_KEY_UNKNOWN or API_KEY_REVOKED
   */
  async authenticate(key: string): Promise<Person> {
    const text = parseKey(key);
    const entry = text && (await this.database.system((tx) => lookUpInDirectory(tx, text.publicId)));
    if (!text || !entry) throw unknownKey();
    return this.database.beside(entry, async (tx) => {
      const apiKey = await tx.findOneByOrFail(ApiKey, { tenantId: tx.tenantId, id: entry.apiKeyId });
      if (!apiKey.opensWith(text.secret)) throw unknownKey();
      if (apiKey.revokedAt) throw new DomainError('unauthenticated', 'API_KEY_REVOKED', 'the API key was revoked');
      return tx.findOneByOrFail(Person, { tenantId: tx.tenantId, id: apiKey.personId });
    });
  }
}

async function enterInDirectory(tx: EntityManager, { publicId, tenantId, id }: ApiKey): Promise<void> {
  const sql = 'insert into api_key_directory (public_id, tenant_id, api_key_id) values ($1, $2, $3)';
  await tx.query(sql, [publicId, tenantId, id]);
}

async function lookUpInDirectory(tx: EntityManager, publicId: string): Promise<DirectoryEntry | undefined> {
  const sql = 'select tenant_id as "tenantId", api_key_id as "apiKeyId" from api_key_directory where public_id = $1';
  const [entry] = await tx.query<DirectoryEntry[]>(sql, [publicId]);
  return entry;
}

function unknownKey(): DomainError {
  return new DomainError('unauthenticated', 'API_KEY_UNKNOWN', 'the API key is not known');
}
