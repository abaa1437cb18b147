import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A TCP link to a server, which a test cuts and mends: while it is cut, the server seems to be down. */
export class BreakableLink {
  private readonly sockets = new Set<Socket>();
  private readonly server = createServer((near) => this.join(near));

  private constructor(
    private readonly target: { readonly host: string; readonly port: number },
    private port: number,
  ) {}

  /** @param target `host:port` of the server */
  static async to(target: string): Promise<BreakableLink> {
    const { hostname, port } = new URL(`tcp://${target}`);
    const link = new BreakableLink({ host: hostname, port: Number(port) }, 0);
    await link.mend();
    return link;
  }

  /** `host:port` to use instead of the server's; the same after every cut. */
  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** A URL of the server, by way of this link. */
  over(url: string): string {
    const changed = new URL(url);
    changed.host = this.address;
    return changed.href;
  }

  /** Ends every connection and takes none. */
  async cut(): Promise<void> {
    if (!this.server.listening) return;
    this.server.close();
    for (const socket of this.sockets) socket.resetAndDestroy();
    await once(this.server, 'close');
  }

  async mend(): Promise<void> {
    if (this.server.listening) return;
    await once(this.server.listen(this.port, '127.0.0.1'), 'listening');
    this.port = (this.server.address() as AddressInfo).port;
  }

  private join(near: Socket): void {
    const far = connect(this.target);
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.once('close', () => {
        this.sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  }
}
