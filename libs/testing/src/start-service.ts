import type { Caller } from '@paradesk/access';
import { topics, type Topic } from '@paradesk/contracts';
import { newId } from '@paradesk/kernel';
import {
  addMasterKey,
  InProcessChannel,
  Jobs,
  makeClient,
  RawChannel,
  startService as startOnPlatform,
  type EventRecord,
  type RunningService,
  type ServiceClient,
  type ServiceDefinition,
  type ServiceShape,
} from '@paradesk/platform';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { TokenMint } from './callers.js';
import { FakeClock } from './fake-clock.js';
import { PeerStubs } from './peer-stubs.js';
import { dropDatabase, freshDatabase, testServerUrl } from './postgres-for-tests.js';

/** An event to hand to a service's consumers. */
export interface DeliveredEvent<T> {
  readonly tenantId: string;
  readonly aggregateId: string;
  readonly aggregateVersion: number;
  readonly event: T;
}

/** An event that left the service. */
export interface PublishedEvent<T> {
  readonly tenantId: string;
  readonly aggregateId: string;
  readonly aggregateVersion: number;
  readonly event: T;
}

/** How a test's client calls: by itself, under an idempotency key, or for some time only. */
export interface TestCall {
  readonly idempotencyKey?: string;
  readonly timeoutMs?: number;
}

/** One service on a real PostgreSQL, behind real gRPC, with stubs for all others. */
export class ServiceUnderTest {
  private constructor(
    readonly definition: ServiceDefinition,
    readonly running: RunningService,
    readonly clock: FakeClock,
    readonly peers: PeerStubs,
    readonly mint: TokenMint,
    /** The database as the superuser sees it: for looking, past row-level security. */
    readonly db: pg.Client,
    readonly channel: InProcessChannel,
    /** Where object storage lies. */
    readonly files: string,
    private readonly left: EventRecord[],
    private readonly cleanUp: () => Promise<void>,
  ) {}

  /**
   * Starts a service as `main` would, but for a fake clock, stubbed peers, events in memory and jobs that run when drained.
   *
   * @param env settings of the service's own
   * @param reach leads to the database some other way, such as over a `BreakableLink`
   */
  static async start(
    definition: ServiceDefinition,
    env: Record<string, string> = {},
    reach: (databaseUrl: string) => string = (url) => url,
  ): Promise<ServiceUnderTest> {
    const clock = new FakeClock();
    const mint = await TokenMint.open(clock);
    const peers = new PeerStubs(mint, clock);
    await peers.start();
    const database = await freshDatabase(definition);
    const folder = mkdtempSync(join(tmpdir(), 'paradesk-storage-'));
    addMasterKey(join(folder, 'keys.json'));
    const channel = new InProcessChannel();
    const left: EventRecord[] = [];
    await channel.subscribe(
      'test',
      Object.values(topics).map((topic) => topic.name),
      async (record) => void left.push(record),
    );
    const others = new Proxy({}, { get: () => peers.address }) as Record<string, string>;
    const running = await startOnPlatform(definition, {
      env: {
        GRPC_ADDRESS: '127.0.0.1:0',
        OPS_ADDRESS: '127.0.0.1:0',
        DATABASE_URL: reach(database.runtimeUrl),
        SERVICE_SECRET: 'a-secret-that-only-tests-know-0123456789',
        STORAGE: `folder:${join(folder, 'files')}`,
        ENCRYPTION_KEYS: `file:${join(folder, 'keys.json')}`,
        LOG_LEVEL: process.env.TEST_LOG_LEVEL ?? 'fatal',
        ...env,
      },
      channel,
      clock,
      peers: () => others,
      jobs: 'drained',
    });
    channel.open();
    const db = new pg.Client(databaseUrl(database.runtimeUrl));
    await db.connect();
    const files = join(folder, 'files');
    return new ServiceUnderTest(definition, running, clock, peers, mint, db, channel, files, left, async () => {
      await dropDatabase(database);
      rmSync(folder, { recursive: true, force: true });
    });
  }

  /** A client that calls as this person of this tenant; undefined calls without a token. */
  client<D extends ServiceShape>(service: D, caller: Caller | undefined): ServiceClient<D, TestCall | void> {
    const channel = new RawChannel(this.running.address);
    this.channels.push(channel);
    return makeClient(service, {
      channel: () => channel,
      prepare: async (call: TestCall | void) => ({
        timeoutMs: call?.timeoutMs ?? 20_000,
        metadata: {
          ...(caller && { authorization: `Bearer ${await this.mint.tokenFor(caller, this.definition.name)}` }),
          ...(call?.idempotencyKey && { 'idempotency-key': call.idempotencyKey }),
        },
      }),
    });
  }

  /** Hands an event to the service's consumers and waits until it has taken effect, or is parked. */
  async deliver<T>(
    topic: Topic<T>,
    { tenantId, aggregateId, aggregateVersion, event }: DeliveredEvent<T>,
  ): Promise<void> {
    await this.channel.publish([
      {
        topic: topic.name,
        key: aggregateId,
        eventId: newId(Date.now()),
        tenantId,
        aggregateVersion,
        occurredAt: this.clock.now(),
        payload: topic.message.encode(event).finish(),
        schemaVersion: 1,
      },
    ]);
  }

  /** What has left on a topic since the start, in order; waits until the outbox is empty. */
  async published<T>(topic: Topic<T>): Promise<PublishedEvent<T>[]> {
    await this.relayed();
    return this.left
      .filter((record) => record.topic === topic.name)
      .map(({ tenantId, key, aggregateVersion, payload }) => ({
        tenantId,
        aggregateId: key,
        aggregateVersion,
        event: topic.message.decode(payload),
      }));
  }

  /** Waits until the relay has published all that was committed. */
  async relayed(): Promise<void> {
    for (let waitedMs = 0; waitedMs < 15_000; waitedMs += 10) {
      const { rows } = await this.db.query('select from messaging.outbox where published_at is null limit 1');
      if (rows.length === 0) return;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error('the relay has not published the outbox within 15 s');
  }

  /** Runs due jobs until none is left. */
  async drainJobs(): Promise<void> {
    await this.running.app.get(Jobs).drain();
  }

  async stop(): Promise<void> {
    for (const channel of this.channels) channel.close();
    await this.running.stop();
    await this.channel.close();
    this.peers.stop();
    await this.db.end();
    await this.cleanUp();
  }

  private readonly channels: RawChannel[] = [];
}

function databaseUrl(runtimeUrl: string): string {
  const url = new URL(testServerUrl());
  url.pathname = new URL(runtimeUrl).pathname;
  return url.href;
}
