import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type EmbeddedPostgres,
  EmbeddedPostgresError,
  type EmbeddedPostgresOptions,
  startEmbeddedPostgres,
} from '@paradesk/platform/embedded-postgres';
import pg from 'pg';
import { locateBinaries } from '../src/embedded-postgres/binaries.js';
import { explainFailure } from '../src/embedded-postgres/embedded-postgres-error.js';
import { readProcess } from '../src/embedded-postgres/folder-claim.js';

let folder: string;
let servers: EmbeddedPostgres[];
let others: ChildProcess[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'paradesk-postgres-'));
  servers = [];
  others = [];
});

// The invariant: whatever happened, nothing of it goes on, and the folder is free for the next start.
afterEach(async () => {
  for (const server of servers) await server.stop();
  for (const other of others) other.kill('SIGKILL');
  expect(servers.filter(({ pid }) => readProcess(pid) !== undefined)).toEqual([]);
  expect(readdirSync(folder).filter((name) => name !== 'cluster')).toEqual([]);
  expect(existsSync(join(folder, 'cluster/data/postmaster.pid'))).toBe(false);
  rmSync(folder, { recursive: true });
});

async function start(options: Partial<EmbeddedPostgresOptions> = {}): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ folder, durable: false, ...options });
  servers.push(server);
  return server;
}

async function refusal(options: Partial<EmbeddedPostgresOptions> = {}): Promise<EmbeddedPostgresError> {
  const error: unknown = await start(options).then(
    () => new Error('it started'),
    (cause: unknown) => cause,
  );
  expect(error).toBeInstanceOf(EmbeddedPostgresError);
  expect((error as Error).message).not.toContain('\n');
  return error as EmbeddedPostgresError;
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined); // the server is killed under some of them
  await client.connect();
  return client;
}

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = await connect(url);
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

// Lets a process of its own run the source: relative imports end in .js and stand for the .ts beside it.
const SOURCE_HOOK = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module';
  registerHooks({ resolve: (name, context, next) =>
    next(/^\\.{1,2}\\/.*\\.js$/.test(name) && !context.parentURL.includes('/node_modules/') ? name.replace(/js$/, 'ts') : name, context) });
`)}`;
const SCRIPT = `
  const { startEmbeddedPostgres } = await import(process.argv[1]);
  const options = JSON.parse(process.argv[2]);
  try {
    const { url, port, pid } = await startEmbeddedPostgres(options);
    console.log(JSON.stringify({ url, port, pid }));
  } catch (error) {
    console.log(JSON.stringify({ reason: error.reason, message: error.message }));
  }`;

type Answer = { url: string; port: number; pid: number; reason?: string; message?: string };

/** A process of its own that starts a server; `prefix` is a command that runs it in another way. */
function startElsewhere(prefix: string[] = []): { other: ChildProcess; answer: Promise<Answer> } {
  const source = new URL('../src/embedded-postgres.ts', import.meta.url).href;
  const flags = ['--disable-warning=ExperimentalWarning', '--experimental-transform-types', '--import', SOURCE_HOOK];
  const script = ['--input-type=module', '-e', SCRIPT, source, JSON.stringify({ folder, durable: true })];
  const [command, ...rest] = [...prefix, process.execPath, ...flags, ...script] as [string, ...string[]];
  const other = spawn(command, rest, { stdio: ['ignore', 'pipe', 'inherit'] });
  others.push(other);
  const answer = once(createInterface({ input: other.stdout! }), 'line').then(([line]) => JSON.parse(line) as Answer);
  return { other, answer };
}

async function kill(other: ChildProcess): Promise<void> {
  other.kill('SIGKILL');
  await once(other, 'exit');
}

async function until(holds: () => boolean): Promise<void> {
  for (let waitedMs = 0; !holds() && waitedMs < 10_000; waitedMs += 5) await sleep(5);
  expect(holds()).toBe(true);
}

const ORDINARY_USER = process.getuid?.() === 0 ? ['unshare', '-U', '--map-user=65534', '--map-group=65534'] : [];
const unfinished = (): string[] => readdirSync(folder).filter((name) => name.startsWith('cluster.unfinished-'));

describe('a start', () => {
  it('makes a new cluster in UTC and UTF-8 that only the password opens', async () => {
    const server = await start({ durable: true, maxConnections: 40 });
    const [row] = await query(
      server.url,
      `select current_setting('timezone') as zone, current_setting('fsync') as fsync, current_setting('max_connections') as connections,
              current_setting('server_version_num')::int / 10000 as major, current_setting('unix_socket_directories') as sockets,
              (select datlocprovider::text || ' ' || datlocale from pg_database where datname = 'template1') as locale`,
    );
    expect(row).toEqual({ zone: 'UTC', fsync: 'on', connections: '40', major: 18, sockets: '', locale: 'b C.UTF-8' });
    expect(statSync(join(folder, 'cluster/superuser-password')).mode & 0o777).toBe(0o600);
    const { password } = new URL(server.url);
    await expect(query(server.url.replace(password, 'guess'), 'select 1')).rejects.toThrow(/password authentication/);
  });

  it('makes the folder, also several levels deep', async () => {
    const server = await start({ folder: join(folder, 'cluster/deep/er') });
    expect(await query(server.url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('finds the rows and the password of the last time', async () => {
    const first = await start({ durable: true });
    await query(first.url, `create table kept as select 'row' as name`);
    await Promise.all([first.stop(), first.stop()]);
    const second = await start({ durable: true, port: first.port });
    expect(second.url).toBe(first.url);
    expect(await query(second.url, 'select * from kept')).toEqual([{ name: 'row' }]);
  });

  it('works for an ordinary user', async () => {
    const { other, answer } = startElsewhere(ORDINARY_USER);
    const { url } = await answer;
    expect(await query(url, 'select 1 as one')).toEqual([{ one: 1 }]);
    await kill(other);
    await start();
  });
});

describe('a crash', () => {
  it('of the server (kill -9) loses no acknowledged insert of a durable cluster', async () => {
    const server = await start({ durable: true });
    await query(server.url, 'create table acknowledged (id int primary key)');
    const acknowledged: number[] = [];
    const writers = [0, 1, 2, 3].map(async (writer) => {
      const client = await connect(server.url);
      for (let id = writer; ; id += 4) {
        await client.query('insert into acknowledged values ($1)', [id]);
        acknowledged.push(id);
      }
    });
    await until(() => acknowledged.length > 200);
    process.kill(server.pid, 'SIGKILL');
    await Promise.allSettled(writers);
    await server.stop();
    const again = await start({ durable: true });
    const found = new Set((await query(again.url, 'select id from acknowledged')).map(({ id }) => id));
    expect(acknowledged.filter((id) => !found.has(id))).toEqual([]);
  });

  it('of the parent (kill -9) leaves a server that the next start stops first', async () => {
    const { other, answer } = startElsewhere();
    const left = await answer;
    await query(left.url, `create table kept as select 'row' as name`);
    process.kill(left.pid, 'SIGSTOP'); // so that it is still there, however it is tied to its parent
    await kill(other);
    const lines: string[] = [];
    const starting = start({ durable: true, port: left.port, log: (line) => lines.push(line) });
    await until(() => lines.length > 0);
    expect(lines[0]).toContain(`stopping the PostgreSQL (pid ${left.pid})`);
    process.kill(left.pid, 'SIGCONT');
    const server = await starting;
    expect(readProcess(left.pid)).toBeUndefined();
    expect(server.pid).not.toBe(left.pid);
    expect(await query(server.url, 'select * from kept')).toEqual([{ name: 'row' }]);
  });

  it('of the first start (kill -9 while the cluster is made) leaves nothing half done', async () => {
    const { other } = startElsewhere();
    await until(() => unfinished().some((name) => existsSync(join(folder, name, 'data/base'))));
    await kill(other);
    expect(existsSync(join(folder, 'cluster'))).toBe(false);
    const server = await start();
    expect(await query(server.url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('is not mistaken for a running server when a stranger has got its pid', async () => {
    const first = await start();
    process.kill(first.pid, 'SIGKILL');
    await first.stop();
    const stranger = spawn('sleep', ['60']);
    others.push(stranger);
    const file = join(folder, 'cluster/data/postmaster.pid');
    writeFileSync(file, readFileSync(file, 'utf8').replace(/^.*/, String(stranger.pid)));
    writeFileSync(join(folder, 'owner.lock'), `${stranger.pid} another-start\n`);
    const server = await start();
    expect(await query(server.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    expect(readProcess(stranger.pid!)).toBeDefined();
  });
});

describe('a refusal', () => {
  it('says FOLDER_IN_USE to all but one of the starts of this process', async () => {
    const starts = await Promise.allSettled([start(), start(), start()]);
    const reasons = starts.map((one) => (one.status === 'fulfilled' ? 'started' : one.reason.reason)).toSorted();
    expect(reasons).toEqual(['FOLDER_IN_USE', 'FOLDER_IN_USE', 'started']);
  });

  it('says FOLDER_IN_USE, and by whom, while another process lives', async () => {
    const { other, answer } = startElsewhere();
    const { url } = await answer;
    const { reason, message } = await refusal();
    expect(reason).toBe('FOLDER_IN_USE');
    expect(message).toContain(`process ${other.pid}`);
    expect(await query(url, 'select 1 as one')).toEqual([{ one: 1 }]);
    await kill(other);
    await start();
  });

  it('says PORT_TAKEN and leaves the folder free', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const { port } = holder.address() as { port: number };
    const { reason, message } = await refusal({ port });
    holder.close();
    await once(holder, 'close');
    expect(reason).toBe('PORT_TAKEN');
    expect(message).toContain(String(port));
    expect((await start({ port })).port).toBe(port);
  });

  it('says START_FAILED for a port that does not exist', async () => {
    const { reason, message } = await refusal({ port: 70_000 });
    expect(reason).toBe('START_FAILED');
    expect(message).toContain('70000');
  });

  it('says FOLDER_NOT_WRITABLE to an ordinary user without the right to write', async () => {
    chmodSync(folder, 0o555);
    const { reason, message } = await startElsewhere(ORDINARY_USER).answer;
    chmodSync(folder, 0o755);
    expect(reason).toBe('FOLDER_NOT_WRITABLE');
    expect(message).toContain(folder);
  });

  it.each([
    ['a file in the place of the folder', ''],
    ['a file in the place of a folder above', '/deeper'],
  ])('says FOLDER_NOT_WRITABLE for %s', async (_, below) => {
    writeFileSync(join(folder, 'cluster'), '');
    const { reason } = await refusal({ folder: join(folder, `cluster${below}`) });
    expect(reason).toBe('FOLDER_NOT_WRITABLE');
    rmSync(join(folder, 'cluster'));
  });

  it('says VERSION_MISMATCH for a cluster of another major version, and does not touch it', async () => {
    await (await start()).stop();
    const file = join(folder, 'cluster/data/PG_VERSION');
    writeFileSync(file, '17\n');
    const { reason, message } = await refusal();
    expect(reason).toBe('VERSION_MISMATCH');
    expect(message).toMatch(/PostgreSQL 17, this is 18/);
    writeFileSync(file, '18\n');
    await start();
  });

  it.each(['superuser-password', 'data/PG_VERSION'])('says FOLDER_DAMAGED when cluster/%s is missing', async (name) => {
    await (await start()).stop();
    rmSync(join(folder, 'cluster', name));
    const { reason, message } = await refusal();
    expect(reason).toBe('FOLDER_DAMAGED');
    expect(message).toContain(name);
  });

  it('says START_FAILED with the last log lines when the server dies while it starts', async () => {
    await (await start()).stop();
    writeFileSync(join(folder, 'cluster/data/postgresql.conf'), 'no_such_setting = 1\n');
    const { reason, message } = await refusal();
    expect(reason).toBe('START_FAILED');
    expect(message).toContain('no_such_setting');
  });

  it('says DISK_FULL when the first start fills the disk, and gives the space back', async () => {
    // A small disk of its own, seen by that process only; where nobody may mount, the words of initdb have to do.
    const mounts = ['unshare', process.getuid?.() === 0 ? '-m' : '-Urm', 'sh', '-c'];
    const mount = `mount -t tmpfs -o size=16m none '${folder}'`;
    const mayMount = spawnSync(mounts[0]!, [...mounts.slice(1), mount]).status === 0;
    if (!mayMount) {
      const words = 'initdb: error: could not create directory "/x/base/1": No space left on device';
      expect(explainFailure('', [words], { folder }).reason).toBe('DISK_FULL');
      return;
    }
    const { other, answer } = startElsewhere([...mounts, `${mount} && "$@" && test -z "$(ls -A '${folder}')"`, 'sh']);
    expect(await answer).toEqual({ reason: 'DISK_FULL', message: expect.stringContaining(folder) });
    expect(await once(other, 'exit')).toEqual([0, null]);
  });

  it.each([
    ['windows', 'win32', 'x64', 'PLATFORM_UNSUPPORTED'],
    ['an old Mac', 'darwin', 'x64', 'PLATFORM_UNSUPPORTED'],
    [
      'a supported platform without its package',
      process.platform === 'darwin' ? 'linux' : 'darwin',
      'arm64',
      'PACKAGE_MISSING',
    ],
  ])('names the platform: %s', (_, platform, arch, reason) => {
    expect(() => locateBinaries(platform, arch)).toThrow(expect.objectContaining({ reason }));
    expect(() => locateBinaries(platform, arch)).toThrow(`${platform}-${arch}`);
  });

  it.each([
    ['initdb: error: could not write file "x": No space left on device', 'DISK_FULL'],
    ['Error: ENOSPC: no space left on device, write', 'DISK_FULL'],
    ['LOG:  could not bind IPv4 address "127.0.0.1": Address already in use', 'PORT_TAKEN'],
    ['FATAL:  pre-existing shared memory block (key 1, ID 2) is still in use', 'FOLDER_IN_USE'],
    ['FATAL:  lock file "postmaster.pid" already exists', 'FOLDER_IN_USE'],
    ['FATAL:  database files are incompatible with server', 'VERSION_MISMATCH'],
    ['initdb: error: cannot be run as root', 'USER_REFUSED'],
    ['"root" execution of the PostgreSQL server is not permitted.', 'USER_REFUSED'],
    ['Error: spawn /x/initdb EPERM', 'USER_REFUSED'],
    ['initdb: error: could not look up effective user ID 1234: user does not exist', 'USER_REFUSED'],
    [
      'postgres: error while loading shared libraries: libicuuc.so.60: cannot open shared object file',
      'PACKAGE_MISSING',
    ],
    ['Error: spawn /x/initdb ENOENT', 'PACKAGE_MISSING'],
    ['initdb: error: could not create directory "/x": Permission denied', 'FOLDER_NOT_WRITABLE'],
    ["Error: EROFS: read-only file system, mkdir '/x'", 'FOLDER_NOT_WRITABLE'],
    ['FATAL:  something new', 'START_FAILED'],
    ['', 'START_FAILED'],
  ])('puts "%s" down to %s', (line, reason) => {
    const error = explainFailure('It ended', [line], { folder, port: 5432 });
    expect(error.reason).toBe(reason);
    expect(error.message).toMatch(/[.:] .+/);
    expect(error.message).not.toContain('\n');
  });
});
