import { Clock } from '@paradesk/platform';
import { Temporal } from 'temporal-polyfill';

/** A clock that stands still until a test moves it. Starts on Monday 2026-03-02 at 15:00 UTC. */
export class FakeClock extends Clock {
  private instant = Temporal.Instant.from('2026-03-02T15:00:00Z');

  override now(): Temporal.Instant {
    return this.instant;
  }

  /** @param instant ISO 8601, such as `2026-03-31T23:59:59Z` */
  set(instant: string): void {
    this.instant = Temporal.Instant.from(instant);
  }

  advance(by: Temporal.DurationLike): void {
    this.instant = this.instant.add(by);
  }
}
