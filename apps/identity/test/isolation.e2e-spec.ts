import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Database, findIsolationFaults } from '@paradesk/platform';
import type { ServiceUnderTest } from '@paradesk/testing';
import { startIdentity } from './builders.js';

const DIRECTORIES = ['api_key_directory', 'credential_directory', 'rate_limits', 'sign_ins'];

let system: ServiceUnderTest;
beforeAll(async () => {
  system = await startIdentity();
});
afterAll(() => system.stop());

describe("identity's tables", () => {
  it('are isolated by tenant, but for the directories that are read before the tenant is known', async () => {
    const faults = await system.running.app
      .get(Database)
      .system((tx) => findIsolationFaults((sql, parameters) => tx.query(sql, parameters), DIRECTORIES));

    expect(faults).toEqual([]);
  });

  it.each([
    ['api_key_directory', ['api_key_id', 'last_used_at', 'public_id', 'tenant_id']],
    ['credential_directory', ['public_id', 'tenant_id']],
    ['sign_ins', ['issuer', 'person_id', 'subject', 'tenant_id']],
  ])('tell in %s nothing but where to look', async (table, columns) => {
    const { rows } = await system.db.query<{ column: string }>(
      'select column_name as column from information_schema.columns where table_name = $1 order by 1',
      [table],
    );

    expect(rows.map(({ column }) => column)).toEqual(columns);
  });
});
