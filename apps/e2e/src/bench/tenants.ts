import { TimeEntriesServiceService } from '@paradesk/contracts/paradesk/billing/v1/time_entries';
import { makeClient, RawChannel } from '@paradesk/platform';
import { Child } from './child.js';
import { median, printTable, quantile, rounded } from './figures.js';
import { drive } from './load.js';

/** Where the measured service is. */
export interface TenantsReady {
  readonly address: string;
}

/** What to ask, and as whom. */
export interface Question {
  readonly token: string;
  readonly matterId: string;
  readonly timeEntryId: string;
}

/** As many time entries has each tenant, all on one matter. */
export const ENTRIES_OF_A_TENANT = 50;

const FEW = 10;
const MANY = 10_000;
const ROUNDS = 9;
const CONCURRENCY = 4;

type Rpc = 'list' | 'get';

/** Billing with so many tenants of data. */
class Side {
  readonly latenciesMs: Record<Rpc, number[]> = { list: [], get: [] };
  readonly p95Ms: Record<Rpc, number[]> = { list: [], get: [] };
  private readonly channel: RawChannel;

  private constructor(
    readonly tenants: number,
    readonly process: Child<TenantsReady>,
  ) {
    this.channel = new RawChannel(process.ready.address);
  }

  static async start(tenants: number): Promise<Side> {
    return new Side(tenants, await Child.start('./tenants-service.js', [String(tenants)]));
  }

  async round(rpc: Rpc, counts: boolean): Promise<void> {
    const questions = await this.process.ask<Question[]>('questions');
    const load = { concurrency: CONCURRENCY, durationMs: 30_000, mostCalls: questions.length };
    const { latenciesMs } = await drive(load, () => this[rpc](questions.pop()!));
    if (!counts) return;
    this.latenciesMs[rpc].push(...latenciesMs);
    this.p95Ms[rpc].push(quantile(latenciesMs, 0.95));
  }

  async row(rpc: Rpc): Promise<(string | number)[]> {
    const at = (q: number) => quantile(this.latenciesMs[rpc], q).toFixed(2);
    const { peakMb } = await this.process.usage();
    const name = rpc === 'list' ? `ListTimeEntries (${ENTRIES_OF_A_TENANT} rows)` : 'GetTimeEntry';
    return [name, this.tenants, at(0.5), at(0.95), at(0.99), Math.round(peakMb)];
  }

  async stop(): Promise<void> {
    this.channel.close();
    await this.process.stop();
  }

  private readonly client = makeClient(TimeEntriesServiceService, {
    channel: () => this.channel,
    prepare: async (token: string) => ({ timeoutMs: 20_000, metadata: { authorization: `Bearer ${token}` } }),
  });

  private async list({ token, matterId }: Question): Promise<void> {
    const page = { size: ENTRIES_OF_A_TENANT, token: '' };
    const { timeEntries } = await this.client.listTimeEntries({ page, matterId }, token);
    if (timeEntries.length !== ENTRIES_OF_A_TENANT) throw new Error(`the list has ${timeEntries.length} entries`);
  }

  private async get({ token, timeEntryId }: Question): Promise<void> {
    const { id } = await this.client.getTimeEntry({ timeEntryId }, token);
    if (id !== timeEntryId) throw new Error('the answer is another time entry');
  }
}

/**
 * The same list and get of a tenant's rows with few and with many tenants of data beside them, in turns: billing over gRPC on PostgreSQL.
 * Every call is a random tenant's, so with many the rows are seldom the ones that were just read.
 */
export async function measure(): Promise<{ p95Ratio: number }> {
  const few = await Side.start(FEW);
  const many = await Side.start(MANY);
  const ratios: number[] = [];
  const rpcs: Rpc[] = ['list', 'get'];
  try {
    for (let round = -2; round < ROUNDS; round++) {
      // Who goes first changes, so that neither always follows the other's heat.
      const sides = round % 2 === 0 ? [few, many] : [many, few];
      const turns = rpcs.flatMap((rpc) => sides.map((side) => ({ rpc, side })));
      for (const { rpc, side } of turns) await side.round(rpc, round >= 0);
    }
    const rows = [await few.row('list'), await many.row('list'), await few.row('get'), await many.row('get')];
    printTable(['four at once', 'tenants', 'p50 ms', 'p95 ms', 'p99 ms', 'service peak MB'], rows);
    for (const rpc of rpcs) {
      const byRound = many.p95Ms[rpc].map((p95, round) => p95 / few.p95Ms[rpc][round]!);
      console.log(
        `${rpc}, p95 of ${MANY} to ${FEW} tenants, by round: ${byRound.map((one) => one.toFixed(2)).join(' ')}`,
      );
      ratios.push(median(byRound));
    }
    return { p95Ratio: rounded(Math.max(...ratios)) };
  } finally {
    await Promise.all([few.stop(), many.stop()]);
  }
}
