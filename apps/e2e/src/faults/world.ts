import { topics } from '@paradesk/contracts';
import { ensureTopics } from '@paradesk/platform';
import { publicKeysOf } from '@paradesk/identity';
import { Bootstrap, services, startBroker, type Broker } from '@paradesk/standalone';
import type { SystemToVerify } from '@paradesk/standalone/audit';
import { freeAddresses, startProcesses, type Connection, type RunningProcesses } from '@paradesk/standalone/processes';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import pg from 'pg';
import type { Controlled, ControlledProcess, Programme, Random, World } from './fault.js';
import { Calls } from './load/calls.js';
import { Load } from './load/load.js';
import { openTenants } from './load/open-tenants.js';
import type { LoadTenant } from './load/tenant.js';
import { openProxies, type OpenProxies } from './proxies.js';
import { TopicReader } from './topic-reader.js';

/** How to build the world. */
export interface WorldOptions {
  /** Scratch: everything is kept here. */
  readonly folder: string;
  readonly programme: Programme;
  /** Chooses what the load does. */
  readonly random: Random;
  /** Calls a second of the load. */
  readonly rate: number;
}

/** Consumers of which there are two, so that groups are shared out anew when one of them dies. */
const REPLICAS = ['billing', 'communications'] as const;

const kafkaCache = '.tools/kafka';

/** The whole system in processes of its own, every link of it through a proxy, under load. */
export class RunningWorld implements World {
  readonly services = services.map(({ name }) => name);
  /** The topics that each service hears of. */
  readonly consumes: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
    services.filter((one) => one.consumes.length > 0).map((one) => [one.name, one.consumes.map(({ name }) => name)]),
  );
  readonly processes: Readonly<Record<string, ControlledProcess>>;
  readonly postgres: World['postgres'];
  readonly brokers: World['brokers'];

  private constructor(
    readonly programme: Programme,
    private readonly parts: Parts,
    readonly load: Load,
    readonly tenants: readonly LoadTenant[],
  ) {
    const { system, proxies, kafka, databases } = parts;
    this.processes = Object.fromEntries(system.processes.map((one) => [one.name, one]));
    this.postgres = {
      kill: () => system.postgres.kill(),
      start: () => system.postgres.start(),
      superuserUrl: system.postgres.url,
      query: (service, sql, parameters) => databases.query(service, sql, parameters),
    };
    this.brokers = { proxied: proxies.addressOf('billing>kafka'), direct: kafka.address };
  }

  /** @throws Error in one line where something is missing: Java, Maven, a port */
  static async start(options: WorldOptions, run: string): Promise<RunningWorld> {
    const parts = new Parts(options.folder);
    try {
      await parts.start();
      const { calls, bootstrap } = parts;
      const tenants: LoadTenant[] = [];
      const load = new Load({ calls, tenants, random: options.random, run, rate: options.rate });
      await openTenants(load, tenants, bootstrap);
      load.start();
      return new RunningWorld(options.programme, parts, load, tenants);
    } catch (error) {
      await parts.stop();
      throw error;
    }
  }

  get proxies(): OpenProxies {
    return this.parts.proxies;
  }

  get kafka(): Controlled {
    return this.parts.kafka;
  }

  /** By what the audit trails are verified. */
  get audited(): SystemToVerify {
    const { system, databases, folder } = this.parts;
    return {
      databases: Object.fromEntries(this.services.map((service) => [service, databases.urlOf(service)])),
      keys: publicKeysOf(system.secrets.signingKeys),
      publishedHeads: join(folder, 'data', 'files', 'audit-heads'),
    };
  }

  /** Reads all that Kafka has. */
  get reader(): TopicReader {
    return this.parts.reader;
  }

  setLoad(share: number): void {
    this.load.setShare(share);
  }

  async stop(): Promise<void> {
    await this.load.stop();
    await this.parts.stop();
  }
}

/** What the world is made of, in the order of its start. */
class Parts {
  readonly kafka = new KafkaBroker();
  proxies!: OpenProxies;
  system!: RunningProcesses;
  databases!: Databases;
  reader!: TopicReader;
  calls!: Calls;
  bootstrap!: Bootstrap;
  private readonly steps: (() => Promise<void> | void)[] = [];

  constructor(readonly folder: string) {}

  async start(): Promise<void> {
    const { folder } = this;
    const clients = [...services.map(({ name }) => name), ...REPLICAS.map((name) => `${name}-2`)];
    await this.kafka.open(join(folder, 'kafka'), clients);
    this.steps.push(() => this.kafka.stop());
    await ensureTopics([this.kafka.address], Object.values(topics));
    this.system = await startProcesses({
      folder: join(folder, 'data'),
      logs: join(folder, 'logs'),
      port: 0,
      brokers: this.kafka.address,
      logLevel: 'warn',
      replicas: REPLICAS,
      route: (connections) => this.throughProxies(connections),
    });
    this.steps.push(() => this.system.stop());
    this.databases = new Databases(this.system);
    this.steps.push(() => this.databases.close());
    this.reader = new TopicReader(this.kafka.address);
    await this.reader.open();
    this.steps.push(() => this.reader.close());
    this.bootstrap = new Bootstrap(this.system.secrets.signingKeys, this.system.addresses);
    this.calls = new Calls(this.system.file.api, this.system.addresses, this.bootstrap);
    this.steps.push(() => this.calls.close());
  }

  async stop(): Promise<void> {
    for (const step of this.steps.splice(0).reverse()) await step();
  }

  private async throughProxies(connections: readonly Connection[]) {
    const names = connections.map(({ from, to }) => `${from}>${to}`);
    const own = await freeAddresses(names);
    this.proxies = await openProxies(
      connections.map(({ from, to, address }) => ({
        name: `${from}>${to}`,
        ...(to === 'kafka' ? this.kafka.doorOf(from) : { target: address, port: portOf(own[`${from}>${to}`]) }),
      })),
    );
    this.steps.push(() => this.proxies.close());
    return (from: string, to: string) => this.proxies.addressOf(`${from}>${to}`);
  }
}

/** The broker, with a door for each client, so that each has a proxy that no other uses. */
class KafkaBroker implements Controlled {
  private broker: Broker | undefined;
  private launch: () => Promise<Broker> = () => Promise.reject(new Error('the broker has no folder yet'));
  private doors: Readonly<Record<string, { target: string; port: number }>> = {};

  /** Past the proxies. */
  get address(): string {
    return this.broker?.brokers ?? '';
  }

  /** @param clients who gets a door of their own */
  async open(folder: string, clients: readonly string[]): Promise<void> {
    const [ports, advertised] = [await freeAddresses(clients), await freeAddresses(clients)];
    this.doors = Object.fromEntries(
      clients.map((client) => [client, { target: ports[client] ?? '', port: portOf(advertised[client]) }]),
    );
    const listeners = clients.map((client, index) => ({
      name: `CLIENT${String.fromCharCode(65 + index)}`,
      port: portOf(ports[client]),
      advertisedPort: portOf(advertised[client]),
    }));
    const port = await freePair();
    this.launch = () => startBroker({ folder, cache: kafkaCache, port, listeners });
    this.broker = await this.launch();
  }

  /** Where a client's proxy leads, and which port it must have: the broker sends the client back to it. */
  doorOf(client: string): { target: string; port: number } {
    const door = this.doors[client];
    if (!door) throw new Error(`${client} has no door to Kafka`);
    return door;
  }

  async kill(): Promise<void> {
    if (!this.broker) return;
    process.kill(this.broker.pid, 'SIGKILL');
    await this.broker.failed;
  }

  async start(): Promise<void> {
    this.broker = await this.launch();
  }

  async stop(): Promise<void> {
    await this.broker?.stop();
  }
}

/** Each service's database as superuser, past the proxies. */
class Databases {
  private readonly pools = new Map<string, pg.Pool>();

  constructor(private readonly system: RunningProcesses) {}

  async query<T>(service: string, sql: string, parameters: readonly unknown[] = []): Promise<T[]> {
    let pool = this.pools.get(service);
    if (!pool) {
      pool = new pg.Pool({ connectionString: this.urlOf(service), max: 1, connectionTimeoutMillis: 10_000 });
      // Lost with the server, which is killed on purpose.
      pool.on('error', () => undefined);
      this.pools.set(service, pool);
    }
    return (await pool.query(sql, [...parameters])).rows as T[];
  }

  urlOf(service: string): string {
    const url = new URL(this.system.postgres.url);
    url.pathname = `/paradesk_${service}`;
    return url.href;
  }

  async close(): Promise<void> {
    await Promise.all([...this.pools.values()].map((pool) => pool.end()));
  }
}

function portOf(address: string | undefined): number {
  return Number(address?.split(':')[1]);
}

/** A port that is free, as is the next one up. */
async function freePair(): Promise<number> {
  for (;;) {
    const port = portOf((await freeAddresses(['kafka'])).kafka);
    const probe = createServer().listen(port + 1, '127.0.0.1');
    const isFree = await once(probe, 'listening').then(
      () => true,
      () => false,
    );
    if (!isFree) continue;
    await once(probe.close(), 'close');
    return port;
  }
}
