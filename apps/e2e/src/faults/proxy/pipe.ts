import type { Socket } from 'node:net';

/** How bytes are to pass at present. */
export interface Passage {
  readonly swallows: boolean;
  /** The moment, on the monotonic clock, at which so many bytes that came now may go on; at once where there is none. */
  readonly dueMs?: (bytes: number) => number;
  /** Into pieces of which size bytes are cut that have to wait. */
  readonly pieceBytes: number;
  /** For how long the end of a connection is held back. */
  readonly closesAfterMs: number;
}

interface Piece {
  readonly bytes: Buffer;
  readonly dueMs: number;
}

// What is on its way in one direction before the sender is held up: about a socket's buffer.
const MOST_WAITING = 256 * 1024;

/** One direction of a proxied connection. Order is kept, whatever happens to the passage. */
export class Pipe {
  private waiting: Piece[] = [];
  private waitingBytes = 0;
  private timer: NodeJS.Timeout | undefined;
  private hasEnded = false;
  /** Bytes, or an end, that the other side has never seen: such a connection cannot go on. */
  lossy = false;

  constructor(
    private readonly from: Socket,
    private readonly to: Socket,
    private readonly passage: () => Passage,
  ) {
    to.on('drain', () => this.resume());
  }

  /** Takes bytes that came in. */
  push(bytes: Buffer): void {
    const passage = this.passage();
    if (passage.swallows) {
      this.lossy = true;
      return;
    }
    if (!passage.dueMs && this.waiting.length === 0) return this.write(bytes);
    for (let start = 0; start < bytes.length; start += passage.pieceBytes) {
      const piece = bytes.subarray(start, start + passage.pieceBytes);
      this.waiting.push({ bytes: piece, dueMs: passage.dueMs?.(piece.length) ?? 0 });
      this.waitingBytes += piece.length;
    }
    if (this.waitingBytes > MOST_WAITING) this.from.pause();
    this.schedule();
  }

  /** The sender has hung up in order. */
  end(): void {
    if (this.passage().swallows) {
      this.lossy = true;
      return;
    }
    this.hasEnded = true;
    if (this.waiting.length === 0) this.endOther();
  }

  /** Lets through at once what was held back. */
  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const { waiting } = this;
    this.waiting = [];
    this.waitingBytes = 0;
    for (const { bytes } of waiting) this.write(bytes);
    if (this.hasEnded) this.endOther();
    this.resume();
  }

  /** Nothing passes any more. */
  stop(): void {
    clearTimeout(this.timer);
    this.waiting = [];
    this.hasEnded = false;
  }

  private schedule(): void {
    const [next] = this.waiting;
    if (!next || this.timer) return;
    this.timer = setTimeout(() => this.deliver(), Math.max(0, next.dueMs - performance.now()));
  }

  private deliver(): void {
    this.timer = undefined;
    const now = performance.now();
    while (this.waiting[0] && this.waiting[0].dueMs <= now) {
      const piece = this.waiting.shift();
      if (!piece) break;
      this.waitingBytes -= piece.bytes.length;
      if (this.passage().swallows) this.lossy = true;
      else this.write(piece.bytes);
    }
    if (this.waiting.length === 0 && this.hasEnded) this.endOther();
    this.resume();
    this.schedule();
  }

  private write(bytes: Buffer): void {
    if (this.to.destroyed || this.to.writableEnded) return;
    if (!this.to.write(bytes)) this.from.pause();
  }

  private resume(): void {
    if (this.waitingBytes <= MOST_WAITING && !this.to.writableNeedDrain) this.from.resume();
  }

  private endOther(): void {
    const { closesAfterMs } = this.passage();
    if (closesAfterMs === 0) this.to.end();
    else setTimeout(() => this.to.end(), closesAfterMs).unref();
  }
}
