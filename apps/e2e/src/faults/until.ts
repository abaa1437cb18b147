import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_EVERY_MS = 100;

/**
 * Looks again and again until there is an answer.
 *
 * @param look undefined or false to be asked again
 * @param orElse what to complain of, in one line, when there is none within `withinMs`
 * @throws Error with `orElse`
 */
export async function until<T>(
  look: () => Promise<T | undefined | false>,
  withinMs: number,
  orElse: () => string,
): Promise<T> {
  for (const deadline = performance.now() + withinMs; performance.now() < deadline; await sleep(LOOK_EVERY_MS)) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
  }
  throw new Error(orElse());
}
