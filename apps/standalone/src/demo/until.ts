import { setTimeout as pause } from 'node:timers/promises';

const PAUSE_MS = 250;
/** Longest wait for what the system does by itself after a command: files, mails, copies. */
const LONGEST_MS = 60_000;

/** Asks again until there is an answer; undefined after 60 seconds without one. */
export async function until<T>(ask: () => Promise<T | undefined>): Promise<T | undefined> {
  for (let waitedMs = 0; ; waitedMs += PAUSE_MS) {
    const answer = await ask();
    if (answer !== undefined || waitedMs >= LONGEST_MS) return answer;
    await pause(PAUSE_MS);
  }
}
