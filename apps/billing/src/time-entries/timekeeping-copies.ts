import { Injectable } from '@nestjs/common';
import type { Caller } from '@paradesk/access';
import type { Matter } from '../matters/matter.entity.js';
import { MattersService } from '../matters/matters.service.js';
import type { Person } from '../people/person.entity.js';
import { PeopleService } from '../people/people.service.js';

/** What recording time needs to know of what other services own. */
@Injectable()
export class TimekeepingCopies {
  constructor(
    private readonly people: PeopleService,
    private readonly matters: MattersService,
  ) {}

  /** Before a transaction, never inside. @throws DomainError not-found MATTER_NOT_FOUND or PERSON_NOT_FOUND */
  async require(caller: Caller, matterId: string, personId: string): Promise<{ timekeeper: Person; matter: Matter }> {
    const timekeeper = await this.people.require(caller, personId);
    const matter = await this.matters.require(caller, matterId);
    return { timekeeper, matter };
  }
}
