/**
 * A preload module (`--import`): the time of day of this process is another one, by PARADESK_CLOCK_SKEW_MS. It shifts what reads the time
 * of day - `Date.now()` and `new Date()`, and so Temporal and everybody's timestamps -, and never monotonic time: timers and
 * `performance.now()` go on as they do when somebody sets a clock.
 */
const skewMs = Number(process.env.PARADESK_CLOCK_SKEW_MS ?? 0);
if (!Number.isFinite(skewMs)) throw new Error('PARADESK_CLOCK_SKEW_MS takes milliseconds');

const { now } = Date;
const skewedNow = (): number => now() + skewMs;

globalThis.Date = new Proxy(Date, {
  construct: (target, given: readonly unknown[], newTarget) =>
    Reflect.construct(target, given.length === 0 ? [skewedNow()] : given, newTarget) as Date,
  apply: (target) => new target(skewedNow()).toString(),
  get: (target, key, receiver) => (key === 'now' ? skewedNow : (Reflect.get(target, key, receiver) as unknown)),
});

export {};
