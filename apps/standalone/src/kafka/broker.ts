import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { leashed } from '../leash.js';
import { brokerJars } from './broker-jars.js';
import { brokerProperties, LOG4J_PROPERTIES, type Listener } from './broker-settings.js';
import { findJava, runTool } from './java.js';

/** How to start a broker. */
export interface BrokerOptions {
  /** Keeps the events; one broker at a time. */
  readonly folder: string;
  /** Keeps the jars, for all folders. */
  readonly cache: string;
  /** Port of 127.0.0.1; the next one up is the controller's. */
  readonly port: number;
  /** More ports that lead to it, each for clients behind a proxy of its own. */
  readonly listeners?: readonly Listener[];
  /** Told before the jars are fetched, which takes a while. */
  readonly fetching?: () => void;
}

/** An Apache Kafka broker of our own. */
export interface Broker {
  /** What KAFKA_BROKERS takes. */
  readonly brokers: string;
  readonly pid: number;
  /** Resolves, with a line that says why, when it ends without having been stopped. */
  readonly failed: Promise<string>;
  /** Ends it; what was acknowledged is kept. */
  stop(): Promise<void>;
}

// Any UUID: there is one cluster in a folder.
const CLUSTER_ID = 'AAAAAAAAAAAAAAAAAAAAAQ';
const START_TIMEOUT_MS = 120_000;
const STOP_TIMEOUT_MS = 20_000;

/**
 * Starts an Apache Kafka broker without Docker: it needs Java, and Maven the first time.
 *
 * @throws Error in one line that says what to do
 */
export async function startBroker(options: BrokerOptions): Promise<Broker> {
  const { port, listeners = [], cache, fetching } = options;
  const folder = resolve(options.folder);
  const java = await findJava();
  mkdirSync(folder, { recursive: true });
  // Looked at before the start: a second broker breaks the first one before it finds its port or its folder taken.
  refuseSecondBroker(folder);
  for (const wanted of [port, port + 1, ...listeners.map((one) => one.port)]) await refuseTakenPort(wanted);
  const jars = await brokerJars(resolve(cache), fetching ?? (() => undefined));
  const [properties, log4j] = [join(folder, 'server.properties'), join(folder, 'log4j2.properties')];
  writeFileSync(properties, brokerProperties(folder, port, listeners));
  writeFileSync(log4j, LOG4J_PROPERTIES);
  const jvm = (heap: string) => [
    `-Xmx${heap}`,
    ...JVM_OPTIONS,
    '-cp',
    join(jars, '*'),
    `-Dlog4j2.configurationFile=${log4j}`,
  ];
  if (!existsSync(join(folder, 'log/meta.properties'))) {
    const format = ['kafka.tools.StorageTool', 'format', '--standalone', '-t', CLUSTER_ID, '-c', properties];
    await runTool(java, [...jvm('128m'), ...format], `${java} is not there any more.`);
  }
  const child = launch(java, [...jvm('256m'), 'kafka.Kafka', properties]);
  writeFileSync(join(folder, 'broker.pid'), `${child.pid}`);
  const logFile = join(folder, 'broker.log');
  await started(child, logFile);
  return running(child, { port, logFile });
}

const JVM_OPTIONS = ['-Xms64m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-XX:+ExitOnOutOfMemoryError'];

function launch(java: string, args: readonly string[]): ChildProcess {
  // In a group of its own: Ctrl-C reaches it through us only.
  return spawn(...leashed(java, args), { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
}

async function started(child: ChildProcess, logFile: string): Promise<void> {
  const log = createWriteStream(logFile, { flags: 'a' });
  const ready = Promise.withResolvers<void>();
  let said = '';
  const note = (bytes: Buffer): void => {
    log.write(bytes);
    if (said.length < 1_000_000) said += bytes.toString();
    if (said.includes('Kafka Server started')) ready.resolve();
  };
  child.stdout?.on('data', note);
  child.stderr?.on('data', note);
  child.once('error', ready.reject);
  child.once('exit', () => ready.reject(new Error(endOf(child, logFile, said))));
  const late = sleep(START_TIMEOUT_MS, undefined, { ref: false }).then(() => {
    throw new Error(`the broker has not started within ${START_TIMEOUT_MS / 1000} s, see ${logFile}`);
  });
  try {
    await Promise.race([ready.promise, late]);
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
}

function running(child: ChildProcess, { port, logFile }: { port: number; logFile: string }): Broker {
  const failed = Promise.withResolvers<string>();
  const exited = once(child, 'exit');
  let stopping: Promise<void> | undefined;
  void exited.then(() => {
    if (!stopping) failed.resolve(endOf(child, logFile, ''));
  });
  const end = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    const ended = await Promise.race([exited, sleep(STOP_TIMEOUT_MS, undefined, { ref: false })]);
    if (!ended) child.kill('SIGKILL');
    await exited;
  };
  return { brokers: `127.0.0.1:${port}`, pid: child.pid!, failed: failed.promise, stop: () => (stopping ??= end()) };
}

function endOf(child: ChildProcess, logFile: string, said: string): string {
  const cause = said.split('\n').find((line) => /ERROR|FATAL|Exception/.test(line));
  return `the broker ended (${child.signalCode ?? child.exitCode}), see ${logFile}${cause ? `: ${cause}` : ''}`;
}

function refuseSecondBroker(folder: string): void {
  const file = join(folder, 'broker.pid');
  if (!existsSync(file)) return;
  const pid = readFileSync(file, 'utf8').trim();
  if (commandOf(pid).includes(join(folder, 'server.properties')))
    throw new Error(
      `a broker runs on ${folder} already (process ${pid}): stop it, or set KAFKA_DATA to another folder.`,
    );
}

function commandOf(pid: string): string {
  try {
    return execFileSync('ps', ['-ww', '-o', 'args=', '-p', pid], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch {
    return ''; // there is no such process
  }
}

async function refuseTakenPort(port: number): Promise<void> {
  const probe = createServer();
  try {
    probe.listen(port, '127.0.0.1');
    await once(probe, 'listening');
    probe.close();
    await once(probe, 'close');
  } catch (cause) {
    throw new Error(
      `port ${port} of 127.0.0.1 is in use: set KAFKA_PORT to another one, of which the next one up is free too.`,
      {
        cause,
      },
    );
  }
}
