import { Inject, Injectable } from '@nestjs/common';
import { DomainError } from '@paradesk/kernel';
import { CONFIG, Database, Ids, type Tx, violatedConstraint } from '@paradesk/platform';
import type { IdentityConfig } from '../config.js';
import { InvitationsService } from '../invitations/invitations.service.js';
import { Person } from '../people/person.entity.js';
import { Tenant } from '../tenants/tenant.entity.js';
import { newSecretText } from '../tokens/secret-text.js';
import { enterInDirectory } from './credential-directory.js';
import { IdTokens, type Subject } from './id-tokens.js';
import { OPERATOR_TENANT_ID } from './operators.js';
import { type Holder, Session } from './session.entity.js';
import { sessionForm } from './sessions.service.js';
import { type SignIn, signInsOf } from './sign-ins.js';

const HOUR_MS = 3_600_000;
// A refusal travels in trailers, which are small.
const MOST_TENANTS = 50;
// How long a session that has ended is still listed.
const KEPT_HOURS = 30 * 24;

/** What signs in, and into what. Texts that do not apply are empty. */
export interface SignInRequest {
  readonly idToken: string;
  readonly nonce: string;
  readonly userAgent: string;
  readonly invitation: string;
  readonly tenantId: string;
}

/** A session and its whole secret, which is known here and now only. */
export interface OpenedSession {
  readonly session: Session;
  readonly secret: string;
}

/** Who an account at the provider is here, and the sessions that it opens. */
@Injectable()
export class SignInsService {
  constructor(
    private readonly database: Database,
    private readonly invitations: InvitationsService,
    private readonly idTokens: IdTokens,
    @Inject(CONFIG) private readonly config: IdentityConfig,
    private readonly ids: Ids,
  ) {}

  /**
   * @throws DomainError as `IdTokens.verify` and `InvitationsService.accept`; unauthenticated ID_TOKEN_USED or PERSON_DEACTIVATED;
   *   forbidden NOT_INVITED; refused CHOOSE_TENANT, whose metadata names the tenants by their ids
   */
  async open(request: SignInRequest): Promise<OpenedSession> {
    const account = await this.idTokens.verify(request.idToken, request.nonce);
    const opened = request.invitation ? this.openInvited(request, account) : this.openKnown(request, account);
    return opened.catch(refuseUsedToken);
  }

  private async openInvited(request: SignInRequest, account: Subject): Promise<OpenedSession> {
    const tenantId = await this.invitations.tenantOf(request.invitation);
    return this.database.transaction({ tenantId }, async (tx) => {
      const person = await this.invitations.accept(tx, request.invitation, account);
      return this.start(tx, { tenantId, personId: person.id }, request);
    });
  }

  private async openKnown(request: SignInRequest, account: Subject): Promise<OpenedSession> {
    const operatorId = request.tenantId ? undefined : this.config.OPERATORS.find(account);
    const holder = operatorId
      ? { tenantId: OPERATOR_TENANT_ID, operatorId }
      : await this.personOf(account, request.tenantId);
    return this.database.transaction(holder, async (tx) => {
      if ('personId' in holder) await requireActive(tx, holder.personId);
      return this.start(tx, holder, request);
    });
  }

  private async personOf(account: Subject, tenantId: string): Promise<SignIn> {
    const all = await this.database.system((tx) => signInsOf(tx, account));
    const wanted = all.filter((signIn) => !tenantId || signIn.tenantId === tenantId.toLowerCase());
    const [first] = wanted;
    if (!first) {
      throw DomainError.forbidden('NOT_INVITED', 'nobody has invited this account: ask your company for an invitation');
    }
    if (wanted.length === 1) return first;
    const open = (await Promise.all(wanted.map((signIn) => this.whereActive(signIn)))).flat();
    const [only, another] = open;
    if (!another) return only?.signIn ?? first;
    const names = open.slice(0, MOST_TENANTS).map(({ signIn, tenant }) => [signIn.tenantId, tenant.name]);
    const message = 'this account belongs to people of several companies: choose one';
    throw DomainError.refused('CHOOSE_TENANT', message, Object.fromEntries(names));
  }

  private async whereActive(signIn: SignIn): Promise<{ signIn: SignIn; tenant: Tenant }[]> {
    const { tenantId, personId } = signIn;
    return this.database.beside({ tenantId }, async (tx) => {
      const person = await tx.findOneByOrFail(Person, { tenantId, id: personId });
      return person.deactivatedAt ? [] : [{ signIn, tenant: await tx.findOneByOrFail(Tenant, { id: tenantId }) }];
    });
  }

  private async start(tx: Tx, holder: Holder, { nonce, userAgent }: SignInRequest): Promise<OpenedSession> {
    const text = newSecretText();
    const { id, at } = this.ids.stamp();
    const lifetimeMs = this.config.SESSION_LIFETIME_HOURS * HOUR_MS;
    const session = Session.open(id, holder, text, { nonce, userAgent, openedAt: at, lifetimeMs });
    await tx.insert(Session, session);
    await enterInDirectory(tx, session);
    await forgetOld(tx, session);
    return { session, secret: sessionForm.format(text) };
  }
}

// Locked against a deactivation at the same moment, which ends the sessions that it finds.
async function requireActive(tx: Tx, personId: string): Promise<void> {
  const where = { tenantId: tx.tenantId, id: personId };
  const person = await tx.findOneOrFail(Person, { where, lock: { mode: 'pessimistic_read' } });
  person.requireActive();
}

/** Sessions that ended long ago go with the next sign-in of the same person. */
async function forgetOld(tx: Tx, { personId, operatorId, createdAt }: Session): Promise<void> {
  const sql = `with forgotten as (
      delete from sessions
      where tenant_id = $1 and coalesce(person_id, operator_id) = $2 and coalesce(revoked_at, expires_at) < $3
      returning public_id)
    delete from credential_directory using forgotten where credential_directory.public_id = forgotten.public_id`;
  await tx.query(sql, [tx.tenantId, personId ?? operatorId, createdAt.subtract({ hours: KEPT_HOURS }).toString()]);
}

function refuseUsedToken(error: unknown): never {
  if (violatedConstraint(error) !== 'sessions_nonce') throw error;
  throw new DomainError('unauthenticated', 'ID_TOKEN_USED', 'the ID token has opened a session before');
}
