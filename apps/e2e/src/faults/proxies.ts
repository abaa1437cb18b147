import { TcpLink, type LinkOptions } from './proxy/tcp-link.js';

/** A link between two parts of the system, all of whose bytes pass through a proxy of ours. */
export interface Link {
  /** `billing>postgres`, `billing>kafka`, `gateway>billing`. */
  readonly name: string;
  /** Cuts every connection with a reset; new ones are taken. */
  reset(): void;
  /** Swallows all bytes in both directions, open connections and new ones, until healed: then those that have lost bytes are reset. */
  blackhole(): void;
  /** Delays every chunk by `delayMs` +- `jitterMs`, in order. */
  delay(delayMs: number, jitterMs: number): void;
  /** Lets through at most so many bytes a second each way, all connections together. */
  throttle(bytesPerSecond: number): void;
  /** Refuses new connections, and ends open ones gracefully. */
  refuse(): void;
  /** Holds back the end of a connection: each side hears that the other has hung up so much later. */
  closeSlowly(afterMs: number): void;
  /**
   * For links to PostgreSQL: the next COMMIT reaches the server and succeeds, and its answer is lost with the connection.
   *
   * @param having only of a transaction that ran a statement like this
   * @returns resolves when it has happened; never when the link is healed before
   */
  dropCommitAnswer(having?: RegExp): Promise<void>;
  /** Everything passes again. */
  heal(): void;
}

/** Every link of the running system. */
export interface Proxies {
  readonly links: readonly Link[];
  /** @throws Error for a link that does not exist */
  link(name: string): Link;
}

/** Links that were opened, each with the address to give to who is to use it. */
export interface OpenProxies extends Proxies {
  /** `host:port` to connect to instead of the target. @throws Error for a link that does not exist */
  addressOf(name: string): string;
  close(): Promise<void>;
}

/** Opens a proxy on 127.0.0.1 for each link; targets need not be there yet. @throws Error where a wanted port is taken */
export async function openProxies(options: readonly LinkOptions[]): Promise<OpenProxies> {
  const links = await Promise.all(options.map((one) => TcpLink.open(one)));
  const byName = new Map(links.map((link) => [link.name, link]));
  const linkOf = (name: string): TcpLink => {
    const link = byName.get(name);
    if (!link) throw new Error(`there is no link ${name}`);
    return link;
  };
  return {
    links,
    link: linkOf,
    addressOf: (name) => linkOf(name).address,
    close: async () => void (await Promise.all(links.map((link) => link.close()))),
  };
}
