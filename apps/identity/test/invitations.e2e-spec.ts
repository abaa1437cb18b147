import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Caller } from '@paradesk/access';
import { Role } from '@paradesk/contracts/paradesk/common/v1/rule';
import { InvitationsServiceService } from '@paradesk/contracts/paradesk/identity/v1/invitations';
import { PeopleServiceService } from '@paradesk/contracts/paradesk/identity/v1/people';
import { TenantsServiceService } from '@paradesk/contracts/paradesk/identity/v1/tenants';
import { newId } from '@paradesk/kernel';
import { aCaller } from '@paradesk/testing';
import { anOpenTenant, aPerson, aTenant } from './builders.js';
import { SignInsUnderTest } from './sign-ins.js';

let signIns: SignInsUnderTest;
let manager: Caller;
beforeAll(async () => {
  signIns = await SignInsUnderTest.start();
  manager = await anOpenTenant(signIns.system);
});
afterAll(() => signIns.stop());

const invitations = (caller = manager) => signIns.system.client(InvitationsServiceService, caller);
const someone = (caller = manager) => signIns.system.client(PeopleServiceService, caller).createPerson(aPerson());
const currentOf = (session: string) => signIns.sessions.getCurrentSession({ session });

describe('an invitation', () => {
  it('is shown once and stored as a hash only', async () => {
    const { id: personId } = await someone();

    const { secret, invitation } = await invitations().invitePerson({ personId });

    expect(secret).toMatch(/^pd_invitation_[0-9A-Za-z]{22}_[0-9A-Za-z]{43}$/);
    expect(invitation).toMatchObject({ personId, acceptedAt: undefined, revokedAt: undefined });
    const { rows } = await signIns.system.db.query('select from invitations i where i::text like $1', [
      `%${secret.slice(37)}%`,
    ]);
    expect(rows).toEqual([]);
    const listed = await invitations().listInvitations({ page: { size: 1, token: '' } });
    expect(listed.invitations).toEqual([invitation]);
  });

  it('is made once under one idempotency key, and the secret is not shown again', async () => {
    const request = { personId: (await someone()).id };

    const first = await invitations().invitePerson(request, { idempotencyKey: 'invite-once' });
    const second = await invitations().invitePerson(request, { idempotencyKey: 'invite-once' });

    expect(second).toEqual({ invitation: first.invitation, secret: '' });
    await expect(signIns.signIn('account-once', { invitation: first.secret })).resolves.toMatch(/^pd_session_/);
  });

  it('makes the account sign in as the person, from then on without it', async () => {
    const person = await someone();

    const first = await signIns.accept(manager, person, 'account-1');
    const second = await signIns.signIn('account-1');

    for (const session of [first, second])
      expect(await currentOf(session)).toMatchObject({ session: { personId: person.id } });
  });

  it('is accepted once, even by several at the same moment', async () => {
    const person = await someone();
    const invitation = await signIns.invite(manager, person.id);

    const tries = await Promise.allSettled(
      ['racer-1', 'racer-2', 'racer-3'].map((account) => signIns.signIn(account, { invitation })),
    );

    const refused = tries.filter((one) => one.status === 'rejected');
    expect(refused.map(({ reason }) => (reason as { reason: string }).reason)).toEqual([
      'INVITATION_USED',
      'INVITATION_USED',
    ]);
    await expect(signIns.signIn('racer-4', { invitation })).rejects.toMatchObject({ reason: 'INVITATION_USED' });
  });

  it('is not accepted after seven days', async () => {
    const invitation = await signIns.invite(manager, (await someone()).id);
    signIns.system.clock.advance({ hours: 168 });

    await expect(signIns.signIn('late', { invitation })).rejects.toMatchObject({ reason: 'INVITATION_EXPIRED' });
  });

  it('is not accepted once it was revoked, by hand or by a newer one', async () => {
    const { id: personId } = await someone();
    const first = await invitations().invitePerson({ personId });
    const second = await invitations().invitePerson({ personId });
    await expect(signIns.signIn('one', { invitation: first.secret })).rejects.toMatchObject({
      reason: 'INVITATION_REVOKED',
    });

    const invitationId = second.invitation?.id ?? '';
    const revoked = await invitations().revokeInvitation({ invitationId });

    expect(await invitations().revokeInvitation({ invitationId })).toEqual(revoked);
    await expect(signIns.signIn('one', { invitation: second.secret })).rejects.toMatchObject({
      kind: 'refused',
      reason: 'INVITATION_REVOKED',
    });
  });

  it('is not revoked once it was accepted', async () => {
    const { id: personId } = await someone();
    const { secret, invitation } = await invitations().invitePerson({ personId });
    await signIns.signIn('quick', { invitation: secret });

    await expect(invitations().revokeInvitation({ invitationId: invitation?.id ?? '' })).rejects.toMatchObject({
      reason: 'INVITATION_USED',
    });
  });

  it.each([
    ['a text that is none', () => 'open sesame'],
    ['an id that nobody has', () => `pd_invitation_${'0'.repeat(22)}_${'0'.repeat(43)}`],
    [
      'the secret of another',
      async () => `${(await signIns.invite(manager, (await someone()).id)).slice(0, 37)}${'0'.repeat(43)}`,
    ],
  ])('is not known with %s', async (_, wrong) => {
    await expect(signIns.signIn('guesser', { invitation: await wrong() })).rejects.toMatchObject({
      kind: 'not-found',
      reason: 'INVITATION_UNKNOWN',
    });
  });

  it.each([
    ['of another verified address is refused', 'eve@elsewhere.example', true, 'INVITATION_FOR_ANOTHER'],
    ['of an address that nobody verified is accepted', 'eve@elsewhere.example', false, undefined],
    ['of the same address in capitals is accepted', undefined, true, undefined],
  ])('whose account is %s', async (_, email, isVerified, reason) => {
    const person = await someone();
    const invitation = await signIns.invite(manager, person.id);
    const claims = { email: email ?? person.email.toUpperCase(), email_verified: isVerified };

    const open = signIns.sessions.openSession(await signIns.request(`mail-${person.id}`, claims, { invitation }));

    if (reason) {
      await expect(open).rejects.toMatchObject({ kind: 'forbidden', reason });
      // Who was meant can still accept it.
      await expect(signIns.signIn('meant', { invitation })).resolves.toMatch(/^pd_session_/);
    } else await expect(open).resolves.toMatchObject({ session: { personId: person.id } });
  });

  it('does not make one account two people of a tenant', async () => {
    await signIns.accept(manager, await someone(), 'twice');

    await expect(signIns.accept(manager, await someone(), 'twice')).rejects.toMatchObject({
      kind: 'conflict',
      reason: 'ACCOUNT_IN_USE',
    });
  });

  it('moves a person to another account, and ends what the one before had opened', async () => {
    const person = await someone();
    const before = await signIns.accept(manager, person, 'old-account');

    const after = await signIns.accept(manager, person, 'new-account');

    await expect(currentOf(before)).rejects.toMatchObject({ reason: 'SESSION_REVOKED' });
    await expect(signIns.signIn('old-account')).rejects.toMatchObject({ reason: 'NOT_INVITED' });
    expect(await currentOf(after)).toMatchObject({ session: { personId: person.id } });
  });

  it('is neither made, seen nor revoked by another tenant', async () => {
    const { id: personId } = await someone();
    const { invitation } = await invitations().invitePerson({ personId });
    const other = await anOpenTenant(signIns.system);

    await expect(invitations(other).invitePerson({ personId })).rejects.toMatchObject({ reason: 'PERSON_NOT_FOUND' });
    expect((await invitations(other).listInvitations({ page: undefined })).invitations).toEqual([]);
    await expect(invitations(other).revokeInvitation({ invitationId: invitation?.id ?? '' })).rejects.toMatchObject({
      reason: 'INVITATION_NOT_FOUND',
    });
  });

  it('is not made by a paralegal', async () => {
    const paralegal = aCaller({ role: Role.PARALEGAL, tenantId: manager.tenantId });

    await expect(invitations(paralegal).invitePerson({ personId: newId(1) })).rejects.toMatchObject({
      kind: 'forbidden',
      reason: 'ROLE_NOT_ALLOWED',
    });
  });
});

describe('the first operations manager of a tenant', () => {
  const operator = aCaller({ role: Role.OPERATOR });
  const first = { firstName: 'Olivia', lastName: 'Marsh', email: 'olivia@new.example' };
  const open = async () => (await signIns.system.client(TenantsServiceService, operator).createTenant(aTenant())).id;

  it('is invited by an operator, again while the invitation waits, and then invites the others', async () => {
    const tenantId = await open();
    const lost = await invitations(operator).inviteFirstManager({ tenantId, ...first });
    const found = await invitations(operator).inviteFirstManager({ tenantId, ...first });

    await expect(signIns.signIn('olivia', { invitation: lost.secret })).rejects.toMatchObject({
      reason: 'INVITATION_REVOKED',
    });
    const session = await signIns.signIn('olivia', { invitation: found.secret });
    const signedIn = await currentOf(session);
    expect(signedIn).toMatchObject({ role: Role.OPERATIONS_MANAGER, tenantId, firstName: 'Olivia' });
    const olivia = aCaller({ role: Role.OPERATIONS_MANAGER, tenantId, personId: signedIn.session?.personId });
    await expect(signIns.aPersonWithAccount(olivia)).resolves.toMatchObject({ session: expect.any(String) });
  });

  it.each<[string, () => Promise<string>]>([
    ['that there is not', async () => newId(1)],
    [
      'in which somebody else is',
      async () => {
        const tenant = await anOpenTenant(signIns.system);
        await someone(tenant);
        return tenant.tenantId;
      },
    ],
    [
      'whose first manager has accepted',
      async () => {
        const tenantId = await open();
        const { secret } = await invitations(operator).inviteFirstManager({ tenantId, ...first });
        await signIns.signIn('accepted', { invitation: secret });
        return tenantId;
      },
    ],
  ])('is not invited to a tenant %s', async (_, make) => {
    const tenantId = await make();

    await expect(invitations(operator).inviteFirstManager({ tenantId, ...first })).rejects.toMatchObject({
      kind: 'not-found',
      reason: 'TENANT_NOT_FOUND',
    });
  });
});
