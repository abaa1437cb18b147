import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';

/** A living process. `startedAt` tells it from a later one with the same pid; it is only ever compared. */
export type LivingProcess = { readonly startedAt: string; readonly command: string };

/** The living process with this pid, or undefined; a zombie that nobody has reaped (usual in containers) is dead. */
export function readProcess(pid: number): LivingProcess | undefined {
  return process.platform === 'linux' ? readProc(pid) : readPs(pid);
}

function readProc(pid: number): LivingProcess | undefined {
  const stat = readOrUndefined(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  // man proc_pid_stat: the name in parentheses may hold anything; after it follow the state (3) ... starttime (22)
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
  // starttime counts from boot, so it names a process only together with the boot
  const boot = readOrUndefined('/proc/sys/kernel/random/boot_id')?.trim() ?? '';
  const command = (readOrUndefined(`/proc/${pid}/cmdline`) ?? '').replaceAll('\0', ' ');
  return { startedAt: `${boot}/${fields[19]}`, command };
}

function readPs(pid: number): LivingProcess | undefined {
  try {
    const args = ['-o', 'stat=,lstart=,command=', '-p', String(pid)];
    const line = execFileSync('ps', args, { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } });
    const [, state, startedAt, command] = /^\s*(\S+)\s+(\w+ +\w+ +\d+ +[\d:]+ +\d+) +(.*)/.exec(line) ?? [];
    if (!state || !startedAt || state.startsWith('Z')) return undefined;
    return { startedAt, command: command ?? '' };
  } catch {
    return undefined; // ps ends with 1 when there is no such process
  }
}

function readOrUndefined(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/**
 * Takes the folder for this process until the returned function is called or the process has died: PostgreSQL's own lock
 * is about its server, which may outlive us, and says nothing about who uses it.
 *
 * @throws EmbeddedPostgresError FOLDER_IN_USE while the process that took it lives (this one included)
 */
export function claimFolder(folder: string): () => void {
  const lock = join(folder, 'owner.lock');
  const claim = `${process.pid} ${readProcess(process.pid)?.startedAt ?? ''}\n`;
  const draft = `${lock}.${randomUUID()}`;
  try {
    // written aside and linked, so that the lock is never seen half written
    writeFileSync(draft, claim, { mode: 0o644 });
    while (!linked(draft, lock)) dropDeadClaim(lock, folder);
  } finally {
    rmSync(draft, { force: true });
  }
  return () => {
    if (readOrUndefined(lock) === claim) rmSync(lock, { force: true });
  };
}

function linked(draft: string, lock: string): boolean {
  try {
    linkSync(draft, lock);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function dropDeadClaim(lock: string, folder: string): void {
  const claim = readOrUndefined(lock);
  if (claim === undefined) return; // released in this moment
  const [pid, startedAt] = claim.trim().split(' ');
  if (startedAt !== undefined && readProcess(Number(pid))?.startedAt === startedAt) {
    const who = Number(pid) === process.pid ? 'this process itself' : `process ${pid}`;
    throw new EmbeddedPostgresError(
      'FOLDER_IN_USE',
      `The database in ${folder} is in use by ${who}: stop that one first, or choose another folder.`,
    );
  }
  // Several starts may find the same dead claim. A rename succeeds for one of them; whoever moved a younger claim away
  // by it puts that back.
  const aside = `${lock}.${randomUUID()}`;
  try {
    renameSync(lock, aside);
    if (readOrUndefined(aside) !== claim) linked(aside, lock);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}
