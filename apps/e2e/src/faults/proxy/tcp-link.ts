import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Link } from '../proxies.js';
import type { Passage } from './pipe.js';
import { ProxiedConnection, type Direction } from './proxied-connection.js';

/** A link to proxy. */
export interface LinkOptions {
  /** `billing>postgres`. */
  readonly name: string;
  /** `host:port`. */
  readonly target: string;
  /** Where to listen; any free port by default. */
  readonly port?: number;
}

const FREE: Passage = { swallows: false, pieceBytes: Infinity, closesAfterMs: 0 };
// Small enough that the connections of a slow link take turns.
const SLOW_PIECE_BYTES = 1024;
const RELISTEN_MS = 20;

/** A TCP proxy on 127.0.0.1 in front of one address. */
export class TcpLink implements Link {
  readonly name: string;
  private readonly connections = new Set<ProxiedConnection>();
  private readonly target: { readonly host: string; readonly port: number };
  private readonly isPostgres: boolean;
  private passages: Readonly<Record<Direction, Passage>> = { up: FREE, down: FREE };
  private server: Server | undefined;
  private port: number;
  private refuses = false;
  private watched: { readonly having: RegExp; readonly onDropped: () => boolean } | undefined;

  private constructor({ name, target, port = 0 }: LinkOptions) {
    const [host = '', targetPort] = target.split(':');
    this.name = name;
    this.target = { host, port: Number(targetPort) };
    this.port = port;
    this.isPostgres = name.endsWith('>postgres');
  }

  /** Listens when this resolves. @throws the error of the system where the port is taken */
  static async open(options: LinkOptions): Promise<TcpLink> {
    const link = new TcpLink(options);
    await link.listen();
    return link;
  }

  /** `host:port` to connect to. */
  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  reset(): void {
    for (const connection of this.connections) connection.reset();
  }

  blackhole(): void {
    this.pass({ ...FREE, swallows: true });
  }

  delay(delayMs: number, jitterMs: number): void {
    // What is due before the chunk ahead of it waits for that one.
    this.pass({ ...FREE, dueMs: () => performance.now() + delayMs + (Math.random() * 2 - 1) * jitterMs });
  }

  throttle(bytesPerSecond: number): void {
    const slowly = (): Passage => {
      let freeAt = 0;
      const dueMs = (bytes: number) => (freeAt = Math.max(freeAt, performance.now()) + (bytes / bytesPerSecond) * 1000);
      return { ...FREE, dueMs, pieceBytes: SLOW_PIECE_BYTES };
    };
    this.passages = { up: slowly(), down: slowly() };
  }

  closeSlowly(afterMs: number): void {
    this.pass({ ...FREE, closesAfterMs: afterMs });
  }

  refuse(): void {
    this.refuses = true;
    this.server?.close();
    this.server = undefined;
    for (const connection of this.connections) connection.end();
  }

  async dropCommitAnswer(having: RegExp = /^/): Promise<void> {
    if (!this.isPostgres) throw new Error(`${this.name} does not lead to PostgreSQL`);
    const dropped = Promise.withResolvers<void>();
    const onDropped = () => {
      // The first one only: others may have waited for their answers at the same time.
      if (!this.watched) return false;
      this.watch(undefined);
      dropped.resolve();
      return true;
    };
    this.watch({ having, onDropped });
    await dropped.promise;
  }

  heal(): void {
    this.pass(FREE);
    this.watch(undefined);
    for (const connection of this.connections) connection.heal();
    if (!this.refuses) return;
    this.refuses = false;
    void this.listenAgain();
  }

  async close(): Promise<void> {
    this.refuses = true;
    this.server?.close();
    this.server = undefined;
    this.reset();
  }

  private pass(passage: Passage): void {
    this.passages = { up: passage, down: passage };
  }

  private watch(watched: typeof this.watched): void {
    this.watched = watched;
    for (const connection of this.connections) connection.watchCommits(watched);
  }

  private async listen(): Promise<void> {
    const server = createServer({ allowHalfOpen: true }, (socket) => this.accept(socket));
    server.listen(this.port, '127.0.0.1');
    await once(server, 'listening');
    this.port = (server.address() as AddressInfo).port;
    this.server = server;
  }

  /** Somebody's outgoing connection may have been given the port meanwhile. */
  private async listenAgain(): Promise<void> {
    while (!this.refuses && !this.server) {
      await this.listen().catch(() => sleep(RELISTEN_MS));
    }
  }

  private accept(socket: Socket): void {
    const connection: ProxiedConnection = new ProxiedConnection(
      socket,
      { target: this.target, passage: (direction) => this.passages[direction], isPostgres: this.isPostgres },
      () => this.connections.delete(connection),
    );
    if (this.watched) connection.watchCommits(this.watched);
    this.connections.add(connection);
  }
}
