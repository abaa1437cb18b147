import { decide, effectiveClass, refusalOf, ruleOf, type Tightenings } from '@paradesk/access';
import { Role, TaskClass } from '@paradesk/contracts/paradesk/common/v1/rule';
import type { Person } from '../people/person.entity.js';
import type { WorkClass } from './time-entry.entity.js';

/**
 * The class of the work: that of its kind in the task catalogue as the tenant has it, where one is stated. Else a virtual assistant's is administrative, and
 * what anybody else does counts as substantive.
 */
export function workClassOf({ role }: Pick<Person, 'role'>, taskKind = '', tightenings: Tightenings = {}): WorkClass {
  if (taskKind !== '') {
    return effectiveClass(taskKind, tightenings) === TaskClass.ADMINISTRATIVE ? 'administrative' : 'substantive';
  }
  return (role as Role) === Role.VIRTUAL_ASSISTANT ? 'administrative' : 'substantive';
}

/**
 * Nobody records work that their role must not do: a virtual assistant nothing substantive, nobody but an attorney what is reserved. Work
 * that is not in the catalogue is substantive.
 *
 * @throws DomainError forbidden, with the reason of the access policy
 */
export function refuseBeyondRole(taskKind: string, timekeeper: Person, tightenings: Tightenings): void {
  if (taskKind === '') return;
  const { tenantId, id: personId, role } = timekeeper;
  const rule = ruleOf(taskKind, tightenings);
  const decision = decide({ principal: { tenantId, personId, role }, rule, action: 'call' });
  if (!decision.allowed) throw refusalOf(decision, { noun: 'person', id: personId });
}
