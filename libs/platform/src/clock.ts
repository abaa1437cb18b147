import { newId } from '@paradesk/kernel';
import { Temporal } from 'temporal-polyfill';

/** What time it is. Injected, so that tests decide. */
export class Clock {
  /** The moment, to the millisecond: what the database keeps. */
  now(): Temporal.Instant {
    return Temporal.Instant.fromEpochMilliseconds(Date.now());
  }
}

/** New identifiers. */
export class Ids {
  constructor(private readonly clock: Clock) {}

  /** A UUIDv7: in the order of creation, so that a list by id is a list by age. */
  next(): string {
    return newId(this.clock.now().epochMilliseconds);
  }

  /** An identifier with the moment it was made: what a new row wants. */
  stamp(): { readonly id: string; readonly at: Temporal.Instant } {
    const at = this.clock.now();
    return { id: newId(at.epochMilliseconds), at };
  }
}
