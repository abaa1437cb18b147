const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

const MAX_MS = 2 ** 48 - 1;
const RANDOM_BITS = 74n;

let lastMs = -1;
let lastRandom = 0n;

/**
 * A new UUID version 7 (RFC 9562) for that moment: time-ordered, so that primary keys are appended and not scattered. Ids of
 * one process made in a row for the same millisecond ascend (section 6.2, method 2). Not a secret: never a token.
 *
 * @param nowMs milliseconds since 1970, from the caller's clock.
 * @throws RangeError when it is not a whole number of 48 bits.
 */
export function newId(nowMs: number): string {
  if (!Number.isInteger(nowMs) || nowMs < 0 || nowMs > MAX_MS) {
    throw new RangeError(`The time of an id is whole milliseconds since 1970, not ${nowMs}`);
  }
  // The first of a millisecond leaves the top bit free and each step is at most 2^32, so a fake clock that stands still has
  // room for 2^41 ids before the random part would run over.
  lastRandom = nowMs === lastMs ? lastRandom + 1n + randomBits(32n) : randomBits(RANDOM_BITS - 1n);
  lastMs = nowMs;

  const high = lastRandom >> 62n;
  const low = lastRandom & ((1n << 62n) - 1n);
  const bits = (BigInt(nowMs) << 80n) | (7n << 76n) | (high << 64n) | (2n << 62n) | low;
  const hex = bits.toString(16).padStart(32, '0');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** Whether the text is a UUID of any version in its usual form with hyphens, in either case (as RFC 9562 asks of readers). */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}

function randomBits(count: bigint): bigint {
  const [first = 0n, second = 0n] = globalThis.crypto.getRandomValues(new BigUint64Array(2));
  return BigInt.asUintN(Number(count), (first << 64n) | second);
}
