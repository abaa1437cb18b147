import type { EventEmitter } from 'node:events';

const ENDS = ['drain', 'close', 'cancelled'] as const;

/** Waits until a stream takes more, or never will. Leaves no listener behind. */
export function drained(stream: EventEmitter): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      for (const event of ENDS) stream.off(event, done);
      resolve();
    };
    for (const event of ENDS) stream.on(event, done);
  });
}
