import { Injectable } from '@nestjs/common';
import { PeopleServiceService, type Person as PersonMessage } from '@paradesk/contracts/paradesk/identity/v1/people';
import { DomainError } from '@paradesk/kernel';
import { Database, Peers, type TenantScope, type Tx } from '@paradesk/platform';
import { In } from 'typeorm';
import { Person } from './person.entity.js';

@Injectable()
export class PeopleService {
  constructor(
    private readonly database: Database,
    private readonly peers: Peers,
  ) {}

  /** Makes sure that the person is known, asking their owner if need be. Before a transaction, never inside. */
  async require({ tenantId }: TenantScope, id: string): Promise<Person> {
    await this.requireAll({ tenantId }, [id]);
    return this.database.beside({ tenantId }, (tx) => this.get(tx, id));
  }

  /** The same for several people. @throws DomainError not-found PERSON_NOT_FOUND naming the first that is unknown */
  async requireAll({ tenantId }: TenantScope, ids: readonly string[]): Promise<void> {
    const known = await this.database.beside({ tenantId }, (tx) =>
      tx.find(Person, { where: { tenantId, id: In([...ids]) }, select: { id: true } }),
    );
    const knownIds = new Set(known.map((person) => person.id));
    const people = this.peers.client('identity', PeopleServiceService);
    for (const personId of ids.filter((id) => !knownIds.has(id.toLowerCase()))) {
      const person = await people.getPerson({ personId }, { tenantId });
      await this.database.beside({ tenantId }, (tx) => this.keep(tx, person));
    }
  }

  /** @throws DomainError not-found PERSON_NOT_FOUND */
  async get(tx: Tx, id: string): Promise<Person> {
    const person = await tx.findOne(Person, { where: { tenantId: tx.tenantId, id } });
    if (!person) throw DomainError.notFound('person', id);
    return person;
  }

  /** Keeps a copy, unless a later one is there. */
  async keep(tx: Tx, person: PersonMessage): Promise<void> {
    await tx.query(
      `insert into people (tenant_id, id, first_name, last_name, role, timekeeper_code, timekeeper_classification, version)
       values ($1, $2, $3, $4, $5, $6, $7, $8)
       on conflict (tenant_id, id) do update set first_name = excluded.first_name, last_name = excluded.last_name,
         role = excluded.role, timekeeper_code = excluded.timekeeper_code,
         timekeeper_classification = excluded.timekeeper_classification, version = excluded.version
       where excluded.version > people.version`,
      [
        tx.tenantId,
        person.id,
        person.firstName,
        person.lastName,
        person.role,
        person.timekeeperCode,
        person.timekeeperClassification,
        person.version,
      ],
    );
  }
}
