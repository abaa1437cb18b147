import { Injectable } from '@nestjs/common';
import { type Caller, decide, effectiveClass, refusalOf, ruleOf } from '@paradesk/access';
import { Role, TaskClass } from '@paradesk/contracts/paradesk/common/v1/rule';
import { dateIn } from '@paradesk/kernel';
import { Clock, tighteningsOf, type Tx } from '@paradesk/platform';
import type { Person } from '../people/person.entity.js';
import { PeopleService } from '../people/people.service.js';
import { qualifiedUntil } from '../people/qualified-until.js';
import type { Tenant } from '../tenants/tenant.entity.js';
import { TenantsService } from '../tenants/tenants.service.js';
import type { Matter } from './matter.entity.js';

/** Who is to be put on a matter, and by whose rules. */
export interface Staffing {
  readonly person: Person;
  readonly tenant: Tenant;
}

/** Who may answer for a matter, and who may be put on it for which work: the task catalogue, supervision and qualifications decide. */
@Injectable()
export class StaffingService {
  constructor(
    private readonly people: PeopleService,
    private readonly tenants: TenantsService,
    private readonly clock: Clock,
  ) {}

  /** Before the command's transaction. @throws DomainError not-found PERSON_NOT_FOUND; refused PERSON_DEACTIVATED */
  requirePerson(caller: Caller, id: string): Promise<Person> {
    return this.people.requireActive(caller, id);
  }

  /** Before the command's transaction. @throws DomainError not-found PERSON_NOT_FOUND; refused PERSON_DEACTIVATED */
  async require(caller: Caller, personId: string): Promise<Staffing> {
    return { person: await this.people.requireActive(caller, personId), tenant: await this.tenants.require(caller) };
  }

  /** Whether this kind of work is administrative for the tenant; of no stated or an unknown kind it is not. */
  async isAdministrative(tx: Tx, taskKind: string): Promise<boolean> {
    return effectiveClass(taskKind, await tighteningsOf(tx, taskKind)) === TaskClass.ADMINISTRATIVE;
  }

  /**
   * Checks that the person may be put on the matter for this kind of work.
   *
   * @throws DomainError forbidden, named by the rule: ROLE_NOT_ALLOWED, NO_SUPERVISING_ATTORNEY, QUALIFICATION_MISSING, QUALIFICATION_EXPIRED
   */
  async requireFit(tx: Tx, matter: Matter, { person, tenant }: Staffing, taskKind: string): Promise<void> {
    const { tenantId } = tx;
    const { clientId, supervisingAttorneyId, jurisdiction } = matter;
    const isWalled = matter.walledPersonIds.includes(person.id);
    const today = dateIn(this.clock.now(), tenant.timeZone);
    const until = qualifiedUntil(person.qualifications, jurisdiction, today);
    const decision = decide({
      action: 'beAssigned',
      principal: {
        tenantId,
        personId: person.id,
        role: Role[person.role as keyof typeof Role],
        ...(until && { qualifiedUntil: { [jurisdiction]: until } }),
        // Recorded once, it is asked for: who had one and let it go is not better off than who has one.
        qualificationNotAsked:
          tenant.qualificationRequirement === 'WHERE_RECORDED' && !person.hasRecordedQualifications,
      },
      rule: ruleOf(taskKind, await tighteningsOf(tx, taskKind)),
      resource: {
        tenantId,
        matter: { clientId, supervisingAttorneyId, jurisdiction, isOnTeam: false, isWalled },
      },
      today,
    });
    if (!decision.allowed) throw refusalOf(decision, { noun: 'matter', id: matter.id });
  }
}
