/** A wait that another part of the program can end. A wake before the wait is not lost: it ends it at once. */
export class Wakeup {
  private woken = false;
  private end: (() => void) | undefined;

  /** Ends the wait, or the next one. */
  wake(): void {
    this.woken = true;
    this.end?.();
  }

  /** Forgets earlier wakes: what they announced is about to be looked at. */
  reset(): void {
    this.woken = false;
  }

  /** Resolves at the next wake, or after that time. */
  async wait(timeoutMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.end = resolve;
    const timer = setTimeout(resolve, timeoutMs);
    if (this.woken) resolve();
    await promise;
    clearTimeout(timer);
    this.end = undefined;
    this.woken = false;
  }
}
