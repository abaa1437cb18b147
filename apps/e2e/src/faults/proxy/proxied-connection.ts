import { connect, type Socket } from 'node:net';
import { Pipe, type Passage } from './pipe.js';
import { PostgresCommits } from './postgres-commits.js';

/** What a connection follows. */
export interface ConnectionOptions {
  readonly target: { readonly host: string; readonly port: number };
  readonly passage: (direction: Direction) => Passage;
  /** Whether it speaks PostgreSQL's protocol, whose commits are then known. */
  readonly isPostgres: boolean;
}

/** Which way bytes go: `up` to the target. */
export type Direction = 'up' | 'down';

/** A connection through a proxy: the client's socket, one of our own to the target, and a pipe each way. */
export class ProxiedConnection {
  private readonly server: Socket;
  private readonly up: Pipe;
  private readonly down: Pipe;
  private readonly commits: PostgresCommits | undefined;
  /** Answers to a COMMIT that may be lost; undefined when no COMMIT is on its way. */
  private heldAnswers: Buffer[] | undefined;
  private onDropped: (() => boolean) | undefined;
  /** An end without order that the other side has not been told of, because a blackhole swallowed it. */
  private broken = false;

  constructor(
    private readonly client: Socket,
    private readonly options: ConnectionOptions,
    private readonly onClose: () => void,
  ) {
    // A socket of ours must not end by itself when the other side has ended only its half.
    this.server = connect({ ...options.target, allowHalfOpen: true, noDelay: true });
    client.setNoDelay(true);
    if (options.isPostgres) this.commits = new PostgresCommits();
    this.up = new Pipe(client, this.server, () => options.passage('up'));
    this.down = new Pipe(this.server, client, () => options.passage('down'));
    client.on('data', (bytes: Buffer) => this.sent(bytes)).on('end', () => this.up.end());
    this.server.on('data', (bytes: Buffer) => this.answered(bytes)).on('end', () => this.down.end());
    for (const [socket, direction] of [
      [client, 'up'],
      [this.server, 'down'],
    ] as const) {
      socket.on('error', () => this.fail(direction));
      socket.on('close', () => this.closed());
    }
  }

  /** Ends both sides with a reset. */
  reset(): void {
    this.up.stop();
    this.down.stop();
    for (const socket of [this.client, this.server]) if (!socket.destroyed) socket.resetAndDestroy();
  }

  /** Ends both sides in order. */
  end(): void {
    this.client.end();
    this.server.end();
  }

  /** The passage is free again: what waits goes on, and what has lost bytes breaks, as after a change of routes. */
  heal(): void {
    this.watchCommits(undefined);
    if (this.broken || this.up.lossy || this.down.lossy) return this.reset();
    this.up.flush();
    this.down.flush();
  }

  /** @param watch what to look for, and who is told when a COMMIT's answer is about to be dropped: false keeps it */
  watchCommits(watch: { readonly having: RegExp; readonly onDropped: () => boolean } | undefined): void {
    this.onDropped = watch?.onDropped;
    if (watch) this.commits?.watch(watch.having);
    else {
      this.commits?.unwatch();
      for (const answer of this.takeAnswers()) this.down.push(answer);
    }
  }

  private sent(bytes: Buffer): void {
    // Before the bytes go on: the answer cannot come before we wait for it.
    if (this.commits?.fromClient(bytes)) this.heldAnswers ??= [];
    this.up.push(bytes);
  }

  private answered(bytes: Buffer): void {
    const outcome = this.commits?.fromServer(bytes) ?? 'open';
    if (!this.heldAnswers) return this.down.push(bytes);
    this.heldAnswers.push(bytes);
    if (outcome === 'open') return;
    const held = this.takeAnswers();
    if (outcome === 'committed' && this.onDropped?.()) return this.reset();
    for (const answer of held) this.down.push(answer);
  }

  private takeAnswers(): Buffer[] {
    const held = this.heldAnswers ?? [];
    this.heldAnswers = undefined;
    return held;
  }

  private fail(direction: Direction): void {
    if (this.options.passage(direction).swallows) this.broken = true;
    else this.reset();
  }

  private closed(): void {
    if (this.client.destroyed && this.server.destroyed) this.onClose();
  }
}
