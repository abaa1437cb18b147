import { startEmbeddedPostgres, type EmbeddedPostgres } from '@paradesk/platform/embedded-postgres';
import { setTimeout as sleep } from 'node:timers/promises';
import { freeAddresses } from './free-addresses.js';

const START_ATTEMPTS = 20;
const RETRY_MS = 250;

/** The PostgreSQL of the processes. It can be killed and started again where it was: sessions are lost, commits are not. */
export class KillablePostgres {
  private constructor(
    private readonly folder: string,
    private server: EmbeddedPostgres,
  ) {}

  /** @throws EmbeddedPostgresError with a reason and one line that says what to do */
  static async start(folder: string): Promise<KillablePostgres> {
    const { postgres } = await freeAddresses(['postgres']);
    const port = Number(postgres.split(':')[1]);
    return new KillablePostgres(folder, await startEmbeddedPostgres({ folder, port, durable: true }));
  }

  /** Address of the superuser with its generated password: it is a secret. */
  get url(): string {
    return this.server.url;
  }

  /** kill -9 of the postmaster; resolves when it is gone. Its sessions end when they notice. */
  async kill(): Promise<void> {
    process.kill(this.server.pid, 'SIGKILL');
    await this.server.stop();
  }

  /** After `kill`: recovers what was committed, on the same port. */
  async start(): Promise<void> {
    const port = this.server.port;
    for (let attempt = 1; ; attempt++) {
      try {
        this.server = await startEmbeddedPostgres({ folder: this.folder, port, durable: true });
        return;
      } catch (error) {
        // Sessions of the killed server hold the port for a moment.
        if (attempt === START_ATTEMPTS) throw error;
        await sleep(RETRY_MS);
      }
    }
  }

  stop(): Promise<void> {
    return this.server.stop();
  }
}
