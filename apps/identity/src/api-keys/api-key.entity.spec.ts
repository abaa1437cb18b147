import { describe, expect, it } from '@jest/globals';
import { Temporal } from 'temporal-polyfill';
import { newKeyText } from './api-key-text.js';
import { ApiKey } from './api-key.entity.js';

const noon = Temporal.Instant.from('2026-03-02T12:00:00Z');

describe('an API key', () => {
  it('opens with its own secret only, and keeps no copy of it', () => {
    const { apiKey, secret } = aKey();

    expect(apiKey.opensWith(secret)).toBe(true);
    expect(apiKey.opensWith(newKeyText().secret)).toBe(false);
    expect(apiKey.opensWith('')).toBe(false);
    expect(Object.values(apiKey)).not.toContain(secret);
  });

  it('keeps the moment at which it was revoked first', () => {
    const { apiKey } = aKey();
    expect(apiKey.revokedAt).toBeNull();

    apiKey.revoke(noon);
    apiKey.revoke(noon.add({ hours: 1 }));

    expect(apiKey.revokedAt?.equals(noon)).toBe(true);
  });
});

function aKey() {
  const text = newKeyText();
  return {
    apiKey: ApiKey.create('tenant', 'key', { personId: 'person', name: 'Clio', ...text, createdAt: noon }),
    ...text,
  };
}
