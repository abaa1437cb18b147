import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  chownSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Binaries, type Launcher, type User } from './binaries.js';
import { EmbeddedPostgresError, explainFailure } from './embedded-postgres-error.js';

const UNFINISHED = 'cluster.unfinished-';
const REMOVE_TIMEOUT_MS = 10_000; // an orphaned initdb ends within a second or two

/** The files of one database server: where they are, and the password of its superuser `postgres`. */
export type Cluster = { readonly folder: string; readonly data: string; readonly password: string };

/**
 * Opens the cluster in a folder that this process has claimed; makes it when there is none. `durable` also writes it
 * through to the disk.
 *
 * @throws EmbeddedPostgresError VERSION_MISMATCH, FOLDER_DAMAGED, DISK_FULL, USER_REFUSED, START_FAILED
 */
export async function openCluster(
  folder: string,
  binaries: Binaries,
  launcher: Launcher,
  durable: boolean,
): Promise<Cluster> {
  const cluster = join(folder, 'cluster');
  for (const name of readdirSync(folder)) if (name.startsWith(UNFINISHED)) await remove(join(folder, name));
  if (existsSync(cluster)) checkVersion(folder, binaries.major);
  else await initialise(folder, binaries, launcher, durable);
  return { folder, data: join(cluster, 'data'), password: readPassword(cluster) };
}

/**
 * Makes the folder; answers who owns (or shall own) the cluster in it.
 *
 * @throws EmbeddedPostgresError FOLDER_NOT_WRITABLE when the cluster is another user's, else the error of the file system
 */
export function prepareFolder(folder: string): User {
  let nearest = folder;
  while (!existsSync(nearest)) nearest = dirname(nearest);
  const { uid, gid } = statSync(nearest);
  const root = process.getuid?.() === 0;
  if (mkdirSync(folder, { recursive: true }) !== undefined && root) chownSync(folder, uid, gid);
  const cluster = join(folder, 'cluster');
  if (!existsSync(cluster)) return { uid, gid };
  const owner = statSync(cluster);
  if (!root && owner.uid !== process.getuid?.()) {
    const message = `The database in ${folder} belongs to user id ${owner.uid}: start as that user, or choose another folder.`;
    throw new EmbeddedPostgresError('FOLDER_NOT_WRITABLE', message);
  }
  return { uid: owner.uid, gid: owner.gid };
}

/**
 * Removes a cluster that was never finished. The initdb of a killed process may still write there, or remove the same
 * files: then rmSync fails, or (with `force`) stops midway without an error, so only the absence of the folder counts.
 */
async function remove(unfinished: string): Promise<void> {
  const deadline = performance.now() + REMOVE_TIMEOUT_MS;
  while (existsSync(unfinished)) {
    try {
      rmSync(unfinished, { recursive: true, force: true });
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    if (existsSync(unfinished)) await sleep(20);
  }
}

function checkVersion(folder: string, major: number): void {
  const file = join(folder, 'cluster/data/PG_VERSION');
  const found = existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined;
  if (found === String(major)) return;
  if (found === undefined) throw damaged(folder, 'cluster/data/PG_VERSION');
  throw new EmbeddedPostgresError(
    'VERSION_MISMATCH',
    `The database in ${folder} is of PostgreSQL ${found}, this is ${major}: choose another folder, or migrate it by pg_dump of ${found}.`,
  );
}

function damaged(folder: string, missing: string): EmbeddedPostgresError {
  const message = `The database in ${folder} is damaged, ${missing} is missing: restore the folder from a backup, or choose another.`;
  return new EmbeddedPostgresError('FOLDER_DAMAGED', message);
}

function readPassword(cluster: string): string {
  const file = join(cluster, 'superuser-password');
  if (!existsSync(file)) throw damaged(dirname(cluster), 'cluster/superuser-password');
  return readFileSync(file, 'utf8').trim();
}

/** A new cluster is made aside and renamed when complete: a kill at any moment leaves all of it or nothing. */
async function initialise(folder: string, { initdb }: Binaries, launcher: Launcher, durable: boolean): Promise<void> {
  const unfinished = mkdtempSync(join(folder, UNFINISHED)); // mode 0700
  try {
    // Other users of the machine reach 127.0.0.1 too, so every session needs the password.
    const passwordFile = join(unfinished, 'superuser-password');
    writeFileSync(passwordFile, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600, flush: durable });
    if (launcher.user)
      for (const name of [unfinished, passwordFile]) chownSync(name, launcher.user.uid, launcher.user.gid);
    const args = ['-D', join(unfinished, 'data'), '-U', 'postgres', '-A', 'scram-sha-256', `--pwfile=${passwordFile}`];
    args.push('--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8');
    args.push('--no-instructions', ...(durable ? [] : ['--no-sync']));
    const { child, lines } = launcher.run(initdb, args);
    const [code] = (await once(child, 'close')) as [number | null];
    if (code !== 0) throw explainFailure('The database could not be made', lines, { folder });
    if (durable) syncFolder(unfinished);
    renameSync(unfinished, join(folder, 'cluster'));
    if (durable) syncFolder(folder);
  } catch (error) {
    await remove(unfinished);
    throw error;
  }
}

function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  fsyncSync(handle);
  closeSync(handle);
}
