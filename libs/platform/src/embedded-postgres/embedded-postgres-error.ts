/** Why an embedded PostgreSQL did not start; programs switch on it, people read the message. */
export type EmbeddedPostgresReason =
  | 'DISK_FULL'
  | 'FOLDER_DAMAGED'
  | 'FOLDER_IN_USE'
  | 'FOLDER_NOT_WRITABLE'
  | 'PACKAGE_MISSING'
  | 'PLATFORM_UNSUPPORTED'
  | 'PORT_TAKEN'
  | 'START_FAILED'
  | 'USER_REFUSED'
  | 'VERSION_MISMATCH';

/** The embedded PostgreSQL cannot be used. The message is one line: what is wrong, then what to do about it. */
export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError';

  constructor(
    readonly reason: EmbeddedPostgresReason,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

type Place = { readonly folder: string; readonly port?: number };
type Explanation = readonly [RegExp, EmbeddedPostgresReason, (place: Place) => string];

// What the binaries say (always in English: LC_ALL=C) and what it means to the person who started Paradesk. First match wins.
const EXPLANATIONS: readonly Explanation[] = [
  [
    /No space left on device|ENOSPC|Disk quota exceeded|EDQUOT/,
    'DISK_FULL',
    ({ folder }) => `The disk that holds ${folder} (or /dev/shm) is full: free some space, or choose another folder.`,
  ],
  [
    /could not bind .*Address already in use|listen EADDRINUSE/,
    'PORT_TAKEN',
    ({ port }) => `Port ${port} of 127.0.0.1 is taken: end the program that listens there, or choose another port.`,
  ],
  [
    /pre-existing shared memory block/,
    'FOLDER_IN_USE',
    ({ folder }) =>
      `Processes of a killed PostgreSQL still work in ${folder}: end these "postgres" processes, then start again.`,
  ],
  [
    /lock file "postmaster\.pid" already exists/,
    'FOLDER_IN_USE',
    ({ folder }) => `Another PostgreSQL runs in ${folder}: stop it, or choose another folder.`,
  ],
  [
    /database files are incompatible with server/,
    'VERSION_MISMATCH',
    ({ folder }) =>
      `The database in ${folder} was made by another build of PostgreSQL: choose another folder, or migrate it by pg_dump.`,
  ],
  [
    /cannot be run as root|"root" execution of the PostgreSQL server|spawn \S+ EPERM/,
    'USER_REFUSED',
    () =>
      'PostgreSQL refuses to run as root, and this machine allows neither a user namespace nor another user: start as an ordinary user.',
  ],
  [
    /could not look up effective user ID/,
    'USER_REFUSED',
    () =>
      'PostgreSQL wants a user with a name, and this user id has none in /etc/passwd: add one, or start as another user.',
  ],
  [
    /error while loading shared libraries|Library not loaded|spawn \S+ ENOENT/,
    'PACKAGE_MISSING',
    () =>
      'The PostgreSQL binaries from npm are incomplete or do not fit this system (they need glibc on Linux): run `npm ci` again.',
  ],
  [
    /Permission denied|Read-only file system|Operation not permitted|\b(EACCES|EPERM|EROFS|ENOTDIR|EEXIST)\b/,
    'FOLDER_NOT_WRITABLE',
    ({ folder }) =>
      `${folder} cannot be written by the user that runs PostgreSQL: correct its rights, or choose another folder.`,
  ],
];

const LAST_LINES = 5;

/**
 * Puts the last words of initdb or postgres, or the message of an error of the operating system, into one line that says
 * what to do. Reason START_FAILED, with the last log lines, for what it does not know.
 */
export function explainFailure(what: string, lines: readonly string[], place: Place): EmbeddedPostgresError {
  const text = lines.join('\n');
  const known = EXPLANATIONS.find(([pattern]) => pattern.test(text));
  if (known !== undefined) {
    const [, reason, message] = known;
    return new EmbeddedPostgresError(reason, message(place), { cause: text });
  }
  const end = lines.filter((line) => line.trim() !== '').slice(-LAST_LINES);
  const words = end.length === 0 ? 'It left no log line.' : `Last log lines: ${end.join(' | ')}`;
  return new EmbeddedPostgresError('START_FAILED', `${what} in ${place.folder}. ${words}`, { cause: text });
}
