import { Injectable } from '@nestjs/common';
import type { Caller } from '@paradesk/access';
import { ClientsService } from '../clients/clients.service.js';
import { MattersService } from '../matters/matters.service.js';
import type { Person } from '../people/person.entity.js';
import { PeopleService } from '../people/people.service.js';
import type { RateScope } from './rate-precedence.js';

/** What a rate needs to know of what other services own. Before a transaction, never inside. */
@Injectable()
export class RateCopies {
  constructor(
    private readonly clients: ClientsService,
    private readonly matters: MattersService,
    private readonly people: PeopleService,
  ) {}

  /** @throws DomainError not-found CLIENT_NOT_FOUND, MATTER_NOT_FOUND or PERSON_NOT_FOUND */
  async require(caller: Caller, { clientId, matterId, personId }: RateScope): Promise<void> {
    if (clientId !== '') await this.clients.require(caller, clientId);
    if (matterId !== '') await this.matters.require(caller, matterId);
    if (personId !== '') await this.people.require(caller, personId);
  }

  /** @returns the timekeeper */
  async requireWork(caller: Caller, { matterId, personId }: { matterId: string; personId: string }): Promise<Person> {
    await this.matters.require(caller, matterId);
    return this.people.require(caller, personId);
  }
}
