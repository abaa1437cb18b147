/** When a consumer counts as stuck. */
export interface Patience {
  /** For how long records may wait without one being handled, in milliseconds. */
  readonly stalledAfterMs: number;
  /** How often in a minute a consumer may join its group without handling anything. */
  readonly mostJoins: number;
}

/** What is known of a consumer at a moment. */
export interface Standing {
  /** Whether it is a member of its group. */
  readonly joined: boolean;
  /** How many records wait in its partitions. */
  readonly lag: number;
}

const JOINS_WITHIN_MS = 60_000;

/** Tells a consumer that is stuck from one that has nothing to do. It looks only when asked, so it has no timer to die of. */
export class ProgressWatchdog {
  private stalledSinceMs: number | undefined;
  private joinsMs: number[] = [];

  /** @param nowMs a clock that never goes back */
  constructor(
    private readonly patience: Patience,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  /** Records were handled, and the group knows. */
  progressed(): void {
    this.stalledSinceMs = undefined;
    this.joinsMs = [];
  }

  /** @returns whether it has joined so often that it will never come to work */
  joined(): boolean {
    const now = this.nowMs();
    this.joinsMs = [...this.joinsMs.filter((atMs) => atMs > now - JOINS_WITHIN_MS), now];
    return this.joinsMs.length > this.patience.mostJoins;
  }

  /**
   * @param standing undefined when the brokers do not say: a consumer cannot help that
   * @returns whether it has been stuck for too long
   */
  isStalled(standing: Standing | undefined): boolean {
    if (!standing || (standing.joined && standing.lag === 0)) {
      this.stalledSinceMs = undefined;
      return false;
    }
    this.stalledSinceMs ??= this.nowMs();
    return this.nowMs() - this.stalledSinceMs >= this.patience.stalledAfterMs;
  }
}
