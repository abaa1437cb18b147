import { Child } from './child.js';
import { median, printTable, quantile, rounded } from './figures.js';
import { drive, type Load, type Measured } from './load.js';
import { TenantCalls, type ServerReady } from './tenant-calls.js';

const WARM_UP_ROUNDS = 3;
const ROUNDS = 9;
const FROM_OUTSIDE: Load = { concurrency: 32, durationMs: 3000, mostCalls: 4000 };

/** One of the servers that are compared, in a process of its own together with the client that calls it. */
class Side {
  readonly perSecond: number[] = [];
  private readonly latenciesMs: number[] = [];

  private constructor(
    readonly name: string,
    readonly process: Child<ServerReady>,
  ) {}

  static async start(name: string, file: string): Promise<Side> {
    const folder = process.env.BENCH_CPU_PROFILE;
    return new Side(name, await Child.start(file, [], folder ? ['--cpu-prof', `--cpu-prof-dir=${folder}`] : []));
  }

  async warmUp(): Promise<void> {
    for (let round = 0; round < WARM_UP_ROUNDS; round++) await this.process.ask('round');
  }

  async round(): Promise<void> {
    const { perSecond, latenciesMs } = await this.process.ask<Measured>('round');
    this.perSecond.push(perSecond);
    for (const latency of latenciesMs) this.latenciesMs.push(latency);
  }

  /** CPU time of the server alone for a call, in microseconds: the client is here, in another process. */
  async serverMicros(nextToken: () => string, load: Load = FROM_OUTSIDE): Promise<number> {
    const calls = new TenantCalls(this.process.ready.address);
    const before = await this.process.usage();
    const { latenciesMs } = await drive(load, () => calls.call(nextToken()));
    const after = await this.process.usage();
    calls.close();
    return ((after.cpuMs - before.cpuMs) * 1000) / latenciesMs.length;
  }

  async row(serverMicros: number): Promise<(string | number)[]> {
    const at = (q: number) => quantile(this.latenciesMs, q).toFixed(2);
    const { peakMb } = await this.process.usage();
    const perSecond = Math.round(median(this.perSecond));
    return [this.name, perSecond, at(0.5), at(0.95), at(0.99), Math.round(serverMicros), Math.round(peakMb)];
  }
}

/**
 * Unary calls through the stack of a service against bare grpc-js, in turns, so that a busy moment of the machine hits both. Client and
 * server share one thread: apart, grpc-js's client is slower than either server, and any server would look as fast as bare. A token is
 * used again until it is about to end, as between services; the gateway brings a new one with each request, which costs a signature.
 */
export async function measure(): Promise<{ ratio: number }> {
  const bare = await Side.start('bare grpc-js', './rpc-bare.js');
  const ours = await Side.start('paradesk', './rpc-platform.js');
  try {
    await bare.warmUp();
    await ours.warmUp();
    const micros: { bare: number[]; ours: number[] } = { bare: [], ours: [] };
    const token = await ours.process.ask<string>('token');
    for (let round = 1; round <= ROUNDS; round++) {
      await bare.round();
      await ours.round();
      micros.bare.push(await bare.serverMicros(() => token, { ...FROM_OUTSIDE, mostCalls: 1500 }));
      micros.ours.push(await ours.serverMicros(() => token, { ...FROM_OUTSIDE, mostCalls: 1500 }));
    }
    const tokens = await ours.process.ask<string[]>('tokens');
    const fresh = await ours.serverMicros(() => tokens.pop()!, { ...FROM_OUTSIDE, mostCalls: tokens.length });
    printTable(
      ['unary, 32 at once, one thread', 'calls/s', 'p50 ms', 'p95 ms', 'p99 ms', 'server us/call', 'peak MB'],
      [await bare.row(median(micros.bare)), await ours.row(median(micros.ours))],
    );
    // Rounds are compared in pairs: what slows the machine for a while slows both of a pair.
    const ratios = ours.perSecond.map((perSecond, round) => perSecond / bare.perSecond[round]!);
    console.log(`calls/s, paradesk to bare, by round: ${ratios.map((ratio) => ratio.toFixed(2)).join(' ')}`);
    console.log(`server CPU alone, bare to paradesk: ${(median(micros.bare) / median(micros.ours)).toFixed(2)}`);
    console.log(`server CPU with a new token at each call: ${Math.round(fresh)} us/call`);
    return { ratio: rounded(median(ratios)) };
  } finally {
    await Promise.all([bare.process.stop(), ours.process.stop()]);
  }
}
