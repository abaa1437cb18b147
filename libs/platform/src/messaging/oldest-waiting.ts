/**
 * Since when the oldest record that a consumer has not handled has waited, by partition. Brokers do not tell: it is known of the record in
 * hand, and of others by when they were first seen to wait.
 */
export class OldestWaiting {
  private readonly sinceMs = new Map<string, number>();

  /** A record is about to be handled; those behind it in the partition are younger. @param writtenAtMs its time, since the epoch */
  taking(topic: string, partition: number, writtenAtMs: number): void {
    this.sinceMs.set(keyOf(topic, partition), writtenAtMs);
  }

  /** Nothing waits in the partition. */
  done(topic: string, partition: number): void {
    this.sinceMs.delete(keyOf(topic, partition));
  }

  /** The partitions are shared out anew. */
  clear(): void {
    this.sinceMs.clear();
  }

  /** Milliseconds since the oldest of `records` waiting records was written, or first seen; 0 for none. */
  ageMs(topic: string, partition: number, records: number): number {
    if (records === 0) {
      this.done(topic, partition);
      return 0;
    }
    const key = keyOf(topic, partition);
    const now = Date.now();
    const since = this.sinceMs.get(key) ?? now;
    this.sinceMs.set(key, since);
    return Math.max(0, now - since);
  }
}

function keyOf(topic: string, partition: number): string {
  return `${topic} ${partition}`;
}
