import { describe, expect, it } from '@jest/globals';
import { DomainError } from '@paradesk/kernel';
import { Temporal } from 'temporal-polyfill';
import { newSecretText } from '../tokens/secret-text.js';
import { Invitation } from './invitation.entity.js';

const noon = Temporal.Instant.from('2026-03-02T12:00:00Z');

describe('an invitation', () => {
  it('opens with its own secret only, and keeps no copy of it', () => {
    const { invitation, secret } = anInvitation();

    expect(invitation.opensWith(secret)).toBe(true);
    expect(invitation.opensWith(newSecretText().secret)).toBe(false);
    expect(Object.values(invitation)).not.toContain(secret);
  });

  it('is accepted until seven days have gone by', () => {
    const { invitation } = anInvitation();

    invitation.accept(noon.add({ hours: 168 }).subtract({ milliseconds: 1 }));

    expect(invitation.acceptedAt).not.toBeNull();
    expectInvariants(invitation);
  });

  it.each<[string, (invitation: Invitation) => void, string]>([
    ['accepted twice', (it) => [it.accept(noon), it.accept(noon)], 'INVITATION_USED'],
    ['accepted once it was revoked', (it) => [it.revoke(noon), it.accept(noon)], 'INVITATION_REVOKED'],
    ['accepted after seven days', (it) => it.accept(noon.add({ hours: 168 })), 'INVITATION_EXPIRED'],
    ['revoked once it was accepted', (it) => [it.accept(noon), it.revoke(noon)], 'INVITATION_USED'],
  ])('is not %s', (_, work, reason) => {
    const { invitation } = anInvitation();

    expect(() => work(invitation)).toThrow(
      expect.objectContaining({ kind: 'refused', reason }) as unknown as DomainError,
    );
    expectInvariants(invitation);
  });

  it('keeps the moment at which it was revoked first', () => {
    const { invitation } = anInvitation();

    invitation.revoke(noon);
    invitation.revoke(noon.add({ hours: 1 }));

    expect(invitation.revokedAt?.equals(noon)).toBe(true);
    expectInvariants(invitation);
  });
});

function expectInvariants({ acceptedAt, revokedAt }: Invitation): void {
  expect(acceptedAt === null || revokedAt === null).toBe(true);
}

function anInvitation() {
  const text = newSecretText();
  return { invitation: Invitation.create('id', { tenantId: 'tenant', personId: 'person' }, text, noon), ...text };
}
