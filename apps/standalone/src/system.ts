import { assignment } from '@paradesk/assignment';
import { billing } from '@paradesk/billing';
import { communications } from '@paradesk/communications';
import { documents } from '@paradesk/documents';
import { startGateway } from '@paradesk/gateway';
import { identity } from '@paradesk/identity';
import {
  createLogger,
  InProcessChannel,
  migrate,
  provisionDatabase,
  startService,
  startTelemetry,
  type ServiceDefinition,
} from '@paradesk/platform';
import { startEmbeddedPostgres } from '@paradesk/platform/embedded-postgres';
import { MailCatcher } from '@paradesk/testing/mail-catcher';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { Bootstrap } from './bootstrap.js';
import { makeDemoData, type Demo } from './demo-data.js';
import { DemoSignIn } from './oidc/demo-sign-in.js';
import { openSecrets, writePrivately, type Secrets, type ServiceName } from './secrets.js';

export { Bootstrap };
export { startBroker, type Broker } from './kafka/broker.js';

/** What `standalone.json` says: where the running system is, and how to sign in. */
export interface StandaloneFile extends Demo {
  /** Base URL of the REST API. */
  readonly api: string;
  /** Where people read the API reference. */
  readonly docs: string;
  readonly openapi: string;
  /** Where people sign in, as one of the demo's. */
  readonly signIn: string;
  /** The page with all mail that was sent. */
  readonly mail: string;
  /** Process id of the running system. */
  readonly pid: number;
  /** `host:port` of each service's gRPC, for operators. */
  readonly services: Readonly<Record<string, string>>;
  /** URL of the database server's superuser, for the verification of the audit trail. */
  readonly database: string;
}

/** How to run the system. */
export interface SystemOptions {
  /** Everything is kept here: database, files, mail, secrets. */
  readonly folder: string;
  /** Port of the API; the next free one is taken where it is in use. */
  readonly port: number;
  /** Level of the log lines on standard output; only warnings by default. */
  readonly logLevel?: string;
}

/** The whole system, serving. */
export interface RunningSystem {
  readonly file: StandaloneFile;
  /** `host:port` of each service's gRPC. */
  readonly addresses: Readonly<Record<string, string>>;
  /** URL of the database server's superuser: for tests that look inside. */
  readonly databaseUrl: string;
  readonly secrets: Secrets;
  stop(): Promise<void>;
}

/** Nobody is limited on their own machine: demo, benchmarks and tests ask more in a minute than the people of a firm. */
export const UNLIMITED: Readonly<Record<string, string>> = {
  KEY_REQUESTS_PER_MINUTE: '100000000',
  PERSON_REQUESTS_PER_MINUTE: '100000000',
  ADDRESS_SIGN_INS_PER_MINUTE: '100000000',
};

// Identity first: the others ask it for the keys that tokens are verified with.
export const services: readonly ServiceDefinition[] = [identity, assignment, billing, documents, communications];

/** What has been started, to be stopped in the opposite order. */
export class Started {
  private readonly steps: (() => Promise<void>)[] = [];

  add(stop: () => Promise<void>): void {
    this.steps.push(stop);
  }

  async stop(): Promise<void> {
    for (const step of this.steps.splice(0).reverse()) await step();
  }
}

// Of each part: all of them together must have ended within 10 s of SIGTERM.
const SHUTDOWN_TIMEOUT_MS = 3000;

/** Starts every service, the gateway and the mail catcher in this process, on an embedded PostgreSQL. Makes demo data at the first start. */
export async function startSystem(options: SystemOptions): Promise<RunningSystem> {
  const started = new Started();
  try {
    return await startParts(options, started);
  } catch (error) {
    await started.stop().catch(() => undefined);
    throw error;
  }
}

async function startParts(
  { folder: given, port, logLevel = 'warn' }: SystemOptions,
  started: Started,
): Promise<RunningSystem> {
  const folder = resolve(given);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  started.add(
    startTelemetry({ serviceName: 'paradesk-standalone', otlpEndpoint: process.env.OTEL_EXPORTER_OTLP_ENDPOINT }),
  );
  const postgres = await startEmbeddedPostgres({ folder: join(folder, 'postgres'), durable: true });
  started.add(() => postgres.stop());
  const secrets = await openSecrets(folder);
  const mail = await MailCatcher.start({
    folder: join(folder, 'mail'),
    httpPort: port === 0 ? 0 : await freePort(port + 1),
  });
  started.add(() => mail.stop());
  const signIn = await DemoSignIn.start(secrets, port === 0 ? 0 : await freePort(port + 2));
  started.add(() => signIn.stop());
  const ground = { folder, secrets, mail, signIn, logLevel, superuserUrl: postgres.url };
  const addresses = await startServices(ground, started);
  const { identity: identityAddress = '', ...peers } = addresses;
  const logger = createLogger({ service: 'gateway', level: logLevel });
  const gateway = await startGateway({
    host: '127.0.0.1',
    port: await freePort(port),
    identityAddress,
    peers,
    logger,
    signIn: signIn.gatewayOptions,
    shutdownTimeoutMs: SHUTDOWN_TIMEOUT_MS,
  });
  started.add(() => gateway.stop());
  const bootstrap = new Bootstrap(secrets.signingKeys, addresses);
  const demo = await openDemo(folder, bootstrap);
  await signIn.open(gateway.url, folder, bootstrap, demo);
  const places = { ...placesAt(gateway.url), mail: mail.url, pid: process.pid };
  const file = { ...places, services: addresses, database: postgres.url, ...demo };
  writePrivately(join(folder, 'standalone.json'), JSON.stringify(file, null, 2));
  return { file, addresses, databaseUrl: postgres.url, secrets, stop: () => started.stop() };
}

/** Where what is to be found. @param api base URL of the gateway */
export function placesAt(api: string): Pick<StandaloneFile, 'api' | 'docs' | 'openapi' | 'signIn'> {
  return { api, docs: `${api}/docs`, openapi: `${api}/openapi.json`, signIn: `${api}/auth/sign-in?return_to=/docs` };
}

interface Ground {
  readonly folder: string;
  readonly secrets: Secrets;
  readonly mail: MailCatcher;
  readonly signIn: DemoSignIn;
  readonly logLevel: string;
  readonly superuserUrl: string;
}

/** @returns `host:port` of each service's gRPC */
async function startServices(
  { folder, secrets, mail, signIn, logLevel, superuserUrl }: Ground,
  started: Started,
): Promise<Record<string, string>> {
  const channel = new InProcessChannel();
  started.add(() => channel.close());
  const addresses: Record<string, string> = {};
  const databases = await Promise.all(services.map((service) => openDatabase(service, superuserUrl, secrets)));
  for (const [index, service] of services.entries()) {
    const env = {
      ...settingsOf(service.name as ServiceName, secrets, mail),
      ...(service === identity && { ...signIn.identitySettings, ...UNLIMITED }),
      DATABASE_URL: databases[index],
      STORAGE: `folder:${join(folder, 'files')}`,
      LOG_LEVEL: logLevel,
    };
    const running = await startService(service, { env, channel, peers: () => addresses });
    started.add(() => running.stop());
    addresses[service.name] = running.address;
  }
  channel.open();
  return addresses;
}

/** @returns URL of the service's database, which is up to date */
export async function openDatabase(
  service: ServiceDefinition,
  superuserUrl: string,
  secrets: Secrets,
): Promise<string> {
  const { ownerUrl, runtimeUrl, runtimeRole } = await provisionDatabase(
    superuserUrl,
    `paradesk_${service.name}`,
    secrets.databasePassword,
  );
  await migrate({ ownerUrl, runtimeRole, migrations: service.migrations });
  return runtimeUrl;
}

/** What a service's environment says beside addresses, database and storage. */
export function settingsOf(name: ServiceName, secrets: Secrets, mail: MailCatcher): Record<string, string> {
  const own: Partial<Record<ServiceName, Record<string, string>>> = {
    identity: {
      SIGNING_KEYS: secrets.signingKeys,
      SERVICE_SECRETS: Object.entries(secrets.serviceSecrets)
        .map((pair) => pair.join(':'))
        .join(','),
    },
    communications: { SMTP_URL: mail.smtpUrl },
  };
  return {
    SERVICE_SECRET: secrets.serviceSecrets[name],
    ENCRYPTION_KEYS: secrets.encryptionKeys,
    DATABASE_POOL_SIZE: '8',
    SHUTDOWN_TIMEOUT_MS: `${SHUTDOWN_TIMEOUT_MS}`,
    ...own[name],
  };
}

// Made once: a start that was cut short begins anew with tenants of its own, so that it never ends in half a demo.
export async function openDemo(folder: string, bootstrap: Bootstrap): Promise<Demo> {
  const path = join(folder, 'demo.json');
  if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8')) as Demo;
  const demo = await makeDemoData(bootstrap);
  writePrivately(path, JSON.stringify(demo, null, 2));
  return demo;
}

/** The wanted port, or the next one up that is free. */
export async function freePort(wanted: number): Promise<number> {
  if (wanted === 0) return 0;
  for (let port = wanted; port < Math.min(wanted + 50, 65_536); port++) {
    if (await isFree(port)) return port;
  }
  throw new Error(`no port from ${wanted} on is free: set PORT to another one`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((answer) => {
    const probe = createServer();
    probe.once('error', () => answer(false)).listen(port, '127.0.0.1', () => probe.close(() => answer(true)));
  });
}
