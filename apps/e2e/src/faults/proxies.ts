/** A link between two parts of the system, all of whose bytes pass through a proxy of ours. */
export interface Link {
  /** `billing>postgres`, `billing>kafka`, `gateway>billing`. */
  readonly name: string;
  /** Cuts every connection with a reset; new ones are taken. */
  reset(): void;
  /** Swallows all bytes in both directions, open connections and new ones, until healed. */
  blackhole(): void;
  /** Delays every chunk by `delayMs` +- `jitterMs`, in order. */
  delay(delayMs: number, jitterMs: number): void;
  /** Lets through at most so many bytes a second, each way. */
  throttle(bytesPerSecond: number): void;
  /** Refuses new connections, and ends open ones gracefully. */
  refuse(): void;
  /**
   * For links to PostgreSQL: the next COMMIT reaches the server, and its answer is lost with the connection.
   *
   * @returns resolves when it has happened
   */
  dropCommitAnswer(): Promise<void>;
  /** Everything passes again. */
  heal(): void;
}

/** Every link of the running system. */
export interface Proxies {
  readonly links: readonly Link[];
  /** @throws Error for a link that does not exist */
  link(name: string): Link;
}
