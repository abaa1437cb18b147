import { Inject, Injectable } from '@nestjs/common';
import type { Caller } from '@paradesk/access';
import type { PageRequest, PageResult } from '@paradesk/contracts/paradesk/common/v1/page';
import { Role } from '@paradesk/contracts/paradesk/common/v1/rule';
import { DomainError } from '@paradesk/kernel';
import { Clock, CONFIG, Database, pageQuery, pageResult, type Tx } from '@paradesk/platform';
import { type FindOptionsWhere, IsNull, LessThan } from 'typeorm';
import type { IdentityConfig } from '../config.js';
import { LimitsService } from '../limits/limits.service.js';
import { Person } from '../people/person.entity.js';
import { Tenant } from '../tenants/tenant.entity.js';
import { SecretForm } from '../tokens/secret-text.js';
import { type IssuedToken, TokensService } from '../tokens/tokens.service.js';
import { lookUpInDirectory } from './credential-directory.js';
import { Session } from './session.entity.js';

export const sessionForm = new SecretForm('pd_session_');

const HOUR_MS = 3_600_000;
const UNKNOWN = 'SESSION_UNKNOWN';

/** Where a session is to be found, and whether it is that of the secret. */
interface Located {
  readonly tenantId: string;
  readonly where: FindOptionsWhere<Session>;
  readonly opens: (session: Session) => boolean;
}

/** Who is signed in by a session; an operator is no person and has no tenant. */
export interface SignedIn {
  readonly session: Session;
  readonly person?: Person;
  readonly tenant?: Tenant;
}

/** What becomes of sessions once they are open. */
@Injectable()
export class SessionsService {
  constructor(
    private readonly database: Database,
    private readonly tokens: TokensService,
    @Inject(CONFIG) private readonly config: IdentityConfig,
    private readonly clock: Clock,
    private readonly limits: LimitsService,
  ) {}

  /**
   * A token by which one service knows who is signed in.
   *
   * @throws DomainError unauthenticated as `authenticate`; invalid UNKNOWN_AUDIENCE; exhausted LOCKED_OUT or RATE_LIMITED
   */
  async exchange(secret: string, audience: string, address: string): Promise<IssuedToken> {
    this.limits.rates.refuseUsedUp(secret);
    const { session, person } = await this.authenticate(secret, address, async (tx, live) => {
      // This column only: whoever revokes the session at this moment is not to be overwritten.
      if (live.use(this.clock.now()))
        await tx.update(Session, { tenantId: tx.tenantId, id: live.id }, { lastUsedAt: live.lastUsedAt });
    });
    const { tenantId, operatorId } = session;
    const allowance = await this.limits.rates.take('person', `${tenantId} ${person?.id ?? operatorId}`, secret);
    const token = person
      ? await this.tokens.issueToPerson(person, audience)
      : await this.tokens.issueToOperator({ tenantId, operatorId: operatorId ?? '' }, audience);
    return { ...token, allowance };
  }

  /** Who is signed in. @throws DomainError unauthenticated as `authenticate` */
  async current(secret: string, address: string): Promise<SignedIn> {
    return this.authenticate(secret, address);
  }

  /** Signs out. @throws DomainError unauthenticated SESSION_UNKNOWN */
  async close(secret: string, address: string): Promise<Session> {
    return this.trying(secret, address, ({ tenantId, where, opens }) =>
      this.database.transaction({ tenantId }, async (tx) => {
        const session = await tx.findOne(Session, { where, lock: { mode: 'pessimistic_write' } });
        if (!session || !opens(session)) throw unknownSession();
        session.revoke(this.clock.now());
        await tx.save(session);
        return session;
      }),
    );
  }

  /** Sessions, the newest first: the caller's own where `personId` is empty. @throws DomainError not-found PERSON_NOT_FOUND */
  async list(
    caller: Caller,
    page: PageRequest | undefined,
    personId: string,
  ): Promise<{ items: Session[]; page: PageResult }> {
    const query = pageQuery(page);
    return this.database.transaction(caller, async (tx) => {
      const whose = await sessionsOf(tx, caller, personId);
      const rows = await tx.find(Session, {
        where: { ...whose, ...(query.after && { id: LessThan(query.after) }) },
        order: { id: 'DESC' },
        take: query.size + 1,
      });
      return pageResult(rows, query, (session) => session.id);
    });
  }

  /** @throws DomainError not-found SESSION_NOT_FOUND, for somebody else's as well */
  async revoke(caller: Caller, id: string): Promise<Session> {
    return this.database.transaction(caller, async (tx) => {
      const mine = caller.role === Role.OPERATIONS_MANAGER ? {} : ownSessions(caller);
      const where = { ...mine, tenantId: tx.tenantId, id };
      const session = await tx.findOne(Session, { where, lock: { mode: 'pessimistic_write' } });
      if (!session) throw DomainError.notFound('session', id);
      session.revoke(this.clock.now());
      await tx.save(session);
      return session;
    });
  }

  /** @returns how many were not revoked before. @throws DomainError not-found PERSON_NOT_FOUND */
  async revokeAll(caller: Caller, personId: string): Promise<number> {
    return this.database.transaction(caller, async (tx) => {
      const whose = await sessionsOf(tx, caller, personId);
      const { affected } = await tx.update(Session, { ...whose, revokedAt: IsNull() }, { revokedAt: this.clock.now() });
      return affected ?? 0;
    });
  }

  /**
   * Finds the session, still live, and who is signed in by it. The secret is compared before anything is said of the session.
   *
   * @throws DomainError unauthenticated SESSION_UNKNOWN, SESSION_REVOKED, SESSION_EXPIRED, SESSION_IDLE or PERSON_DEACTIVATED; exhausted
   *   LOCKED_OUT
   */
  private async authenticate(
    secret: string,
    address: string,
    then: (tx: Tx, session: Session) => Promise<void> = async () => undefined,
  ): Promise<SignedIn> {
    return this.trying(secret, address, ({ tenantId, where, opens }) =>
      this.database.beside({ tenantId }, async (tx) => {
        const session = await tx.findOneBy(Session, where);
        if (!session || !opens(session)) throw unknownSession();
        const end = session.endAt(this.clock.now(), this.config.SESSION_IDLE_HOURS * HOUR_MS);
        if (end) throw new DomainError('unauthenticated', end, 'the session has ended: sign in again');
        const signedIn = await this.holderOf(tx, session);
        await then(tx, session);
        return signedIn;
      }),
    );
  }

  private async holderOf(tx: Tx, session: Session): Promise<SignedIn> {
    const { tenantId, personId, operatorId } = session;
    if (operatorId) {
      if (!this.config.OPERATORS.has(operatorId)) throw unknownSession();
      return { session };
    }
    const person = await tx.findOneByOrFail(Person, { tenantId, id: personId ?? '' });
    person.requireActive();
    return { session, person, tenant: await tx.findOneByOrFail(Tenant, { id: tenantId }) };
  }

  private async trying<T>(secret: string, address: string, work: (located: Located) => Promise<T>): Promise<T> {
    const text = sessionForm.parse(secret);
    if (!text) throw unknownSession();
    const { publicId } = text;
    return this.limits.trying({ publicId, address }, UNKNOWN, async () => {
      const tenantId = await this.database.system((tx) => lookUpInDirectory(tx, publicId));
      if (!tenantId) throw unknownSession();
      return work({ tenantId, where: { tenantId, publicId }, opens: (session) => session.opensWith(text.secret) });
    });
  }
}

/** Whose sessions are meant. Somebody else is found by operations managers only, so that nobody learns who there is. */
async function sessionsOf(tx: Tx, caller: Caller, personId: string): Promise<FindOptionsWhere<Session>> {
  const own = { ...ownSessions(caller), tenantId: tx.tenantId };
  if (!personId || personId.toLowerCase() === caller.personId) return own;
  const isKnown =
    caller.role === Role.OPERATIONS_MANAGER && (await tx.existsBy(Person, { tenantId: tx.tenantId, id: personId }));
  if (!isKnown) throw DomainError.notFound('person', personId);
  return { tenantId: tx.tenantId, personId };
}

function ownSessions({ role, personId = '' }: Caller): FindOptionsWhere<Session> {
  return role === Role.OPERATOR ? { operatorId: personId } : { personId };
}

function unknownSession(): DomainError {
  return new DomainError('unauthenticated', UNKNOWN, 'the session is not known: sign in');
}
