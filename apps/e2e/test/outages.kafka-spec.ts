import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { assignment } from '@paradesk/assignment';
import { topics } from '@paradesk/contracts';
import { Role } from '@paradesk/contracts/paradesk/common/v1/rule';
import { MattersServiceService } from '@paradesk/contracts/paradesk/assignment/v1/matters';
import { ClientKind, ClientsServiceService } from '@paradesk/contracts/paradesk/identity/v1/clients';
import { TenantsServiceService } from '@paradesk/contracts/paradesk/identity/v1/tenants';
import { generateSigningKey, identity } from '@paradesk/identity';
import { newId } from '@paradesk/kernel';
import { addMasterKey, Clock, ensureTopics, KafkaChannel, type ProvisionedDatabase } from '@paradesk/platform';
import { Bootstrap } from '@paradesk/standalone';
import { BreakableLink, dropDatabase, freshDatabase, testServerUrl } from '@paradesk/testing';
import kafkajs from 'kafkajs';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { startBroker, type Broker } from '../../standalone/src/kafka/broker.js';
import { AppProcess, freeAddress, until } from './app-process.js';
import { buildOnce } from './standalone-process.js';

const SECRET = 'canary-of-a-secret-that-only-this-test-knows';

// One broker and one pair of services, from before the topics are made on: the tests are their life.
describe('identity and assignment, each in a process of its own', () => {
  let folder: string;
  let port: number;
  let broker: Broker;
  let brokers: string;
  const databases: Record<string, ProvisionedDatabase> = {};
  let link: BreakableLink;
  const envs: Record<string, Record<string, string>> = {};
  const addresses: Record<string, string> = {};
  const running: Record<string, AppProcess> = {};
  let people: Bootstrap;
  let tenantId: string;

  const startOurBroker = async () => {
    broker = await startBroker({ folder: join(folder, 'kafka'), cache: '.tools/kafka', port });
    return broker.brokers;
  };

  beforeAll(async () => {
    buildOnce();
    folder = mkdtempSync(join(tmpdir(), 'paradesk-outages-'));
    port = Number((await freeAddress()).split(':')[1]);
    brokers = await startOurBroker();
    link = await BreakableLink.to(new URL(testServerUrl()).host);
    for (const definition of [identity, assignment]) databases[definition.name] = await freshDatabase(definition);
    addMasterKey(join(folder, 'keys.json'));
    const signingKeys = await generateSigningKey();
    for (const name of ['identity', 'assignment']) {
      addresses[name] = await freeAddress();
      envs[name] = {
        DATABASE_URL: link.over(databases[name]!.runtimeUrl),
        KAFKA_BROKERS: brokers,
        STORAGE: `folder:${join(folder, 'files')}`,
        ENCRYPTION_KEYS: `file:${join(folder, 'keys.json')}`,
        SERVICE_SECRET: `${SECRET}-${name}`,
        GRPC_ADDRESS: addresses[name],
        OPS_ADDRESS: await freeAddress(),
        LOG_LEVEL: 'warn',
      };
    }
    for (const env of Object.values(envs)) env['PEERS'] = `identity=${addresses['identity']}`;
    Object.assign(envs['identity']!, {
      SIGNING_KEYS: signingKeys,
      SERVICE_SECRETS: Object.keys(envs)
        .map((name) => `${name}:${SECRET}-${name}`)
        .join(','),
    });
    people = new Bootstrap(signingKeys, addresses);
  }, 240_000);

  afterAll(async () => {
    for (const one of Object.values(running)) await one.stop();
    await link.cut();
    await broker.stop();
    for (const database of Object.values(databases)) await dropDatabase(database);
    rmSync(folder, { recursive: true, force: true });
  }, 120_000);

  const refusedStart = (changes: Record<string, string> = {}) =>
    AppProcess.startInVain('assignment', { ...envs['assignment'], ...changes });

  const manager = () => ({ tenantId, role: Role.OPERATIONS_MANAGER, personId: newId(Date.now()) });
  const createClient = async (code: string) =>
    (
      await people.as(manager(), 'identity', ClientsServiceService, (clients) =>
        clients.createClient({ code, name: 'A firm', kind: ClientKind.LAW_FIRM, addressLines: [] }),
      )
    ).id;
  const listMatters = () =>
    people.as(manager(), 'assignment', MattersServiceService, (matters) => matters.listMatters({}));

  async function inDatabase(name: string, sql: string, parameters: unknown[]): Promise<Record<string, unknown>[]> {
    const url = new URL(testServerUrl());
    url.pathname = new URL(databases[name]!.runtimeUrl).pathname;
    const client = new pg.Client(url.href);
    await client.connect();
    try {
      return (await client.query(sql, parameters)).rows as Record<string, unknown>[];
    } finally {
      await client.end();
    }
  }

  const hasHeardOf = async (clientId: string) =>
    (await inDatabase('assignment', 'select from clients where id = $1', [clientId])).length === 1;

  function expectAllRun(): void {
    for (const one of Object.values(running)) expect(one.isRunning).toBe(true);
  }

  it('do not start without their topics, and name each', async () => {
    const { code, said } = await refusedStart();
    expect(code).toBe(1);
    expect(said).toBe(
      `assignment: cannot start: ${[
        'identity.tenants',
        'identity.clients',
        'identity.people',
        'identity.task_kinds',
        'assignment.matters',
        'documents.erasures',
      ]
        .map((name) => `topic paradesk.${name} does not exist: npm run topics creates it`)
        .join('; ')}\n`,
    );
  }, 90_000);

  it('do not start on a topic with too few partitions, and leave it as it is', async () => {
    const { name, partitions } = topics.clients;
    const admin = new kafkajs.Kafka({ brokers: [brokers], logLevel: kafkajs.logLevel.NOTHING }).admin();
    await admin.connect();
    await admin.createTopics({ waitForLeaders: false, topics: [{ topic: name, numPartitions: partitions - 1 }] });
    await ensureTopics(
      [brokers],
      Object.values(topics).filter((topic) => topic.name !== name),
    );
    const { code, said } = await refusedStart();
    expect([code, said]).toEqual([
      1,
      `assignment: cannot start: topic ${name} has ${partitions - 1} partitions and needs ${partitions}: create it anew when its events are consumed\n`,
    ]);
    await admin.createPartitions({ topicPartitions: [{ topic: name, count: partitions }] });
    await admin.disconnect();
    await ensureTopics([brokers], Object.values(topics));
  }, 90_000);

  it('wait for a database that is down for as long as they are told, then say so in one line, without a secret', async () => {
    await link.cut();
    const { code, said } = await refusedStart({ DATABASE_WAIT_MS: '1500', LOG_LEVEL: 'fatal' });
    await link.mend();
    const name = new URL(databases['assignment']!.runtimeUrl).pathname.slice(1);
    expect([code, said]).toEqual([
      1,
      `assignment: cannot start: the database ${name} at ${link.address} does not answer (ECONNREFUSED): start it, or correct DATABASE_URL\n`,
    ]);
    expect(said).not.toContain('only-for-tests');
  }, 90_000);

  it('do not wait for a database that refuses the password', async () => {
    const wrong = new URL(envs['assignment']!['DATABASE_URL']!);
    wrong.password = SECRET;
    const { code, said } = await refusedStart({ DATABASE_URL: wrong.href });
    expect(code).toBe(1);
    expect(said).toMatch(
      /^assignment: cannot start: the database \S+ at \S+ does not take this service \(28P01\): correct DATABASE_URL\n$/,
    );
    expect(said).not.toContain(SECRET);
  }, 90_000);

  it('do not start where their address is taken', async () => {
    const { code, said } = await refusedStart({ GRPC_ADDRESS: brokers });
    expect([code, said]).toEqual([
      1,
      `assignment: cannot start: gRPC cannot listen on ${brokers} (EADDRINUSE): free it, or correct GRPC_ADDRESS\n`,
    ]);
  }, 90_000);

  it('start when the database comes up a little later than they do', async () => {
    await link.cut();
    const starting = Promise.all(
      ['identity', 'assignment'].map(async (name) => (running[name] = await AppProcess.start(name, envs[name]!))),
    );
    // Both have come as far as to look for it, on a slow machine too.
    await new Promise((resolve) => setTimeout(resolve, 12_000));
    await link.mend();
    for (const one of await starting) expect(one.output.match(/waiting for the database/g)).toHaveLength(1);
    const operator = { tenantId: newId(Date.now()), role: Role.OPERATOR, personId: newId(Date.now()) };
    const tenant = {
      name: 'A company',
      email: 'a@company.example',
      taxId: '94-1234567',
      timeZone: 'UTC',
      addressLines: [],
    };
    tenantId = (await people.as(operator, 'identity', TenantsServiceService, (tenants) => tenants.createTenant(tenant)))
      .id;
    const clientId = await createClient('FIRST');
    await until(() => hasHeardOf(clientId));
  }, 120_000);

  it('take commands while the broker is away, and tell of them when it is back', async () => {
    await broker.stop();
    const clientIds = [await createClient('AWAY-1'), await createClient('AWAY-2')];
    await listMatters();
    // Longer than a call to the broker may take.
    await new Promise((resolve) => setTimeout(resolve, 20_000));
    clientIds.push(await createClient('AWAY-3'));
    for (const one of Object.values(running)) {
      expect([await one.health('live'), await one.health('ready')]).toEqual([200, 200]);
    }
    expect(await hasHeardOf(clientIds[0]!)).toBe(false);
    await startOurBroker();
    for (const clientId of clientIds) await until(() => hasHeardOf(clientId), 90_000);
    expectAllRun();
    for (const one of Object.values(running)) expect(await one.health('live')).toBe(200);
  }, 240_000);

  it('refuse calls while the database is away, and go on by themselves when it is back', async () => {
    await link.cut();
    const refusal = { kind: 'unavailable', reason: 'DATABASE_UNAVAILABLE' };
    await expect(createClient('NEVER')).rejects.toMatchObject(refusal);
    await expect(listMatters()).rejects.toMatchObject(refusal);
    for (const one of Object.values(running)) {
      expect([await one.health('live'), await one.health('ready')]).toEqual([200, 503]);
    }
    await link.mend();
    const clientId = await createClient('AGAIN');
    await listMatters();
    await until(() => hasHeardOf(clientId), 60_000);
    for (const one of Object.values(running)) expect(await one.health('ready')).toBe(200);
    expectAllRun();
  }, 120_000);

  it('park an event of a schema that they do not know, and take those of others', async () => {
    const quiet = { fatal: ignore, error: ignore, warn: ignore, info: ignore, debug: ignore };
    const channel = await KafkaChannel.connect({
      brokers: [brokers],
      clientId: 'test',
      logger: quiet,
      onCrash: ignore,
    });
    const eventId = newId(Date.now());
    await channel.publish([
      {
        topic: topics.clients.name,
        key: newId(Date.now()),
        eventId,
        tenantId,
        aggregateVersion: 1,
        occurredAt: new Clock().now().round('millisecond'),
        payload: Buffer.from('of a later release'),
        schemaVersion: 2,
      },
    ]);
    await channel.close();
    const parked = () =>
      inDatabase('assignment', 'select kind, reason from messaging.parked_events where event_id = $1', [eventId]);
    await until(async () => (await parked()).length > 0);
    expect(await parked()).toEqual([{ kind: 'poison', reason: 'UNKNOWN_SCHEMA_VERSION' }]);
    const clientId = await createClient('AFTER');
    await until(() => hasHeardOf(clientId));
    expectAllRun();
  }, 90_000);

  it('say nothing secret in all of it', () => {
    for (const one of Object.values(running)) {
      expect(one.output).not.toContain(SECRET);
      expect(one.output).not.toContain('only-for-tests');
    }
  });
});

function ignore(): void {
  // looked at elsewhere
}
