import { Injectable } from '@nestjs/common';
import type { Caller } from '@paradesk/access';
import { fromDate } from '@paradesk/contracts';
import { Role } from '@paradesk/contracts/paradesk/common/v1/rule';
import { PeopleServiceService, type Person as PersonMessage } from '@paradesk/contracts/paradesk/identity/v1/people';
import {
  QualificationKind,
  type HeldQualification as HeldMessage,
} from '@paradesk/contracts/paradesk/identity/v1/qualifications';
import { DomainError } from '@paradesk/kernel';
import { Database, Peers, type Tx } from '@paradesk/platform';
import { Person } from './person.entity.js';
import type { HeldQualification } from './qualified-until.js';

@Injectable()
export class PeopleService {
  constructor(
    private readonly database: Database,
    private readonly peers: Peers,
  ) {}

  /**
   * What a person is, asking identity where its event has not come yet. Call it before the command's transaction.
   *
   * @throws DomainError not-found PERSON_NOT_FOUND
   */
  async require(caller: Caller, id: string): Promise<Person> {
    const known = await this.database.beside(caller, (tx) => tx.findOneBy(Person, { tenantId: tx.tenantId, id }));
    if (known) return known;
    const person = await this.peers
      .client('identity', PeopleServiceService)
      .getPerson({ personId: id }, { tenantId: caller.tenantId });
    return this.database.beside(caller, async (tx) => {
      await this.keep(tx, person);
      return tx.findOneByOrFail(Person, { tenantId: tx.tenantId, id });
    });
  }

  /** The same of somebody who still works here. @throws DomainError refused PERSON_DEACTIVATED */
  async requireActive(caller: Caller, id: string): Promise<Person> {
    const person = await this.require(caller, id);
    if (person.isActive) return person;
    throw DomainError.refused('PERSON_DEACTIVATED', 'the person no longer works here', { personId: id });
  }

  /** Keeps what identity says of a person, unless something newer is known. */
  async keep(tx: Tx, person: PersonMessage): Promise<void> {
    const { id, role, clientId, deactivatedAt, qualifications, hasRecordedQualifications, version } = person;
    const held = JSON.stringify(qualifications.map(toHeld));
    await tx.query(
      `insert into people as known (tenant_id, id, role, client_id, is_active, qualifications, has_recorded_qualifications, version)
       values ($1, $2, $3, $4, $5, $6, $7, $8)
       on conflict (tenant_id, id) do update set role = excluded.role, client_id = excluded.client_id,
         is_active = excluded.is_active, qualifications = excluded.qualifications, has_recorded_qualifications = excluded.has_recorded_qualifications,
         version = excluded.version
       where excluded.version > known.version`,
      [tx.tenantId, id, Role[role], clientId || null, !deactivatedAt, held, hasRecordedQualifications, version],
    );
  }
}

function toHeld({ kind, jurisdiction, validFrom, validUntil }: HeldMessage): HeldQualification {
  return {
    kind: QualificationKind[kind],
    jurisdiction,
    validFrom: fromDate(validFrom, 'validFrom').toString(),
    validUntil: validUntil ? fromDate(validUntil, 'validUntil').toString() : null,
  };
}
