import { Injectable } from '@nestjs/common';
import type { Caller } from '@paradesk/access';
import { DomainError } from '@paradesk/kernel';
import { ClientsService } from '../clients/clients.service.js';
import { MattersService } from '../matters/matters.service.js';
import { PeopleService } from '../people/people.service.js';
import type { Terms } from './agreement.entity.js';

/** What is agreed on: one matter, or all of a client's. One of both is empty. */
export interface AgreedFor {
  readonly matterId: string;
  readonly clientId: string;
}

/** What an agreement needs to know of what other services own. */
@Injectable()
export class AgreementCopies {
  constructor(
    private readonly clients: ClientsService,
    private readonly matters: MattersService,
    private readonly people: PeopleService,
  ) {}

  /**
   * Before a transaction, never inside.
   *
   * @returns the matter and its client; without an id where it is for all of the client's
   * @throws DomainError invalid MATTER_OR_CLIENT; not-found naming what is unknown
   */
  async require(caller: Caller, { matterId, clientId }: AgreedFor, terms: Terms) {
    if ((matterId === '') === (clientId === '')) {
      throw DomainError.invalid('matterId', 'MATTER_OR_CLIENT', 'an agreement is for a matter or for a client');
    }
    const matter =
      matterId === ''
        ? { id: '', clientId: (await this.clients.require(caller, clientId)).id }
        : await this.matters.require(caller, matterId);
    await this.people.requireAll(
      caller,
      terms.rates.map((rate) => rate.personId),
    );
    for (const payer of terms.billing.payers) await this.clients.require(caller, payer.clientId);
    return { id: matter.id, clientId: matter.clientId };
  }
}
