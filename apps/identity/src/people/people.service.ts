import { Injectable } from '@nestjs/common';
import type { Caller } from '@paradesk/access';
import { topics } from '@paradesk/contracts';
import type { PageRequest, PageResult } from '@paradesk/contracts/paradesk/common/v1/page';
import { DomainError } from '@paradesk/kernel';
import { Database, Ids, Outbox, pageQuery, pageResult, type Tx, violatedConstraint } from '@paradesk/platform';
import { MoreThan } from 'typeorm';
import { Client } from '../clients/client.entity.js';
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
  ) {}

  async create(caller: Caller, newPerson: NewPerson): Promise<Person> {
    const created = this.database.transaction(caller, async (tx) => {
      const person = Person.create(tx.tenantId, this.ids.next(), newPerson);
      if (person.clientId) await requireClient(tx, person.clientId);
      await tx.insert(Person, person);
      await this.outbox.add(tx, {
        topic: topics.people,
        aggregateId: person.id,
        aggregateVersion: person.version,
        event: { event: { $case: 'created', value: { person: toProto(person) } } },
      });
      return person;
    });
    return created.catch(refuseTaken);
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
