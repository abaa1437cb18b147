import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Database, findIsolationFaults } from '@paradesk/platform';
import type { ServiceUnderTest } from '@paradesk/testing';
import { startIdentity } from './builders.js';

let system: ServiceUnderTest;
beforeAll(async () => {
  system = await startIdentity();
});
afterAll(() => system.stop());

describe("identity's tables", () => {
  it('are isolated by tenant, but for the directory of API keys', async () => {
    const faults = await system.running.app
      .get(Database)
      .system((tx) => findIsolationFaults((sql, parameters) => tx.query(sql, parameters), ['api_key_directory']));

    expect(faults).toEqual([]);
  });

  it('tell in the directory of API keys nothing but where to look', async () => {
    const { rows } = await system.db.query<{ column: string }>(
      `select column_name as column from information_schema.columns where table_name = 'api_key_directory' order by 1`,
    );

    expect(rows.map(({ column }) => column)).toEqual(['api_key_id', 'public_id', 'tenant_id']);
  });
});
