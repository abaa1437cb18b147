import { timingSafeEqual } from 'node:crypto';
import { DomainError } from '@paradesk/kernel';
import { Temporal } from 'temporal-polyfill';
import { hashOf } from './api-key-text.js';

/** What decides whether a key signs in. */
export interface ApiKeyState {
  readonly secretSha256: Buffer;
  /** The secret before the last rotation, for as long as `previousEndsAt` says. */
  readonly previousSecretSha256: Buffer | null;
  readonly previousEndsAt: Temporal.Instant | null;
  readonly revokedAt: Temporal.Instant | null;
  readonly expiresAt: Temporal.Instant | null;
}

/** Whether the secret is the key's, told in the same time for every secret and for a key that has ended. */
export function opens(key: ApiKeyState, secret: string, now: Temporal.Instant): boolean {
  const hash = hashOf(secret);
  const isCurrent = timingSafeEqual(key.secretSha256, hash);
  const isPrevious = timingSafeEqual(key.previousSecretSha256 ?? Buffer.alloc(hash.length), hash);
  return isCurrent || (isPrevious && hasTwoSecrets(key, now));
}

/** Whether the secret before the last rotation is still live. */
export function hasTwoSecrets({ previousEndsAt }: ApiKeyState, now: Temporal.Instant): boolean {
  return previousEndsAt !== null && Temporal.Instant.compare(now, previousEndsAt) < 0;
}

/** @throws DomainError unauthenticated API_KEY_REVOKED or API_KEY_EXPIRED */
export function requireLive({ revokedAt, expiresAt }: ApiKeyState, now: Temporal.Instant): void {
  if (revokedAt) throw new DomainError('unauthenticated', 'API_KEY_REVOKED', 'the API key was revoked');
  if (expiresAt && Temporal.Instant.compare(now, expiresAt) >= 0) {
    throw new DomainError('unauthenticated', 'API_KEY_EXPIRED', 'the API key has expired');
  }
}
