import { newId } from '@paradesk/kernel';
import pg from 'pg';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { Database, type Tx } from '../../src/database/database.js';
import { migrate } from '../../src/database/migrate.js';
import { provisionDatabase } from '../../src/database/provision.js';
import { isolateByTenant } from '../../src/database/row-level-security.js';
import type { ReceivedEvent } from '../../src/messaging/inbox.js';

/** A consumer's effect: one row for each event, in the order in which they took effect. Twice the same event would show. */
class CreateEffects1767225600000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table effects (
        tenant_id uuid not null,
        ordinal bigint generated always as identity,
        aggregate_id uuid not null,
        version integer not null,
        primary key (tenant_id, ordinal)
      )`);
    await isolateByTenant(runner, 'effects');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table effects');
  }
}

/** A migrated database of this suite's own on the run's PostgreSQL. */
export class MessagingDatabase {
  private constructor(
    /** As a service has it: without rights past row-level security. */
    readonly database: Database,
    /** For looking. */
    readonly superuser: pg.Client,
    private readonly runtimeUrl: string,
    private readonly serverUrl: string,
  ) {}

  static async open(): Promise<MessagingDatabase> {
    const serverUrl = process.env['PARADESK_TEST_POSTGRES'];
    if (!serverUrl) throw new Error('PARADESK_TEST_POSTGRES is not set: run tests through npm test');
    const name = `messaging_${newId(Date.now()).slice(-12)}`;
    const { ownerUrl, runtimeUrl, runtimeRole } = await provisionDatabase(serverUrl, name, 'only-for-tests');
    await migrate({ ownerUrl, runtimeRole, migrations: [CreateEffects1767225600000] });
    const database = await Database.connect({ url: runtimeUrl, entities: [], poolSize: 8 });
    const superuserUrl = new URL(serverUrl);
    superuserUrl.pathname = `/${name}`;
    const superuser = new pg.Client(superuserUrl.href);
    await superuser.connect();
    return new MessagingDatabase(database, superuser, runtimeUrl, serverUrl);
  }

  /** A connection of the run-time role, as a relay wants one. */
  connect = async (): Promise<pg.Client> => {
    const client = new pg.Client({ connectionString: this.runtimeUrl, application_name: 'relay' });
    await client.connect();
    return client;
  };

  async rows<R extends pg.QueryResultRow>(sql: string, parameters: unknown[] = []): Promise<R[]> {
    return (await this.superuser.query<R>(sql, parameters)).rows;
  }

  /** Versions of the aggregate that took effect, in the order in which they did. */
  async effectsOf(aggregateId: string): Promise<number[]> {
    const rows = await this.rows<{ version: number }>(
      'select version from effects where aggregate_id = $1 order by ordinal',
      [aggregateId],
    );
    return rows.map(({ version }) => version);
  }

  /** Invariant I4, and that effect, position and inbox agree: each a sentence about an aggregate that breaks it. */
  async brokenPromises(): Promise<string[]> {
    const rows = await this.rows<{ fault: string }>(`
      with taken as (
        select consumer, aggregate_id, array_agg(aggregate_version order by aggregate_version) as versions
        from (
          select consumer, aggregate_id, aggregate_version from messaging.inbox
          union all
          select consumer, aggregate_id, aggregate_version from messaging.parked_events where discarded_at is not null
        ) all_taken group by 1, 2
      ), done as (
        select aggregate_id, array_agg(version order by ordinal) as versions from effects group by 1
      ), noted as (
        select aggregate_id, array_agg(aggregate_version order by aggregate_version) as versions from messaging.inbox group by 1
      )
      select p.aggregate_id || ' is not 1..n' as fault from messaging.consumer_positions p left join taken t using (consumer, aggregate_id)
        where coalesce(t.versions, '{}') <> array(select generate_series(1, p.version))
      union all
      select aggregate_id || ' has effects ' || coalesce(d.versions, '{}')::text || ' and inbox ' || coalesce(n.versions, '{}')::text
        from done d full join noted n using (aggregate_id) where d.versions is distinct from n.versions
      union all
      select aggregate_id || ' is parked and done' from messaging.parked_events p join messaging.consumer_positions c using (consumer, aggregate_id)
        where discarded_at is null and p.aggregate_version <= c.version`);
    return rows.map(({ fault }) => fault);
  }

  async close(): Promise<void> {
    await this.database.close();
    await this.superuser.end();
    const server = new pg.Client(this.serverUrl);
    await server.connect();
    const name = new URL(this.runtimeUrl).pathname.slice(1);
    await server.query(`drop database ${name} with (force)`);
    await server.query(`drop role ${name}; drop role ${name}_owner`);
    await server.end();
  }
}

/** Notes the event in `effects`. */
export async function takeEffect(tx: Tx, event: ReceivedEvent<unknown>): Promise<void> {
  await tx.query('insert into effects (tenant_id, aggregate_id, version) values ($1, $2, $3)', [
    tx.tenantId,
    event.aggregateId,
    event.aggregateVersion,
  ]);
}
