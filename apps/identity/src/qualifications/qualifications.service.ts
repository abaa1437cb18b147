import { Injectable } from '@nestjs/common';
import type { Caller } from '@paradesk/access';
import { topics } from '@paradesk/contracts';
import { Role } from '@paradesk/contracts/paradesk/common/v1/rule';
import type { PersonEvent } from '@paradesk/contracts/paradesk/identity/events/v1/people';
import type { PageRequest, PageResult } from '@paradesk/contracts/paradesk/common/v1/page';
import { dateIn, DomainError } from '@paradesk/kernel';
import {
  Database,
  defineJob,
  Ids,
  Jobs,
  Outbox,
  pageQuery,
  pageResult,
  type TenantScope,
  type Tx,
} from '@paradesk/platform';
import { Temporal } from 'temporal-polyfill';
import { IsNull } from 'typeorm';
import { Person } from '../people/person.entity.js';
import { toProto } from '../people/person.message.js';
import { lockPerson } from '../people/people.service.js';
import { ownTenant } from '../tenants/tenants.service.js';
import { isReplaced, type NewQualification, type Qualification, tellingDays } from './qualification.js';

/** A qualification, and whose it is. */
export interface PersonQualification {
  readonly personId: string;
  readonly qualification: Qualification;
}

interface Telling {
  readonly personId: string;
  readonly qualificationId: string;
  readonly days: number;
}

const tellOfExpiry = defineJob<Telling>('tell-of-expiring-qualification');

/** How many days ahead an end is listed where nothing is said: the first of the steps at which it is told of. */
const WITHIN_DAYS = 60;

@Injectable()
export class QualificationsService {
  constructor(
    private readonly database: Database,
    private readonly outbox: Outbox,
    private readonly ids: Ids,
    private readonly jobs: Jobs,
  ) {
    jobs.handle(tellOfExpiry, (telling, { tenantId }) => this.tell({ tenantId }, telling));
  }

  /** Its end will be told of at each step that is still to come, and at once where one has gone by. */
  async record(caller: Caller, personId: string, fields: NewQualification): Promise<PersonQualification> {
    return this.database.transaction(caller, async (tx) => {
      const person = await lockPerson(tx, personId);
      const { id, at } = this.ids.stamp();
      const qualification = person.recordQualification(id, at, fields);
      await tx.save(person);
      await this.announce(tx, person, {
        $case: 'qualificationRecorded',
        value: { person: toProto(person), qualificationId: id },
      });
      const { timeZone: zone } = await ownTenant(tx);
      for (const { days, on } of tellingDays(qualification, dateIn(at, zone))) {
        const runAt = on.toZonedDateTime(zone).toInstant();
        const telling = { personId: person.id, qualificationId: id, days };
        await this.jobs.add(tx, tellOfExpiry, telling, { key: `${id}:${days}`, runAt });
      }
      return { personId: person.id, qualification };
    });
  }

  async revoke(caller: Caller, personId: string, id: string): Promise<PersonQualification> {
    return this.database.transaction(caller, async (tx) => {
      const person = await lockPerson(tx, personId);
      if (person.revokeQualification(id, this.ids.stamp().at)) {
        await tx.save(person);
        await this.announce(tx, person, {
          $case: 'qualificationRevoked',
          value: { person: toProto(person), qualificationId: id.toLowerCase() },
        });
      }
      return { personId: person.id, qualification: person.qualification(id) };
    });
  }

  /** A person's, the oldest first. To a paralegal everybody else is nobody. */
  async list(caller: Caller, personId: string): Promise<PersonQualification[]> {
    return this.database.transaction(caller, async (tx) => {
      const person = await tx.findOneBy(Person, { tenantId: tx.tenantId, id: personId });
      const isSomebodyElse = caller.role === Role.PARALEGAL && person?.id !== caller.personId;
      if (!person || isSomebodyElse) throw DomainError.notFound('person', personId);
      return ofPerson(person);
    });
  }

  /** Those that end within so many days or have ended, and are not replaced: the first to end first. */
  async listExpiring(
    caller: Caller,
    page: PageRequest | undefined,
    withinDays: number,
  ): Promise<{ items: PersonQualification[]; page: PageResult }> {
    const query = pageQuery(page, 'text');
    return this.database.transaction(caller, async (tx) => {
      const paralegals = await tx.findBy(Person, { tenantId: tx.tenantId, role: 'PARALEGAL', deactivatedAt: IsNull() });
      if (paralegals.length === 0) return pageResult([], query, cursorOf);
      const today = dateIn(this.ids.stamp().at, (await ownTenant(tx)).timeZone);
      const last = today.add({ days: withinDays || WITHIN_DAYS });
      const ending = paralegals
        .flatMap((person) => ofPerson(person).filter(({ qualification }) => endsBy(last, qualification, person)))
        .toSorted((a, b) => (cursorOf(a) < cursorOf(b) ? -1 : 1))
        .filter((one) => query.after === undefined || cursorOf(one) > query.after);
      return pageResult(ending.slice(0, query.size + 1), query, cursorOf);
    });
  }

  private async tell(scope: TenantScope, { personId, qualificationId, days }: Telling): Promise<void> {
    await this.database.transaction(scope, async (tx) => {
      const person = await lockPerson(tx, personId);
      const qualification = person.qualification(qualificationId);
      const isOver = qualification.revokedAt !== null || isReplaced(qualification, person.qualifications);
      if (person.deactivatedAt || isOver || !person.tellOfExpiry(qualificationId, days)) return;
      await tx.save(person);
      await this.announce(tx, person, {
        $case: 'qualificationExpiring',
        value: { person: toProto(person), qualificationId, withinDays: days },
      });
    });
  }

  private async announce(tx: Tx, person: Person, event: PersonEvent['event']): Promise<void> {
    const { id: aggregateId, version: aggregateVersion } = person;
    await this.outbox.add(tx, { topic: topics.people, aggregateId, aggregateVersion, event: { event } });
  }
}

function ofPerson({ id, qualifications }: Person): PersonQualification[] {
  return qualifications.map((qualification) => ({ personId: id, qualification }));
}

function endsBy(last: Temporal.PlainDate, qualification: Qualification, { qualifications }: Person): boolean {
  const { validUntil, revokedAt } = qualification;
  if (!validUntil || revokedAt || Temporal.PlainDate.compare(validUntil, last) > 0) return false;
  return !isReplaced(qualification, qualifications);
}

function cursorOf({ qualification: { validUntil, id } }: PersonQualification): string {
  return `${validUntil?.toString() ?? ''} ${id}`;
}
