import { describe, expect, it } from '@jest/globals';
import { Temporal } from 'temporal-polyfill';
import { newSecretText } from '../tokens/secret-text.js';
import { type Holder, Session } from './session.entity.js';

const noon = Temporal.Instant.from('2026-03-02T12:00:00Z');
const HOUR_MS = 3_600_000;
const IDLE_MS = 12 * HOUR_MS;
const person: Holder = { tenantId: 'tenant', personId: 'person' };

describe('a session', () => {
  it('opens with its own secret only, and keeps no copy of it, nor of the nonce', () => {
    const { session, secret } = aSession();

    expect(session.opensWith(secret)).toBe(true);
    expect(session.opensWith(newSecretText().secret)).toBe(false);
    expect(session.opensWith('')).toBe(false);
    expect(Object.values(session)).not.toContain(secret);
    expect(Object.values(session)).not.toContain('nonce');
  });

  it.each<[string, Holder]>([
    ['a person of a tenant', person],
    ['an operator', { tenantId: 'nobody', operatorId: 'operator' }],
  ])('is that of %s', (_, holder) => {
    expect(aSession(holder).session).toMatchObject({ personId: null, operatorId: null, ...holder });
  });

  it.each([
    ['goes on at once', 0, 0, undefined],
    ['goes on just before it has idled too long', 0, 12 * HOUR_MS - 1, undefined],
    ['ends when it has idled too long', 0, 12 * HOUR_MS, 'SESSION_IDLE'],
    ['goes on where it was used in between', 11 * HOUR_MS, 22 * HOUR_MS, undefined],
    ['ends after seven days, however much it is used', 167 * HOUR_MS, 168 * HOUR_MS, 'SESSION_EXPIRED'],
  ])('%s', (_, usedAfterMs, askedAfterMs, end) => {
    const { session } = aSession();
    session.use(noon.add({ milliseconds: usedAfterMs }));

    expect(session.endAt(noon.add({ milliseconds: askedAfterMs }), IDLE_MS)).toBe(end);
  });

  it('notes its use to within five minutes', () => {
    const { session } = aSession();

    expect(session.use(noon.add({ minutes: 4 }))).toBe(false);
    expect(session.lastUsedAt.equals(noon)).toBe(true);
    expect(session.use(noon.add({ minutes: 5 }))).toBe(true);
    expect(session.lastUsedAt.equals(noon.add({ minutes: 5 }))).toBe(true);
  });

  it('keeps the moment at which it was revoked first', () => {
    const { session } = aSession();

    session.revoke(noon);
    session.revoke(noon.add({ hours: 1 }));

    expect(session.revokedAt?.equals(noon)).toBe(true);
    expect(session.endAt(noon, IDLE_MS)).toBe('SESSION_REVOKED');
  });
});

function aSession(holder = person) {
  const text = newSecretText();
  const fields = { nonce: 'nonce', userAgent: 'Firefox', openedAt: noon, lifetimeMs: 168 * HOUR_MS };
  return { session: Session.open('session', holder, text, fields), ...text };
}
