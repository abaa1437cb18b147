import type { Link, Proxies } from './proxies.js';

/** One way to break the running system, and to heal it again. */
export interface Fault {
  /** Its number in the fault programme: `F4`. */
  readonly id: string;
  /** In a few words, for the table. */
  readonly title: string;
  /** How often each programme injects it. */
  readonly times: Readonly<Record<Programme, number>>;
  /**
   * Breaks something while the load runs, and heals it before it resolves: recovery is timed from then on.
   *
   * @throws Error in one line where it could not be injected, or where the system did what it must not
   */
  inject(world: World, random: Random): Promise<Injected>;
}

export type Programme = 'smoke' | 'soak';

/** What an injection did, for the table. */
export interface Injected {
  /** What was hit: `billing at relay.after-publish`. */
  readonly what: string;
  /** Parked events that this fault is meant to leave, by aggregate; none by default. They are redriven or discarded after the check. */
  readonly poisoned?: readonly string[];
}

/** A random source that gives the same again for the same seed. */
export interface Random {
  /** A whole number from 0 to `below` - 1. */
  integer(below: number): number;
  pick<T>(from: readonly T[]): T;
}

/** The running system under load, with handles on all that can be broken. */
export interface World {
  /** Which programme runs: the soak gives faults more time than the smoke. */
  readonly programme: Programme;
  /** `host:port` of Kafka as the services know it (through the proxy), and as this program reaches it directly. */
  readonly brokers: { readonly proxied: string; readonly direct: string };
  readonly proxies: Proxies;
  readonly services: readonly string[];
  /** By name. A second process of a service is called `billing-2`, and so are its links: `billing-2>postgres`. */
  readonly processes: Readonly<Record<string, ControlledProcess>>;
  readonly kafka: Controlled;
  readonly postgres: Controlled & {
    /** Address of the superuser, past the proxies. */
    readonly superuserUrl: string;
    /** Asks one service's database as superuser, past the proxies. */
    query<T>(service: string, sql: string, parameters?: readonly unknown[]): Promise<T[]>;
  };
  /** The share of the load's full rate that is given, 0 to 1; 1 at the start of every fault. */
  setLoad(share: number): void;
}

/** Something that can be killed and started. */
export interface Controlled {
  /** kill -9; resolves when it is gone. */
  kill(): Promise<void>;
  /** Resolves when it serves again. */
  start(): Promise<void>;
}

/** A service or the gateway, as a process of its own. Ended unasked, it is started again after a second. */
export interface ControlledProcess {
  readonly name: string;
  readonly pid: number | undefined;
  signal(signal: NodeJS.Signals): void;
  /** Ends it with `SIGTERM` (or kill -9) and starts it anew with these settings besides its own, until it is restarted again. */
  restart(options?: { readonly env?: Readonly<Record<string, string>>; readonly kill?: boolean }): Promise<void>;
  /** Ends it with `SIGTERM`, and keeps it from being started again before `start`. */
  stop(): Promise<void>;
  /** Starts it after a `stop`, with its own settings; resolves when it serves. */
  start(): Promise<void>;
  /** Resolves with its exit code or signal when the process that runs now has ended; with `undefined` after `withinMs`. */
  ended(withinMs: number): Promise<string | undefined>;
  isReady(): Promise<boolean>;
}

export type { Link, Proxies };
