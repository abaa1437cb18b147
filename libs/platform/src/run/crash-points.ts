/** Moments at which the fault program kills a process: the ones between two steps that no transaction holds together. */
export const crashPoints = [
  /** A command has done its work and stored its answer, and nothing is committed. */
  'command.before-commit',
  /** What an RPC did is committed, and its caller does not know. */
  'rpc.after-commit',
  'relay.before-publish',
  /** Kafka has the events, and the outbox does not know. */
  'relay.after-publish',
  'relay.after-mark',
  /** The event's turn has come, and its handler has not begun. */
  'inbox.before-effect',
  'inbox.before-commit',
  /** The effect is committed, and the group does not know. */
  'inbox.after-commit',
  'kafka.after-offset-commit',
  'jobs.before-handle',
  /** The job is done, and its row is still there. */
  'jobs.after-handle',
  /** The file is written, and not under its name. */
  'storage.before-rename',
  /** The file is there, and no row points to it. */
  'storage.after-put',
] as const;

/** One of `crashPoints`. */
export type CrashPoint = (typeof crashPoints)[number];

/** The crash point that this process was started with. */
export interface ArmedCrash {
  readonly point: CrashPoint;
  /** At which pass of the point the process dies, 1 for the first. */
  readonly pass: number;
}

// Read once: nothing that happens later arms a process.
const armed = readCrash(process.env.PARADESK_CRASH_AT);

/** What PARADESK_CRASH_AT armed at the start of this process; undefined in every process but those of the fault program. */
export function armedCrash(): ArmedCrash | undefined {
  return armed;
}

/** Kills this process when it was armed for this point and pass; otherwise it does nothing. */
export const crashPoint: (point: CrashPoint) => void = armed ? countdownTo(armed) : () => undefined;

/**
 * Reads `<point>` or `<point>:<pass>`; undefined where nothing is given.
 *
 * @throws Error in one line for what names no crash point: a fault that never comes would pass for one that was survived
 */
export function readCrash(given: string | undefined): ArmedCrash | undefined {
  if (!given) return undefined;
  const [name, pass = '1', ...rest] = given.split(':');
  const point = crashPoints.find((one) => one === name);
  if (!point || !/^[1-9]\d{0,8}$/.test(pass) || rest.length > 0) {
    throw new Error(`PARADESK_CRASH_AT takes <point> or <point>:<pass>; points are ${crashPoints.join(', ')}`);
  }
  return { point, pass: Number(pass) };
}

function countdownTo({ point, pass }: ArmedCrash): (passed: CrashPoint) => void {
  let left = pass;
  return (passed) => {
    // SIGKILL: no handler runs and nothing is flushed, as when the machine takes the process away.
    if (passed === point && --left === 0) process.kill(process.pid, 'SIGKILL');
  };
}
