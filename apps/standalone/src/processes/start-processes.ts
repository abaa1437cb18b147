import { topics } from '@paradesk/contracts';
import { createLogger, KafkaChannel } from '@paradesk/platform';
import { MailCatcher } from '@paradesk/testing/mail-catcher';
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Bootstrap } from '../bootstrap.js';
import { DemoSignIn } from '../oidc/demo-sign-in.js';
import { openSecrets, SERVICE_NAMES, writePrivately, type Secrets, type ServiceName } from '../secrets.js';
import {
  freePort,
  openDatabase,
  openDemo,
  placesAt,
  services,
  settingsOf,
  Started,
  type RunningSystem,
  UNLIMITED,
} from '../system.js';
import { connectionsOf, directly, membersWith, type AddressFor, type Member, type Route } from './connections.js';
import { freeAddresses } from './free-addresses.js';
import { KillablePostgres } from './killable-postgres.js';
import { ServiceProcess } from './service-process.js';

export { type Connection, type Route } from './connections.js';
export { freeAddresses, ServiceProcess, type KillablePostgres };

/** How to run the system in processes. */
export interface ProcessesOptions {
  /** Everything but the events is kept here: databases, files, mail, secrets. */
  readonly folder: string;
  /** Port of the API; the next free one is taken where it is in use. */
  readonly port: number;
  /** `host:port` of Kafka, separated by commas. */
  readonly brokers: string;
  readonly logLevel: string;
  /** Services that get a second process, `<service>-2`: it shares the group's partitions and the jobs, and nobody calls it. */
  readonly replicas?: readonly ServiceName[];
  /** Asked once, before the first process starts. */
  readonly route?: Route;
  /** Folder for what the processes say, a file each; it is passed on by default. */
  readonly logs?: string;
}

/** The whole system, each service and the gateway in a process of its own. */
export interface RunningProcesses extends RunningSystem {
  /** The services in the order of their start, then the gateway. */
  readonly processes: readonly ServiceProcess[];
  readonly postgres: KillablePostgres;
}

/** What the processes stand on. */
interface Ground extends ProcessesOptions {
  readonly secrets: Secrets;
  readonly mail: MailCatcher;
  readonly signIn: DemoSignIn;
  readonly postgres: KillablePostgres;
  /** `host:port` of each service's gRPC. */
  readonly addresses: Readonly<Record<ServiceName, string>>;
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
  if (options.logs !== undefined) mkdirSync(options.logs, { recursive: true });
  const postgres = await KillablePostgres.start(join(folder, 'postgres'));
  started.add(() => postgres.stop());
  const secrets = await openSecrets(folder);
  const httpPort = port === 0 ? 0 : await freePort(port + 1);
  const mail = await MailCatcher.start({ folder: join(folder, 'mail'), httpPort });
  started.add(() => mail.stop());
  const signIn = await DemoSignIn.start(secrets, port === 0 ? 0 : await freePort(port + 2));
  started.add(() => signIn.stop());
  const addresses = await freeAddresses(SERVICE_NAMES);
  const { processes, api } = await processesOn({ ...options, secrets, mail, signIn, postgres, addresses });
  // The gateway last to start and first to stop, identity first to start: the others ask it for the keys that tokens are verified with.
  const [identity, ...others] = processes;
  const gateway = others.pop();
  started.add(async () => void (await Promise.all([identity, ...others].map((part) => part?.stop()))));
  await identity?.start();
  await Promise.all(others.map((part) => part.start()));
  started.add(async () => gateway?.stop());
  await gateway?.start();
  const bootstrap = new Bootstrap(secrets.signingKeys, addresses);
  const demo = await openDemo(folder, bootstrap);
  await signIn.open(api, folder, bootstrap, demo);
  const places = { ...placesAt(api), mail: mail.url, pid: process.pid };
  const file = { ...places, services: addresses, database: postgres.url, ...demo };
  writePrivately(join(folder, 'standalone.json'), JSON.stringify(file, null, 2));
  const { url: databaseUrl } = postgres;
  return { file, addresses, databaseUrl, secrets, processes, postgres, stop: () => started.stop() };
}

async function processesOn(ground: Ground): Promise<{ processes: ServiceProcess[]; api: string }> {
  const { postgres, secrets, brokers, addresses, replicas = [], route = directly } = ground;
  const members = membersWith(replicas);
  const databases = await Promise.all(services.map((service) => openDatabase(service, postgres.url, secrets)));
  const database = new Map(services.map(({ name }, index) => [name, databases[index] ?? '']));
  const own = await freeAddresses(members.map(({ name }) => name));
  const ops = await freeAddresses(members.map(({ name }) => name));
  const api = ground.port === 0 ? own.gateway : `127.0.0.1:${await freePort(ground.port)}`;
  const to = await route(connectionsOf(members, { postgres: new URL(postgres.url).host, kafka: brokers }, addresses));
  const processes = members.map((member) => {
    const { name, service } = member;
    const PEERS = peersOf(member, to);
    const env: Record<string, string> = service
      ? {
          ...settingsOf(service, secrets, ground.mail),
          ...(service === 'identity' && { ...ground.signIn.identitySettings, ...UNLIMITED }),
          DATABASE_URL: through(to(name, 'postgres'), database.get(service) ?? ''),
          STORAGE: `folder:${join(ground.folder, 'files')}`,
          KAFKA_BROKERS: to(name, 'kafka'),
          GRPC_ADDRESS: (name === service ? addresses[service] : own[name]) ?? '',
          PEERS,
        }
      : {
          ...ground.signIn.gatewaySettings,
          HTTP_ADDRESS: api ?? '',
          IDENTITY_ADDRESS: to(name, 'identity'),
          PEERS,
        };
    return new ServiceProcess({
      name,
      app: service ?? name,
      env: { ...env, OPS_ADDRESS: ops[name] ?? '', LOG_LEVEL: ground.logLevel },
      opsUrl: `http://${ops[name]}`,
      ...(ground.logs !== undefined && { log: join(ground.logs, `${name}.log`) }),
    });
  });
  return { processes, api: `http://${api}` };
}

function peersOf({ name }: Member, to: AddressFor): string {
  return SERVICE_NAMES.map((peer) => `${peer}=${to(name, peer)}`).join(',');
}

function through(address: string, databaseUrl: string): string {
  const url = new URL(databaseUrl);
  url.host = address;
  return url.href;
}
