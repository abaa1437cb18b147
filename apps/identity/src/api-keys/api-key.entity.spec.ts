import { describe, expect, it } from '@jest/globals';
import type { DomainError } from '@paradesk/kernel';
import { Temporal } from 'temporal-polyfill';
import { hasTwoSecrets, opens, requireLive } from './api-key-state.js';
import { newKeyText } from './api-key-text.js';
import { ApiKey, type NewApiKey } from './api-key.entity.js';

const noon = Temporal.Instant.from('2026-03-02T12:00:00Z');
const after = (hours: number) => noon.add({ hours });

describe('an API key', () => {
  it('opens with its own secret only, and keeps no copy of it', () => {
    const { apiKey, secret } = aKey();

    expect(opens(apiKey, secret, noon)).toBe(true);
    expect(opens(apiKey, newKeyText().secret, noon)).toBe(false);
    expect(opens(apiKey, '', noon)).toBe(false);
    expect(Object.values(apiKey)).not.toContain(secret);
    expectInvariants(apiKey);
  });

  it('keeps the moment at which it was revoked first', () => {
    const { apiKey } = aKey();
    expect(apiKey.revokedAt).toBeNull();

    apiKey.revoke(noon);
    apiKey.revoke(after(1));

    expect(apiKey.revokedAt?.equals(noon)).toBe(true);
    expectInvariants(apiKey);
  });

  it('has each scope once, in order', () => {
    expect(aKey({ scopes: ['billing:write', 'billing:read', 'billing:write'] }).apiKey.scopes).toEqual([
      'billing:read',
      'billing:write',
    ]);
  });

  it.each([
    ['live until it expires', { expiresAt: after(2) }, 1, undefined],
    ['expired from that moment on', { expiresAt: after(2) }, 2, 'API_KEY_EXPIRED'],
    ['live for ever without one', {}, 100_000, undefined],
  ])('is %s', (_, fields, hours, reason) => {
    const { apiKey } = aKey(fields);
    const check = () => requireLive(apiKey, after(hours));

    if (reason) expect(check).toThrow(expect.objectContaining({ reason }) as unknown as DomainError);
    else expect(check).not.toThrow();
    expectInvariants(apiKey);
  });

  it.each([
    ['now', noon],
    ['the past', after(-1)],
  ])('does not expire %s', (_, expiresAt) => {
    expect(() => aKey({ expiresAt })).toThrow(
      expect.objectContaining({ reason: 'EXPIRES_IN_THE_PAST' }) as unknown as DomainError,
    );
  });
});

describe('a rotation', () => {
  it.each([
    ['with a grace leaves two secrets', 24, 23, true],
    ['with a grace ends the older secret in time', 24, 24, false],
    ['without a grace ends it at once', 0, 0, false],
  ])('%s', (_, graceHours, askedAfter, isOldLive) => {
    const { apiKey, secret: old } = aKey();
    const { secret } = newKeyText();

    apiKey.rotate(secret, graceHours, noon);

    expect(opens(apiKey, secret, after(askedAfter))).toBe(true);
    expect(opens(apiKey, old, after(askedAfter))).toBe(isOldLive);
    expect(hasTwoSecrets(apiKey, after(askedAfter))).toBe(isOldLive);
    expectInvariants(apiKey);
  });

  it('leaves no third secret live, and none but the new one where there is no grace', () => {
    const { apiKey, secret: first } = aKey();
    const [second, third, fourth] = [newKeyText().secret, newKeyText().secret, newKeyText().secret];
    apiKey.rotate(second, 24, noon);

    expect(() => apiKey.rotate(third, 24, after(23))).toThrow(
      expect.objectContaining({ reason: 'ROTATION_UNDER_WAY' }) as unknown as DomainError,
    );
    expect(opens(apiKey, first, after(23))).toBe(true);
    apiKey.rotate(third, 0, after(23));
    expect([first, second, third].map((secret) => opens(apiKey, secret, after(23)))).toEqual([false, false, true]);
    apiKey.rotate(fourth, 1, after(23));
    expect([third, fourth].map((secret) => opens(apiKey, secret, after(23)))).toEqual([true, true]);
    expectInvariants(apiKey);
  });

  it.each<[string, (key: ApiKey) => void, Partial<NewApiKey>, string]>([
    ['that was revoked', (key) => key.revoke(noon), {}, 'API_KEY_REVOKED'],
    ['that has expired', () => undefined, { expiresAt: after(1) }, 'API_KEY_EXPIRED'],
  ])('brings no key back %s', (_, prepare, fields, reason) => {
    const { apiKey, secret: old } = aKey(fields);
    prepare(apiKey);
    const { secret } = newKeyText();

    expect(() => apiKey.rotate(secret, 0, after(1))).toThrow(
      expect.objectContaining({ reason }) as unknown as DomainError,
    );
    expect(opens(apiKey, old, after(1))).toBe(true);
    expect(opens(apiKey, secret, after(1))).toBe(false);
    expectInvariants(apiKey);
  });
});

function expectInvariants(apiKey: ApiKey): void {
  expect(apiKey.previousSecretSha256 === null).toBe(apiKey.previousEndsAt === null);
  expect(new Set(apiKey.scopes).size).toBe(apiKey.scopes.length);
}

function aKey(fields: Partial<NewApiKey> = {}) {
  const text = newKeyText();
  const made = { personId: 'person', name: 'Clio', scopes: [], restrictedToClientId: null, expiresAt: null };
  return { apiKey: ApiKey.create('tenant', 'key', { ...made, ...fields, ...text, createdAt: noon }), ...text };
}
