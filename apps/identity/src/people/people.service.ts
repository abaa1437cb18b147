import { Injectable } from '@nestjs/common';
import type { Caller } from '@paradesk/access';
import { topics } from '@paradesk/contracts';
import type { PersonEvent } from '@paradesk/contracts/paradesk/identity/events/v1/people';
import type { PageRequest, PageResult } from '@paradesk/contracts/paradesk/common/v1/page';
import { DomainError } from '@paradesk/kernel';
import { Clock, Database, Ids, Outbox, pageQuery, pageResult, type Tx, violatedConstraint } from '@paradesk/platform';
import { IsNull, MoreThan } from 'typeorm';
import { ApiKey } from '../api-keys/api-key.entity.js';
import { Client } from '../clients/client.entity.js';
import { Invitation } from '../invitations/invitation.entity.js';
import { Session } from '../sessions/session.entity.js';
import { type NewPerson, Person, type PersonRole } from './person.entity.js';
import { toProto } from './person.message.js';

/** Which people to list: those who fit all that is stated. */
export interface PeopleFilter {
  readonly timekeeperCode?: string;
  /** Name of a role in the contracts; nobody has one that is not given to people. */
  readonly role?: string;
}

@Injectable()
export class PeopleService {
  constructor(
    private readonly database: Database,
    private readonly outbox: Outbox,
    private readonly ids: Ids,
    private readonly clock: Clock,
  ) {}

  async create(caller: Caller, newPerson: NewPerson): Promise<Person> {
    return this.database.transaction(caller, (tx) => this.register(tx, newPerson)).catch(refuseTaken);
  }

  /** Registers a person as part of another use case. */
  async register(tx: Tx, newPerson: NewPerson): Promise<Person> {
    const person = Person.create(tx.tenantId, this.ids.next(), newPerson);
    if (person.clientId) await requireClient(tx, person.clientId);
    await tx.insert(Person, person);
    await this.announce(tx, person, { $case: 'created', value: { person: toProto(person) } });
    return person;
  }

  /** Ends all by which the person signs in, in the transaction that deactivates them. */
  async deactivate(caller: Caller, id: string): Promise<Person> {
    if (id.toLowerCase() === caller.personId) {
      throw DomainError.refused('CANNOT_DEACTIVATE_YOURSELF', 'another operations manager has to do this');
    }
    return this.database.transaction(caller, async (tx) => {
      const person = await lockPerson(tx, id);
      const now = this.clock.now();
      if (!person.deactivate(now)) return person;
      await tx.save(person);
      const live = { tenantId: tx.tenantId, personId: person.id, revokedAt: IsNull() };
      await tx.update(Session, live, { revokedAt: now });
      await tx.update(ApiKey, live, { revokedAt: now });
      await tx.update(Invitation, { ...live, acceptedAt: IsNull() }, { revokedAt: now });
      await this.announce(tx, person, { $case: 'deactivated', value: { person: toProto(person) } });
      return person;
    });
  }

  async reactivate(caller: Caller, id: string): Promise<Person> {
    return this.database.transaction(caller, async (tx) => {
      const person = await lockPerson(tx, id);
      if (!person.reactivate()) return person;
      await tx.save(person);
      await this.announce(tx, person, { $case: 'reactivated', value: { person: toProto(person) } });
      return person;
    });
  }

  async get(caller: Caller, id: string): Promise<Person> {
    return this.database.transaction(caller, async (tx) => {
      const person = await tx.findOneBy(Person, { tenantId: tx.tenantId, id });
      if (!person) throw DomainError.notFound('person', id);
      return person;
    });
  }

  /** People, the oldest first. */
  async list(
    caller: Caller,
    page: PageRequest | undefined,
    filter: PeopleFilter,
  ): Promise<{ items: Person[]; page: PageResult }> {
    const query = pageQuery(page);
    return this.database.transaction(caller, async (tx) => {
      const rows = await tx.find(Person, {
        where: {
          tenantId: tx.tenantId,
          ...(filter.timekeeperCode && { timekeeperCode: filter.timekeeperCode }),
          ...(filter.role && { role: filter.role as PersonRole }),
          ...(query.after && { id: MoreThan(query.after) }),
        },
        order: { id: 'ASC' },
        take: query.size + 1,
      });
      return pageResult(rows, query, (person) => person.id);
    });
  }

  private async announce(tx: Tx, person: Person, event: PersonEvent['event']): Promise<void> {
    await this.outbox.add(tx, {
      topic: topics.people,
      aggregateId: person.id,
      aggregateVersion: person.version,
      event: { event },
    });
  }
}

/** Who calls, where only a person may. @throws DomainError forbidden PERSON_NOT_NAMED */
export function requirePerson({ personId }: Caller): string {
  if (!personId) throw DomainError.forbidden('PERSON_NOT_NAMED', 'this is done by a person, who must be known');
  return personId;
}

/** The person, locked until the transaction ends. @throws DomainError not-found PERSON_NOT_FOUND */
export async function lockPerson(tx: Tx, id: string): Promise<Person> {
  const person = await tx.findOne(Person, {
    where: { tenantId: tx.tenantId, id },
    lock: { mode: 'pessimistic_write' },
  });
  if (!person) throw DomainError.notFound('person', id);
  return person;
}

async function requireClient(tx: Tx, id: string): Promise<void> {
  if (!(await tx.existsBy(Client, { tenantId: tx.tenantId, id }))) throw DomainError.notFound('client', id);
}

function refuseTaken(error: unknown): never {
  const constraint = violatedConstraint(error);
  if (constraint === 'people_email') {
    throw DomainError.conflict('EMAIL_TAKEN', 'another person of the tenant has this e-mail address');
  }
  if (constraint === 'people_timekeeper_code') {
    throw DomainError.conflict('TIMEKEEPER_CODE_TAKEN', 'another person of the tenant has this timekeeper code');
  }
  throw error;
}
