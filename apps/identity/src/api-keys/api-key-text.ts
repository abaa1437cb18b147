import { createHash, randomBytes } from 'node:crypto';

/** The two parts of a key that its holder keeps: where to look it up, and what proves that it is theirs. */
export interface ApiKeyText {
  /** 22 characters of base62 (16 random bytes); not secret. */
  readonly publicId: string;
  /** 43 characters of base62 (32 random bytes). */
  readonly secret: string;
}

// The prefix lets secret scanners find keys that were committed by mistake.
const PREFIX = 'pd_live_';
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const SHAPE = new RegExp(`^${PREFIX}([${ALPHABET}]{22})_([${ALPHABET}]{43})$`);

/** A key that nobody has. */
export function newKeyText(): ApiKeyText {
  return { publicId: base62(randomBytes(16), 22), secret: base62(randomBytes(32), 43) };
}

/** The whole key, as its holder presents it. */
export function formatKey({ publicId, secret }: ApiKeyText): string {
  return `${prefixOf(publicId)}_${secret}`;
}

/** The part of a key that may be shown. */
export function prefixOf(publicId: string): string {
  return PREFIX + publicId;
}

/** The parts of a key as it was presented; undefined where it has not the form of a key. */
export function parseKey(text: string): ApiKeyText | undefined {
  const [, publicId, secret] = SHAPE.exec(text) ?? [];
  return publicId && secret ? { publicId, secret } : undefined;
}

/** What is stored of a secret: with 256 random bits behind it, one round of SHA-256 cannot be guessed back. */
export function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

function base62(bytes: Uint8Array, length: number): string {
  let rest = BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
  let text = '';
  for (let position = 0; position < length; position++) {
    text = ALPHABET.charAt(Number(rest % 62n)) + text;
    rest /= 62n;
  }
  return text;
}
