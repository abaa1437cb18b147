import { type PeerTls, RawChannel } from '@paradesk/platform';

/** Connections to the services, by name; each is made at its first call. */
export class Channels {
  private readonly open = new Map<string, RawChannel>();

  /**
   * @param addresses `host:port` by name of the service
   * @param tls secures the connections; plain text by default
   */
  constructor(
    private readonly addresses: Readonly<Record<string, string>>,
    private readonly tls?: PeerTls,
  ) {}

  /** @throws Error where no address is configured */
  to(service: string): RawChannel {
    const known = this.open.get(service);
    if (known) return known;
    const address = this.addresses[service];
    if (!address) throw new Error(`no address of ${service} is configured`);
    const channel = new RawChannel(address, this.tls?.to(service));
    this.open.set(service, channel);
    return channel;
  }

  close(): void {
    for (const channel of this.open.values()) channel.close();
    this.open.clear();
  }
}
