const SSL_REQUEST = 80_877_103;
const GSS_REQUEST = 80_877_104;
const BEGINS = /^\s*(begin|start\s+transaction)\b/i;
const COMMITS = /^\s*commit\b/i;

/** What the server's bytes say of a COMMIT that is awaited. */
export type CommitOutcome = 'committed' | 'refused' | 'open';

/**
 * Follows one connection in PostgreSQL's protocol (version 3, simple and extended queries) from its first byte, and knows when a COMMIT is
 * on its way and what became of it. It changes nothing.
 */
export class PostgresCommits {
  private readonly client = new Frames(true);
  private readonly server = new Frames(false);
  private readonly statements = new Map<string, string>();
  private readonly portals = new Map<string, string>();
  private having: RegExp | undefined;
  private matches = false;
  /** How many answers end with a ReadyForQuery: asked for, and come. */
  private asked = 0;
  private answered = 0;
  /** Which of the answers is that of the COMMIT. */
  private awaited: number | undefined;

  /** From now on looks for the COMMIT of a transaction that runs a statement like this. */
  watch(having: RegExp): void {
    this.having = having;
    this.matches = false;
  }

  unwatch(): void {
    this.having = undefined;
    this.awaited = undefined;
  }

  /** @returns whether these bytes carry the COMMIT that is looked for */
  fromClient(bytes: Buffer): boolean {
    for (const { type, body } of this.client.push(bytes)) this.asks(type, body);
    return this.awaited !== undefined;
  }

  /** What became of the COMMIT: `open` until it is answered, and while there is none. */
  fromServer(bytes: Buffer): CommitOutcome {
    let outcome: CommitOutcome = 'open';
    for (const { type, body } of this.server.push(bytes)) {
      const isAnswer = this.awaited === this.answered + 1;
      if (type === 'C' && isAnswer && textAt(body, 0) === 'COMMIT') outcome = 'committed';
      if (type !== 'Z') continue;
      this.answered += 1;
      if (!isAnswer) continue;
      this.awaited = undefined;
      if (outcome === 'open') outcome = 'refused';
    }
    return outcome;
  }

  private asks(type: string, body: Buffer): void {
    if (type === 'startup') this.asked += 1;
    if (type === 'encryption') this.server.expectByte();
    if (type === 'P') this.statements.set(textAt(body, 0), textAt(body, lengthAt(body, 0)));
    if (type === 'B') this.portals.set(textAt(body, 0), this.statements.get(textAt(body, lengthAt(body, 0))) ?? '');
    if (type === 'E') this.runs(this.portals.get(textAt(body, 0)) ?? '');
    if (type === 'Q') this.runs(textAt(body, 0));
    if (type === 'Q' || type === 'S') this.asked += 1;
  }

  private runs(statement: string): void {
    if (BEGINS.test(statement)) this.matches = false;
    if (this.having?.test(statement)) this.matches = true;
    if (COMMITS.test(statement) && this.having && this.matches) this.awaited = this.asked + 1;
  }
}

interface Frame {
  /** The message's letter; `startup` or `encryption` for the first ones of a client, which have none. */
  readonly type: string;
  readonly body: Buffer;
}

/** Cuts one direction's bytes into messages. */
class Frames {
  private rest: Buffer = Buffer.alloc(0);
  private bytesExpected = 0;

  /** @param begins whether the first message comes without a letter: a client's does */
  constructor(private begins: boolean) {}

  /** The server answers a question for encryption with one bare byte. */
  expectByte(): void {
    this.bytesExpected += 1;
  }

  push(bytes: Buffer): Frame[] {
    this.rest = this.rest.length === 0 ? bytes : Buffer.concat([this.rest, bytes]);
    const bare = Math.min(this.bytesExpected, this.rest.length);
    this.bytesExpected -= bare;
    this.rest = this.rest.subarray(bare);
    const frames: Frame[] = [];
    for (let frame = this.next(); frame; frame = this.next()) frames.push(frame);
    return frames;
  }

  private next(): Frame | undefined {
    const head = this.begins ? 0 : 1;
    if (this.rest.length < head + 4) return undefined;
    const end = head + this.rest.readUInt32BE(head);
    if (this.rest.length < end) return undefined;
    const body = this.rest.subarray(head + 4, end);
    const type = this.begins ? this.first(body) : String.fromCharCode(this.rest[0] ?? 0);
    this.rest = this.rest.subarray(end);
    return { type, body };
  }

  private first(body: Buffer): string {
    const code = body.readUInt32BE(0);
    if (code === SSL_REQUEST || code === GSS_REQUEST) return 'encryption';
    this.begins = false;
    return 'startup';
  }
}

/** The text that ends with a zero byte. */
function textAt(body: Buffer, start: number): string {
  const end = body.indexOf(0, start);
  return body.toString('utf8', start, end < 0 ? body.length : end);
}

/** Where the text after the first one begins. */
function lengthAt(body: Buffer, start: number): number {
  return body.indexOf(0, start) + 1;
}
