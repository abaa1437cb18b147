import { newId } from '@paradesk/kernel';
import pg from 'pg';
import type { MigrationInterface } from 'typeorm';
import { Database, type DatabaseOptions } from '../src/database/database.js';
import { migrate } from '../src/database/migrate.js';
import { provisionDatabase } from '../src/database/provision.js';

/** A migrated database of a suite's own on the run's PostgreSQL, as each of its roles sees it. */
export class PlatformDatabase {
  private readonly opened: Database[] = [];

  private constructor(
    /** For looking, past row-level security. */
    readonly superuser: pg.Client,
    /** Owns the tables. */
    readonly owner: pg.Client,
    /** Serves: it owns nothing. */
    readonly runtime: pg.Client,
    /** URL of the role that serves. */
    readonly runtimeUrl: string,
    private readonly serverUrl: string,
  ) {}

  static async open(migrations: readonly (new () => MigrationInterface)[]): Promise<PlatformDatabase> {
    const serverUrl = process.env['PARADESK_TEST_POSTGRES'];
    if (!serverUrl) throw new Error('PARADESK_TEST_POSTGRES is not set: run tests through npm test');
    const name = `platform_${newId(Date.now()).slice(-12)}`;
    const { ownerUrl, runtimeUrl, runtimeRole } = await provisionDatabase(serverUrl, name, 'only-for-tests');
    await migrate({ ownerUrl, runtimeRole, migrations });
    const superuserUrl = new URL(serverUrl);
    superuserUrl.pathname = `/${name}`;
    const clients = [superuserUrl.href, ownerUrl, runtimeUrl].map((url) => new pg.Client(url));
    for (const client of clients) await client.connect();
    const [superuser, owner, runtime] = clients as [pg.Client, pg.Client, pg.Client];
    return new PlatformDatabase(superuser, owner, runtime, runtimeUrl, serverUrl);
  }

  /** A `Database` as a service has it. */
  async connect(options: Partial<DatabaseOptions> = {}): Promise<Database> {
    const database = await Database.connect({ url: this.runtimeUrl, entities: [], poolSize: 6, ...options });
    this.opened.push(database);
    return database;
  }

  /** What is there, whoever's it is. */
  async rows<R extends pg.QueryResultRow>(sql: string, parameters: unknown[] = []): Promise<R[]> {
    return (await this.superuser.query<R>(sql, parameters)).rows;
  }

  async close(): Promise<void> {
    for (const database of this.opened) await database.close();
    for (const client of [this.superuser, this.owner, this.runtime]) await client.end();
    const server = new pg.Client(this.serverUrl);
    await server.connect();
    const name = new URL(this.runtimeUrl).pathname.slice(1);
    await server.query(`drop database ${name} with (force)`);
    await server.query(`drop role ${name}; drop role ${name}_owner`);
    await server.end();
  }
}
