import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '@paradesk/kernel';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../src/database/database.js';
import { EncryptionKeys, type KeyScope } from '../src/encryption/encryption-keys.js';
import type { KeyContext, KeyProvider, WrappedKey } from '../src/encryption/key-provider.js';
import { PlatformDatabase } from './platform-database.js';

/** Wraps so that a test can see whether a key stands somewhere in clear; counts what it is asked. */
class CountingKeys implements KeyProvider {
  wraps = 0;
  unwraps = 0;
  readonly made: Buffer[] = [];

  async wrap(key: Buffer, context: KeyContext): Promise<WrappedKey> {
    this.wraps += 1;
    this.made.push(Buffer.from(key));
    const wrapped = Buffer.concat([Buffer.from(key).map((byte) => byte ^ 0x55), Buffer.from(JSON.stringify(context))]);
    return { wrapped, masterKeyId: 'master-1' };
  }

  async unwrap({ wrapped }: WrappedKey, context: KeyContext): Promise<Buffer> {
    this.unwraps += 1;
    if (wrapped.subarray(32).toString() !== JSON.stringify(context)) throw new Error('of another context');
    return Buffer.from(wrapped.subarray(0, 32).map((byte) => byte ^ 0x55));
  }
}

let platform: PlatformDatabase;
let database: Database;
beforeAll(async () => {
  platform = await PlatformDatabase.open([]);
  database = await platform.connect();
});
afterAll(() => platform.close());

const aMatter = (tenantId = newId(Date.now())): KeyScope => ({ tenantId, kind: 'matter', id: newId(Date.now()) });

describe('the key of a matter', () => {
  it('is made at its first use, and is the same for every process from then on', async () => {
    const provider = new CountingKeys();
    const scope = aMatter();
    const one = new EncryptionKeys(database, provider, 'documents');
    const two = new EncryptionKeys(database, provider, 'documents');
    expect(await one.knownKey(scope)).toBeUndefined();
    const key = await one.keyFor(scope);
    expect((await two.keyFor(scope)).equals(key)).toBe(true);
    expect((await two.knownKey(scope))?.equals(key)).toBe(true);
    expect(provider.wraps).toBe(1);
  });

  it('is one, however many uploads make it at once', async () => {
    const provider = new CountingKeys();
    const scope = aMatter();
    const processes = [1, 2, 3, 4].map(() => new EncryptionKeys(database, provider, 'documents'));
    const [first, ...others] = await Promise.all(processes.map((keys) => keys.keyFor(scope)));
    for (const other of others) expect(other.equals(first!)).toBe(true);
  });

  it('is another one for each matter, client and tenant', async () => {
    const keys = new EncryptionKeys(database, new CountingKeys(), 'documents');
    const { tenantId, id } = aMatter();
    const scopes: KeyScope[] = [
      { tenantId, kind: 'matter', id },
      { tenantId, kind: 'client', id },
      { tenantId, kind: 'tenant', id: tenantId },
      { tenantId: newId(Date.now()), kind: 'matter', id },
    ];
    const made = await Promise.all(scopes.map((scope) => keys.keyFor(scope)));
    expect(new Set(made.map((key) => key.export().toString('hex'))).size).toBe(scopes.length);
  });

  it('stands nowhere in clear', async () => {
    const provider = new CountingKeys();
    await new EncryptionKeys(database, provider, 'documents').keyFor(aMatter());
    const [key] = provider.made;
    const tables = await platform.rows<{ name: string }>(
      `select format('%I.%I', schemaname, relname) as name from pg_stat_user_tables`,
    );
    for (const { name } of tables) {
      const found = await platform.rows(`select from ${name} t where t::text like $1`, [`%${key!.toString('hex')}%`]);
      expect([name, found.length]).toEqual([name, 0]);
    }
  });

  it('is unwrapped once in its time, and anew after that', async () => {
    const provider = new CountingKeys();
    const scope = aMatter();
    const keys = new EncryptionKeys(database, provider, 'documents', 300);
    for (let use = 0; use < 5; use++) await keys.keyFor(scope);
    expect(provider.unwraps).toBe(1);
    await sleep(350);
    await keys.keyFor(scope);
    expect(provider.unwraps).toBe(2);
  });

  it("does not open in another matter's or another tenant's row", async () => {
    const keys = new EncryptionKeys(database, new CountingKeys(), 'documents');
    const [one, two] = [aMatter(), aMatter()];
    await keys.keyFor(one);
    await keys.keyFor(two);
    await platform.rows(
      `update encryption_keys set wrapped_key = (select wrapped_key from encryption_keys where scope_id = $1) where scope_id = $2`,
      [one.id, two.id],
    );
    await expect(new EncryptionKeys(database, new CountingKeys(), 'documents').keyFor(two)).rejects.toThrow(
      'of another context',
    );
  });
});

describe('an erased key', () => {
  it('is gone for every process at once, those that have it in memory included', async () => {
    const scope = aMatter();
    const [one, two] = [1, 2].map(() => new EncryptionKeys(database, new CountingKeys(), 'documents'));
    await one!.keyFor(scope);
    await two!.keyFor(scope);
    await database.transaction({ tenantId: scope.tenantId }, (tx) => one!.erase(tx, scope));
    for (const keys of [one!, two!]) {
      await expect(keys.keyFor(scope)).rejects.toMatchObject({ kind: 'refused', reason: 'ERASED' });
      await expect(keys.knownKey(scope)).rejects.toMatchObject({ kind: 'refused', reason: 'ERASED' });
    }
    expect(
      await platform.rows('select from encryption_keys where scope_id = $1 and wrapped_key is not null', [scope.id]),
    ).toEqual([]);
  });

  it('is there still when the transaction is undone', async () => {
    const scope = aMatter();
    const keys = new EncryptionKeys(database, new CountingKeys(), 'documents');
    const key = await keys.keyFor(scope);
    const undone = database.transaction({ tenantId: scope.tenantId }, async (tx) => {
      await keys.erase(tx, scope);
      throw new Error('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    expect((await keys.keyFor(scope)).equals(key)).toBe(true);
  });

  it('of a matter that nothing was stored of is never made', async () => {
    const scope = aMatter();
    const provider = new CountingKeys();
    const keys = new EncryptionKeys(database, provider, 'documents');
    for (let time = 0; time < 2; time++)
      await database.transaction({ tenantId: scope.tenantId }, (tx) => keys.erase(tx, scope));
    await expect(keys.keyFor(scope)).rejects.toMatchObject({ reason: 'ERASED' });
    expect(provider.wraps).toBe(0);
  });

  it("is not another tenant's to erase", async () => {
    const scope = aMatter();
    const keys = new EncryptionKeys(database, new CountingKeys(), 'documents');
    await keys.keyFor(scope);
    const stranger = { tenantId: newId(Date.now()) };
    await expect(database.transaction(stranger, (tx) => keys.erase(tx, scope))).rejects.toThrow('row-level security');
    expect(await keys.knownKey(scope)).toBeDefined();
  });
});
