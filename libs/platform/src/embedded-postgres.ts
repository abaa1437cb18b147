import { type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Launcher, launcherFor, locateBinaries } from './embedded-postgres/binaries.js';
import { type Cluster, openCluster, prepareFolder } from './embedded-postgres/cluster.js';
import { EmbeddedPostgresError, explainFailure } from './embedded-postgres/embedded-postgres-error.js';
import { claimFolder, readProcess } from './embedded-postgres/folder-claim.js';

export { EmbeddedPostgresError, type EmbeddedPostgresReason } from './embedded-postgres/embedded-postgres-error.js';

/** How to start an embedded PostgreSQL. */
export type EmbeddedPostgresOptions = {
  /** Where the cluster lives; made when missing, kept after `stop`. One process at a time may use it. */
  readonly folder: string;
  /** Port of 127.0.0.1; a free one when left out. */
  readonly port?: number;
  /** true: a commit survives a power cut. false: it survives the end of the server only (tests, several times faster). */
  readonly durable: boolean;
  /** Receives each log line of the server; by default they are dropped. */
  readonly log?: (line: string) => void;
  /** Connections the server accepts; 100 by default. */
  readonly maxConnections?: number;
};

/** A running PostgreSQL of our own, reachable through 127.0.0.1 only. */
export type EmbeddedPostgres = {
  /** Address of the superuser with its generated password: it is a secret. */
  readonly url: string;
  readonly port: number;
  /** Process id of the postmaster. */
  readonly pid: number;
  /** Ends every session and the server, within 5 s; a second call waits for the first. */
  stop(): Promise<void>;
};

type Launch = { readonly postgres: string; readonly launcher: Launcher; readonly options: EmbeddedPostgresOptions };
type Server = { readonly child: ChildProcess; readonly port: number };

const START_TIMEOUT_MS = 120_000; // crash recovery replays at most max_wal_size
const ORPHANS_TIMEOUT_MS = 10_000;
const PORT_ATTEMPTS = 5;

/**
 * Starts the PostgreSQL that npm installed, on `folder`. A server left there by a killed process is stopped first; what an
 * interrupted first start left is removed. Works for ordinary users and for root (files then belong to the folder's owner).
 *
 * @throws EmbeddedPostgresError with a reason and one line that says what to do
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const binaries = locateBinaries();
  const wanted = resolve(options.folder);
  let release = (): void => undefined;
  try {
    const launcher = launcherFor(prepareFolder(wanted));
    const folder = realpathSync(wanted);
    release = claimFolder(folder);
    const cluster = await openCluster(folder, binaries, launcher, options.durable);
    await stopLeftover(cluster, options.log);
    const launch: Launch = { postgres: binaries.postgres, launcher, options };
    const server = await startServer(cluster, (port) => launchServer(cluster, launch, port), options.port);
    return running(server, cluster.password, release);
  } catch (error) {
    release();
    if (error instanceof EmbeddedPostgresError) throw error;
    throw explainFailure('PostgreSQL did not start', [String(error)], { folder: wanted });
  }
}

function running({ child, port }: Server, password: string, release: () => void): EmbeddedPostgres {
  let stopped: Promise<void> | undefined;
  return {
    url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
    port,
    pid: child.pid!,
    stop: () => (stopped ??= stopServer(child).finally(release)),
  };
}

/** Stops the server that a killed process left in this folder, and lets PostgreSQL see through a recycled pid. */
async function stopLeftover({ folder, data }: Cluster, log?: (line: string) => void): Promise<void> {
  const file = join(data, 'postmaster.pid');
  if (!existsSync(file)) return;
  const content = readFileSync(file, 'utf8');
  const pid = Number.parseInt(content, 10);
  const found = readProcess(pid);
  if (found === undefined) return; // a stale file; PostgreSQL replaces it
  if (!found.command.includes(`postgres -D ${data} `)) {
    // A stranger has got the pid, and PostgreSQL would take it for a server. It never minds the pid of its own parent, and
    // the rest of the file must stay: by it PostgreSQL sees sessions of the killed server that still work on the data.
    writeFileSync(file, content.replace(/^.*/, String(process.pid)));
    return;
  }
  log?.(`stopping the PostgreSQL (pid ${pid}) that a killed process left in ${folder}`);
  const gone = async (timeoutMs: number): Promise<boolean> => {
    for (let waitedMs = 0; waitedMs < timeoutMs; waitedMs += 20) {
      if (readProcess(pid)?.startedAt !== found.startedAt) return true;
      await sleep(20);
    }
    return false;
  };
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
    if (readProcess(pid)?.startedAt === found.startedAt) process.kill(pid, signal);
    if (await gone(5_000)) return;
  }
}

/** Waits for a free port and for sessions of a killed server, as far as waiting helps. */
async function startServer(
  cluster: Cluster,
  launch: (port: number) => Promise<ChildProcess>,
  wanted?: number,
): Promise<Server> {
  const orphansUntil = performance.now() + ORPHANS_TIMEOUT_MS;
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort(wanted ?? 0, cluster.folder);
    try {
      return { child: await launch(port), port };
    } catch (error) {
      if (!(error instanceof EmbeddedPostgresError)) throw error;
      // sessions of a server that was killed notice it and end by themselves, mostly within milliseconds
      const orphans = String(error.cause).includes('pre-existing shared memory') && performance.now() < orphansUntil;
      const portLost = error.reason === 'PORT_TAKEN' && wanted === undefined && attempt < PORT_ATTEMPTS;
      if (!orphans && !portLost) throw error;
      await sleep(100);
    }
  }
}

/** The port when it is free, any free one for 0. @throws EmbeddedPostgresError PORT_TAKEN */
async function freePort(port: number, folder: string): Promise<number> {
  const probe = createServer();
  try {
    probe.listen(port, '127.0.0.1');
    await once(probe, 'listening');
    const address = probe.address();
    probe.close();
    await once(probe, 'close');
    return typeof address === 'object' && address ? address.port : port;
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'EACCES') {
      const message = `Port ${port} of 127.0.0.1 is not for this user: choose one above 1023.`;
      throw new EmbeddedPostgresError('START_FAILED', message, { cause });
    }
    throw explainFailure('PostgreSQL did not start', [String(cause)], { folder, port });
  }
}

/** Runs postgres on the cluster until it takes connections. */
async function launchServer(cluster: Cluster, launch: Launch, port: number): Promise<ChildProcess> {
  const { promise: ready, resolve: isReady, reject } = Promise.withResolvers<void>();
  const { child, lines } = launch.launcher.run(
    launch.postgres,
    serverArguments(cluster, launch.options, port),
    (line) => {
      launch.options.log?.(line);
      if (line.includes('database system is ready to accept connections')) isReady();
    },
  );
  child.once('error', reject);
  child.once('exit', async () => {
    // stderr ends after the process; a session that outlives it may hold it open
    await Promise.race([once(child, 'close'), sleep(500, undefined, { ref: false })]);
    reject(explainFailure('PostgreSQL ended while it started', lines, { folder: cluster.folder, port }));
  });
  const timeout = setTimeout(() => child.kill('SIGKILL'), START_TIMEOUT_MS);
  try {
    await ready;
  } finally {
    clearTimeout(timeout);
  }
  return child;
}

function serverArguments(
  { data }: Cluster,
  { durable, maxConnections = 100 }: EmbeddedPostgresOptions,
  port: number,
): string[] {
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '', // a socket path is often too long or not writable
    max_connections: maxConnections,
    timezone: 'UTC',
    log_timezone: 'UTC',
    log_checkpoints: 'off',
    // A whole company on one laptop: memory before throughput.
    shared_buffers: '64MB',
    max_wal_size: '256MB',
    min_wal_size: '32MB',
    jit: 'off',
    io_method: 'sync', // the default keeps three more processes
    max_parallel_workers_per_gather: 0, // parallel queries need more /dev/shm than containers have
    ...(durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return ['-D', data, '-p', String(port), ...flags];
}

/** Fast shutdown; one that hangs becomes an immediate one, from which the next start recovers without a loss. */
async function stopServer(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit').then(() => true);
  for (const [signal, waitMs] of [
    ['SIGINT', 3_500],
    ['SIGQUIT', 700],
    ['SIGKILL', 500],
  ] as const) {
    child.kill(signal);
    if (await Promise.race([exited, sleep(waitMs, false, { ref: false })])) return;
  }
}
