import { topics } from '@paradesk/contracts';
import { createLogger, KafkaChannel } from '@paradesk/platform';
import { startEmbeddedPostgres } from '@paradesk/platform/embedded-postgres';
import { MailCatcher } from '@paradesk/testing/mail-catcher';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { Bootstrap } from '../bootstrap.js';
import { openSecrets, SERVICE_NAMES, writePrivately, type Secrets, type ServiceName } from '../secrets.js';
import { freePort, openDatabase, openDemo, services, settingsOf, Started, type RunningSystem } from '../system.js';
import { ServiceProcess } from './service-process.js';

/** How to run the system in processes. */
export interface ProcessesOptions {
  /** Everything but the events is kept here: databases, files, mail, secrets. */
  readonly folder: string;
  /** Port of the API; the next free one is taken where it is in use. */
  readonly port: number;
  /** `host:port` of Kafka, separated by commas. */
  readonly brokers: string;
  readonly logLevel: string;
}

/** The whole system, each service and the gateway in a process of its own. */
export interface RunningProcesses extends RunningSystem {
  /** The services in the order of their start, then the gateway. */
  readonly processes: readonly ServiceProcess[];
}

/** What the processes stand on. */
interface Ground extends ProcessesOptions {
  readonly secrets: Secrets;
  readonly mail: MailCatcher;
  readonly superuserUrl: string;
}

/**
 * Starts PostgreSQL and the mail catcher here, and every service and the gateway beside this process, on a Kafka that runs. Makes demo
 * data at the first start.
 *
 * @throws Error in one line when Kafka does not answer or lacks a topic; nothing is left running
 */
export async function startProcesses(options: ProcessesOptions): Promise<RunningProcesses> {
  const started = new Started();
  try {
    await refuseUnfitKafka(options);
    return await startParts({ ...options, folder: resolve(options.folder) }, started);
  } catch (error) {
    await started.stop().catch(() => undefined);
    throw error;
  }
}

/** Looked at once, before five services would say the same. */
async function refuseUnfitKafka({ brokers, logLevel }: ProcessesOptions): Promise<void> {
  const channel = await KafkaChannel.connect({
    brokers: brokers.split(','),
    clientId: 'paradesk-services',
    logger: createLogger({ service: 'services', level: logLevel }),
    onCrash: () => undefined,
    topics: Object.values(topics),
  });
  await channel.close();
}

async function startParts(options: ProcessesOptions, started: Started): Promise<RunningProcesses> {
  const { folder, port } = options;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const postgres = await startEmbeddedPostgres({ folder: join(folder, 'postgres'), durable: true });
  started.add(() => postgres.stop());
  const secrets = await openSecrets(folder);
  const httpPort = port === 0 ? 0 : await freePort(port + 1);
  const mail = await MailCatcher.start({ folder: join(folder, 'mail'), httpPort });
  started.add(() => mail.stop());
  const ground = { ...options, secrets, mail, superuserUrl: postgres.url };
  const addresses = await freeAddresses(SERVICE_NAMES);
  const parts = await serviceProcesses(ground, addresses);
  started.add(async () => void (await Promise.all(parts.map((part) => part.stop()))));
  // Identity first: the others ask it for the keys that tokens are verified with.
  const [identity, ...others] = parts;
  await identity?.start();
  await Promise.all(others.map((part) => part.start()));
  const { api, gateway } = await gatewayProcess(ground, addresses);
  started.add(() => gateway.stop());
  await gateway.start();
  const demo = await openDemo(folder, new Bootstrap(secrets.signingKeys, addresses));
  const file = { api, docs: `${api}/docs`, openapi: `${api}/openapi.json`, mail: mail.url, pid: process.pid, ...demo };
  writePrivately(join(folder, 'standalone.json'), JSON.stringify(file, null, 2));
  return {
    file,
    addresses,
    databaseUrl: postgres.url,
    secrets,
    processes: [...parts, gateway],
    stop: () => started.stop(),
  };
}

async function serviceProcesses(
  ground: Ground,
  addresses: Readonly<Record<string, string>>,
): Promise<ServiceProcess[]> {
  const databases = await Promise.all(
    services.map((service) => openDatabase(service, ground.superuserUrl, ground.secrets)),
  );
  const ops: Readonly<Record<string, string>> = await freeAddresses(SERVICE_NAMES);
  return services.map(({ name }, index) => {
    const env = {
      ...settingsOf(name as ServiceName, ground.secrets, ground.mail),
      DATABASE_URL: databases[index] ?? '',
      STORAGE: `folder:${join(ground.folder, 'files')}`,
      KAFKA_BROKERS: ground.brokers,
      GRPC_ADDRESS: addresses[name] ?? '',
      OPS_ADDRESS: ops[name] ?? '',
      PEERS: peersOf(addresses),
      LOG_LEVEL: ground.logLevel,
    };
    return new ServiceProcess({ name, env, opsUrl: `http://${ops[name]}` });
  });
}

async function gatewayProcess(ground: Ground, addresses: Readonly<Record<string, string>>) {
  const { identity = '', ...peers } = addresses;
  const free = await freeAddresses(['api', 'ops']);
  const address = ground.port === 0 ? free.api : `127.0.0.1:${await freePort(ground.port)}`;
  const env = {
    HTTP_ADDRESS: address,
    OPS_ADDRESS: free.ops,
    IDENTITY_ADDRESS: identity,
    PEERS: peersOf(peers),
    LOG_LEVEL: ground.logLevel,
  };
  return {
    api: `http://${address}`,
    gateway: new ServiceProcess({ name: 'gateway', env, opsUrl: `http://${free.ops}` }),
  };
}

function peersOf(addresses: Readonly<Record<string, string>>): string {
  return Object.entries(addresses)
    .map((pair) => pair.join('='))
    .join(',');
}

/**
 * Addresses that nobody had a moment ago: a process that is started again must be found where it was, so it cannot choose one itself.
 */
async function freeAddresses<K extends string>(names: readonly K[]): Promise<Record<K, string>> {
  const probes = names.map(() => createServer().listen(0, '127.0.0.1'));
  await Promise.all(probes.map((probe) => probe.listening || once(probe, 'listening')));
  const ports = probes.map((probe) => (probe.address() as AddressInfo).port);
  await Promise.all(probes.map((probe) => once(probe.close(), 'close')));
  return Object.fromEntries(names.map((name, index) => [name, `127.0.0.1:${ports[index]}`])) as Record<K, string>;
}
