/** How long and how hard to call. */
export interface Load {
  /** Calls under way at once. */
  readonly concurrency: number;
  readonly durationMs: number;
  /** Most calls, however fast they are. */
  readonly mostCalls: number;
}

/** What calls took. */
export interface Measured {
  readonly perSecond: number;
  readonly latenciesMs: readonly number[];
}

/** Calls again as soon as an answer is there, until time or calls are used up. A call that fails ends the bench: a refusal is no speed. */
export async function drive(
  { concurrency, durationMs, mostCalls }: Load,
  call: () => Promise<void>,
): Promise<Measured> {
  const latenciesMs: number[] = [];
  const startedAt = performance.now();
  let begun = 0;
  const caller = async () => {
    while (begun < mostCalls && performance.now() - startedAt < durationMs) {
      begun += 1;
      const from = performance.now();
      await call();
      latenciesMs.push(performance.now() - from);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, caller));
  return { perSecond: (latenciesMs.length / (performance.now() - startedAt)) * 1000, latenciesMs };
}
