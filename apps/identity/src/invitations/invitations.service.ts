import { Injectable } from '@nestjs/common';
import type { Caller } from '@paradesk/access';
import type { PageRequest, PageResult } from '@paradesk/contracts/paradesk/common/v1/page';
import { DomainError } from '@paradesk/kernel';
import { Clock, Database, Ids, pageQuery, pageResult, type Tx } from '@paradesk/platform';
import { IsNull, LessThan } from 'typeorm';
import { PeopleService } from '../people/people.service.js';
import { Person } from '../people/person.entity.js';
import { enterInDirectory, lookUpInDirectory } from '../sessions/credential-directory.js';
import type { Subject } from '../sessions/id-tokens.js';
import { bindSignIn } from '../sessions/sign-ins.js';
import { Session } from '../sessions/session.entity.js';
import { Tenant } from '../tenants/tenant.entity.js';
import { newSecretText, SecretForm } from '../tokens/secret-text.js';
import { Invitation } from './invitation.entity.js';

const form = new SecretForm('pd_invitation_');

/** An invitation and its whole secret, which is known here and now only. */
export interface CreatedInvitation {
  readonly invitation: Invitation;
  readonly secret: string;
}

/** The first operations manager of a tenant. */
export interface FirstManager {
  readonly tenantId: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly email: string;
}

@Injectable()
export class InvitationsService {
  constructor(
    private readonly database: Database,
    private readonly people: PeopleService,
    private readonly clock: Clock,
    private readonly ids: Ids,
  ) {}

  async invite(caller: Caller, personId: string): Promise<CreatedInvitation> {
    return this.database.transaction(caller, async (tx) => this.make(tx, await lockPerson(tx, personId)));
  }

  /**
   * Opens the door of a new tenant for its first person, in a transaction of that tenant. Where anybody else is there already the
   * tenant is not found: an operator has no business in it.
   */
  async inviteFirstManager({ tenantId, ...person }: FirstManager): Promise<CreatedInvitation> {
    return this.database.transaction({ tenantId }, async (tx) => {
      const tenant = await tx.findOne(Tenant, { where: { id: tenantId }, lock: { mode: 'pessimistic_write' } });
      const people = await tx.find(Person, { where: { tenantId }, take: 2 });
      const [only] = people;
      const isTheirs = only?.role === 'OPERATIONS_MANAGER' && isSame(only.email, person.email);
      const isOpen = people.length === 0 || (people.length === 1 && isTheirs && !(await hasSignIn(tx, only.id)));
      if (!tenant || !isOpen) throw DomainError.notFound('tenant', tenantId);
      const none = { clientId: '', timekeeperCode: '', timekeeperClassification: '' };
      return this.make(
        tx,
        only ?? (await this.people.register(tx, { ...person, ...none, role: 'OPERATIONS_MANAGER' })),
      );
    });
  }

  /** Invitations, the newest first. */
  async list(caller: Caller, page: PageRequest | undefined): Promise<{ items: Invitation[]; page: PageResult }> {
    const query = pageQuery(page);
    return this.database.transaction(caller, async (tx) => {
      const rows = await tx.find(Invitation, {
        where: { tenantId: tx.tenantId, ...(query.after && { id: LessThan(query.after) }) },
        order: { id: 'DESC' },
        take: query.size + 1,
      });
      return pageResult(rows, query, (invitation) => invitation.id);
    });
  }

  async revoke(caller: Caller, id: string): Promise<Invitation> {
    return this.database.transaction(caller, async (tx) => {
      const invitation = await tx.findOne(Invitation, {
        where: { tenantId: tx.tenantId, id },
        lock: { mode: 'pessimistic_write' },
      });
      if (!invitation) throw DomainError.notFound('invitation', id);
      invitation.revoke(this.clock.now());
      await tx.save(invitation);
      return invitation;
    });
  }

  /** Of which tenant an invitation is. @throws DomainError not-found INVITATION_UNKNOWN */
  async tenantOf(secret: string): Promise<string> {
    const text = form.parse(secret);
    const tenantId = text && (await this.database.system((tx) => lookUpInDirectory(tx, text.publicId)));
    if (!tenantId) throw unknown();
    return tenantId;
  }

  /**
   * Lets the account sign in as the person invited from now on. Sessions that an account before it had opened end.
   *
   * @param secret as the account's holder presents it
   * @throws DomainError not-found INVITATION_UNKNOWN; refused INVITATION_USED, INVITATION_REVOKED or INVITATION_EXPIRED; forbidden
   *   INVITATION_FOR_ANOTHER; conflict ACCOUNT_IN_USE
   */
  async accept(tx: Tx, secret: string, account: Subject): Promise<Person> {
    const text = form.parse(secret);
    const invitation = text && (await lockInvitation(tx, text.publicId));
    if (!invitation?.opensWith(text?.secret ?? '')) throw unknown();
    const now = this.clock.now();
    invitation.accept(now);
    const person = await lockPerson(tx, invitation.personId);
    person.requireActive();
    // Whoever got hold of the link is not yet whom it was for.
    if (account.verifiedEmail && !isSame(account.verifiedEmail, person.email)) {
      throw DomainError.forbidden('INVITATION_FOR_ANOTHER', 'the invitation is for another e-mail address');
    }
    await bindSignIn(tx, person.id, account);
    const live = { tenantId: tx.tenantId, personId: person.id, revokedAt: IsNull() };
    await tx.update(Session, live, { revokedAt: now });
    await tx.save(invitation);
    return person;
  }

  private async make(tx: Tx, person: Person): Promise<CreatedInvitation> {
    if (person.deactivatedAt) throw DomainError.refused('PERSON_DEACTIVATED', 'the person was deactivated');
    const now = this.clock.now();
    const waiting = { tenantId: tx.tenantId, personId: person.id, acceptedAt: IsNull(), revokedAt: IsNull() };
    await tx.update(Invitation, waiting, { revokedAt: now });
    const text = newSecretText();
    const invitation = Invitation.create(this.ids.next(), { tenantId: tx.tenantId, personId: person.id }, text, now);
    await tx.insert(Invitation, invitation);
    await enterInDirectory(tx, invitation);
    return { invitation, secret: form.format(text) };
  }
}

// Locked, so that of two invitations made at once one revokes the other, and none outlives a deactivation.
async function lockPerson(tx: Tx, id: string): Promise<Person> {
  const person = await tx.findOne(Person, {
    where: { tenantId: tx.tenantId, id },
    lock: { mode: 'pessimistic_write' },
  });
  if (!person) throw DomainError.notFound('person', id);
  return person;
}

async function lockInvitation(tx: Tx, publicId: string): Promise<Invitation | null> {
  return tx.findOne(Invitation, { where: { tenantId: tx.tenantId, publicId }, lock: { mode: 'pessimistic_write' } });
}

async function hasSignIn(tx: Tx, personId: string): Promise<boolean> {
  const sql = 'select from sign_ins where tenant_id = $1 and person_id = $2';
  return (await tx.query<unknown[]>(sql, [tx.tenantId, personId])).length > 0;
}

function isSame(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

// The same for what was never made and for a wrong secret: only who holds an invitation learns anything of it.
function unknown(): DomainError {
  return new DomainError('not-found', 'INVITATION_UNKNOWN', 'there is no such invitation');
}
