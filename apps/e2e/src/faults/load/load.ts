import type { JsonObject } from '@bufbuild/protobuf';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../fault.js';
import type { Calls, Outcome, Person } from './calls.js';
import { Journal, type JournalEntry } from './journal.js';
import {
  draftInvoice,
  moves,
  newAgreement,
  newAttorney,
  newClient,
  newContact,
  openMatter,
  type Command,
  type Turn,
} from './moves.js';
import { foreignRead, ownRead, type Read } from './reads.js';
import type { LoadTenant } from './tenant.js';

/** What the load is made of. */
export interface LoadOptions {
  readonly calls: Calls;
  readonly tenants: readonly LoadTenant[];
  readonly random: Random;
  /** Unique among runs on one system: part of every idempotency key. */
  readonly run: string;
  /** Calls a second at full load. */
  readonly rate: number;
}

// More than that would pile up while nothing answers.
const MOST_UNDER_WAY = 48;
const RETRY_AFTER_MS = 500;
const KNOWN_WITHIN_MS = 120_000;
// Of a hundred calls.
const READS = 18;
const FOREIGN_READS = 6;
const NEW_CLIENTS = 1;
const NEW_MATTERS = 3;
const REPEATED_EVERY = 25;

/**
 * Commands and questions of several companies at a bounded rate. A command whose answer says neither yes nor no is sent again under its
 * key until one does, and now and then one that was done is sent again: the answer must be the same.
 */
export class Load {
  readonly journal = new Journal();
  private readonly underWay = new Set<Promise<unknown>>();
  private readonly moveWheel = moves.flatMap((move) => Array.from({ length: move.weight }, () => move));
  private share = 0;
  private serial = 0;
  private running: Promise<void> | undefined;
  private stopping = false;

  constructor(private readonly options: LoadOptions) {}

  start(): void {
    this.running ??= this.run();
  }

  /** @param share of the full rate, 0 to 1 */
  setShare(share: number): void {
    this.share = share;
  }

  /** Resolves when every command that was sent is known to be done or refused, or cannot be known. */
  async idle(): Promise<void> {
    while (this.underWay.size > 0) await Promise.all(this.underWay);
  }

  /** Ends after what is under way. */
  async stop(): Promise<void> {
    this.stopping = true;
    await this.running;
    await this.idle();
  }

  /** Puts everything that is approved on an invoice, so that what is left out is missed. */
  async billRest(): Promise<void> {
    for (const tenant of this.options.tenants) {
      while (tenant.approved.length > 0) {
        const before = tenant.approved.length;
        await this.command(draftInvoice(this.turnOf(tenant))!);
        // Refused: the check says why.
        if (tenant.approved.length >= before) break;
      }
    }
  }

  /** One client with contact, attorney, matter and agreement: what the rest of the load works on. */
  async openClient(tenant: LoadTenant): Promise<void> {
    const client = await this.command(newClient(this.turnOf(tenant)));
    if (!client) return;
    const id = String(client.id);
    await this.command(newContact(id, this.turnOf(tenant)));
    if (await this.command(newAttorney(id, this.turnOf(tenant)))) await this.openMatter(tenant);
  }

  /**
   * Sends a command until it is known what became of it.
   *
   * @returns its answer; undefined where it was refused or nobody knows
   */
  async command(command: Command): Promise<JsonObject | undefined> {
    const serial = ++this.serial;
    const rpc = this.options.calls.rpc(command.method);
    const entry: JournalEntry = {
      serial,
      method: command.method,
      kind: command.kind,
      tenantId: command.as.caller.tenantId,
      key: rpc.descriptor.methodKind === 'unary' ? `${this.options.run}-${serial}` : undefined,
      marks: command.marks === 'id' ? [] : command.marks,
      outcome: 'unknown',
    };
    this.journal.entries.push(entry);
    const outcome = await this.untilKnown(command, entry);
    entry.outcome = outcome.is;
    if (outcome.is === 'refused') {
      this.journal.countRefusal(command.method, outcome.reason);
      command.refused?.();
    }
    if (outcome.is !== 'done') return undefined;
    if (command.marks === 'id') entry.marks = [String(outcome.answer.id)];
    command.done?.(outcome.answer);
    if (serial % REPEATED_EVERY === 0 && entry.key !== undefined) await this.repeat(command, entry, outcome.answer);
    return outcome.answer;
  }

  /** Something new of a tenant. */
  turnOf(tenant: LoadTenant): Turn {
    return { tenant, random: this.options.random, mark: `${tenant.canary}-${this.serial + 1}` };
  }

  private async run(): Promise<void> {
    const { rate } = this.options;
    let dueMs = performance.now();
    while (!this.stopping) {
      if (this.share === 0 || this.underWay.size >= MOST_UNDER_WAY) {
        await sleep(20);
        dueMs = performance.now();
        continue;
      }
      this.track(this.next());
      dueMs += 1000 / (rate * this.share);
      const waitMs = dueMs - performance.now();
      if (waitMs > 0) await sleep(waitMs);
    }
  }

  private track(work: Promise<unknown>): void {
    this.underWay.add(work);
    void work.finally(() => this.underWay.delete(work));
  }

  private async next(): Promise<void> {
    const { tenants, random } = this.options;
    const tenant = random.pick(tenants);
    let drawn = random.integer(100);
    if ((drawn -= READS) < 0) return this.read(ownRead(tenant, random));
    if ((drawn -= FOREIGN_READS) < 0) return this.readForeign(tenant);
    if ((drawn -= NEW_CLIENTS) < 0) return this.openClient(tenant);
    if ((drawn -= NEW_MATTERS) < 0) return this.openMatter(tenant);
    const command = random.pick(this.moveWheel).make(this.turnOf(tenant));
    if (command) await this.command(command);
  }

  private async openMatter(tenant: LoadTenant): Promise<void> {
    const opening = openMatter(this.turnOf(tenant));
    const matter = opening && (await this.command(opening));
    if (matter) await this.command(newAgreement(String(matter.id), String(matter.clientId), this.turnOf(tenant)));
  }

  private async untilKnown({ as, method, request }: Command, { key }: JournalEntry): Promise<Outcome> {
    let mayBeDone = false;
    for (const giveUpAtMs = performance.now() + KNOWN_WITHIN_MS; ; await sleep(RETRY_AFTER_MS)) {
      const outcome = await this.ask({ as, method, request }, key);
      const isKnown = outcome.is === 'done' || (outcome.is === 'refused' && !(mayBeDone && isOfToken(outcome.reason)));
      if (isKnown) return outcome;
      mayBeDone = true;
      if (performance.now() > giveUpAtMs) return { is: 'unknown', reason: outcome.reason };
      this.journal.countUnknown(method, outcome.reason);
    }
  }

  private async repeat(
    { as, method, request }: Command,
    { serial, key }: JournalEntry,
    first: JsonObject,
  ): Promise<void> {
    const again = await this.ask({ as, method, request }, key);
    if (again.is === 'unknown' || (again.is === 'refused' && isOfToken(again.reason))) return;
    const what = again.is === 'refused' ? `refused ${again.reason} after it was done` : 'answered otherwise';
    if (again.is === 'refused' || JSON.stringify(again.answer) !== JSON.stringify(first))
      this.journal.contradictions.push({ method, serial, what });
  }

  private async read(read: Read): Promise<void> {
    const outcome = await this.ask(read, undefined);
    if (outcome.is === 'refused') this.journal.countRefusal(read.method, outcome.reason);
  }

  private async readForeign(tenant: LoadTenant): Promise<void> {
    const { tenants, random } = this.options;
    const other = random.pick(tenants.filter((one) => one !== tenant));
    const read = foreignRead(tenant, other, random);
    if (!read) return;
    this.journal.foreignQuestions += 1;
    const outcome = await this.ask(read, undefined);
    if (outcome.is === 'done')
      this.journal.leaks.push({ method: read.method, tenantId: tenant.id, ofTenantId: other.id });
  }

  private async ask(read: Read & { readonly as: Person }, key: string | undefined): Promise<Outcome> {
    const { calls, random, tenants } = this.options;
    const way = random.integer(2) === 0 ? 'rest' : 'grpc';
    const outcome = await calls.make({ ...read, ...(key !== undefined && { key }) }, way);
    if (outcome.is !== 'done') return outcome;
    this.journal.answersLookedThrough += 1;
    const { tenantId } = read.as.caller;
    for (const other of tenants) {
      if (other.id !== tenantId && outcome.text.includes(other.canary))
        this.journal.leaks.push({ method: read.method, tenantId, ofTenantId: other.id });
    }
    return outcome;
  }
}

/** Where a clock is wrong, a token is refused before anybody looks at the command: of an earlier attempt that says nothing. */
function isOfToken(reason: string): boolean {
  return reason.startsWith('TOKEN_');
}
