import { Injectable } from '@nestjs/common';
import type { Caller, Tightenings } from '@paradesk/access';
import { Database, tighteningsOf } from '@paradesk/platform';
import type { Matter } from '../matters/matter.entity.js';
import { MattersService } from '../matters/matters.service.js';
import type { Person } from '../people/person.entity.js';
import { PeopleService } from '../people/people.service.js';

/** Whose time it is and for what, and what the tenant has set of its kind of work. */
export interface Timekeeping {
  readonly timekeeper: Person;
  readonly matter: Matter;
  readonly tightenings: Tightenings;
}

/** What recording time needs to know of what other services own. */
@Injectable()
export class TimekeepingCopies {
  constructor(
    private readonly people: PeopleService,
    private readonly matters: MattersService,
    private readonly database: Database,
  ) {}

  /**
   * Before a transaction, never inside.
   *
   * @param taskKind of the task catalogue; empty where none is stated
   * @throws DomainError not-found MATTER_NOT_FOUND or PERSON_NOT_FOUND
   */
  async require(caller: Caller, matterId: string, personId: string, taskKind: string): Promise<Timekeeping> {
    const timekeeper = await this.people.require(caller, personId);
    const matter = await this.matters.require(caller, matterId);
    const tightenings = taskKind === '' ? {} : await this.database.beside(caller, (tx) => tighteningsOf(tx, taskKind));
    return { timekeeper, matter, tightenings };
  }
}
