import type { Database } from '../database/database.js';
import { reasonOf } from '../messaging/handler-errors.js';
import { Wakeup } from '../messaging/wakeup.js';
import type { Logger } from '../telemetry/logger.js';

const BATCH = 2_000;
const EVERY_MS = 500;
const MAX_WAIT_MS = 10_000;

/**
 * Chains the records of a service's trail, soon after they are committed. Processes of a service take turns by a lock of the one
 * statement that seals, so none of them leads and no connection is held.
 */
export class Sealer {
  private readonly wakeup = new Wakeup();
  private running: Promise<void> | undefined;
  private stopping = false;

  constructor(
    private readonly database: Database,
    private readonly logger: Pick<Logger, 'warn'>,
  ) {}

  start(): void {
    this.running ??= this.run();
  }

  /** Seals what is there and ends. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.wakeup.wake();
    await this.running;
    await this.seal().catch(() => undefined); // whoever starts next seals it
  }

  /** Seals all that is committed; nothing while another process seals. @returns how many records */
  async seal(): Promise<number> {
    for (let total = 0; ;) {
      const sealed = await this.sealBatch();
      total += sealed;
      if (sealed < BATCH) return total;
    }
  }

  private async run(): Promise<void> {
    let waitMs = EVERY_MS;
    while (!this.stopping) {
      try {
        await this.seal();
        waitMs = EVERY_MS;
      } catch (error) {
        waitMs = Math.min(waitMs * 2, MAX_WAIT_MS);
        this.logger.warn({ reason: reasonOf(error), waitMs }, 'audit records cannot be sealed at present');
      }
      if (!this.stopping) await this.wakeup.wait(waitMs);
    }
  }

  private async sealBatch(): Promise<number> {
    const [row] = await this.database.system((tx) =>
      tx.query<{ sealed: number }[]>('select audit.seal($1) as sealed', [BATCH]),
    );
    return row?.sealed ?? 0;
  }
}
