import { createHash } from 'node:crypto';
import { migrate, provisionDatabase, type ProvisionedDatabase, type ServiceDefinition } from '@paradesk/platform';
import pg from 'pg';

const PASSWORD = 'only-for-tests';

/** URL of the superuser of the server that the test run started (`jest.global-setup.mjs`). */
export function testServerUrl(): string {
  const url = process.env.PARADESK_TEST_POSTGRES;
  if (!url) throw new Error('PARADESK_TEST_POSTGRES is not set: run tests through npm test');
  return url;
}

/** A database of a service's own, migrated: a copy of a template that the first suite of a run makes. */
export async function freshDatabase(definition: ServiceDefinition): Promise<ProvisionedDatabase> {
  const template = await templateOf(definition);
  const name = `${template}_${Math.random().toString(36).slice(2, 10)}`;
  return provisionDatabase(testServerUrl(), name, PASSWORD, template);
}

/** Drops a database that a suite is done with. */
export async function dropDatabase(database: ProvisionedDatabase): Promise<void> {
  const name = new URL(database.runtimeUrl).pathname.slice(1);
  await asSuperuser((client) => client.query(`drop database if exists ${pg.escapeIdentifier(name)} with (force)`));
}

async function templateOf(definition: ServiceDefinition): Promise<string> {
  const hash = createHash('sha256').update(definition.migrations.map(String).join()).digest('hex').slice(0, 8);
  const name = `t_${definition.name}_${hash}`;
  // Suites run side by side: one makes the template, the others wait.
  await asSuperuser(async (client) => {
    await client.query('select pg_advisory_lock(hashtext($1))', [name]);
    const database = await provisionDatabase(testServerUrl(), name, PASSWORD);
    await migrate({
      ownerUrl: database.ownerUrl,
      runtimeRole: database.runtimeRole,
      migrations: definition.migrations,
    });
  });
  return name;
}

async function asSuperuser<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(testServerUrl());
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
