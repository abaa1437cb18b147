import { Role, TaskClass, type Rule } from '@paradesk/contracts/paradesk/common/v1/rule';
import { DomainError } from '@paradesk/kernel';
import type { Caller } from './caller.js';

/**
 * Lets the call go on, or refuses it. Fails closed: a call without a rule, with a rule that states no class, or by a caller without a role is refused.
 *
 * @param rule what the contract states of the RPC
 * @param caller who calls; undefined for a call without a token
 * @throws DomainError unauthenticated TOKEN_MISSING, forbidden NO_RULE or ROLE_NOT_ALLOWED
 */
export function authorize(rule: Rule | undefined, caller: Caller | undefined): void {
  if (!rule || rule.taskClass <= TaskClass.UNSPECIFIED) {
    throw DomainError.forbidden('NO_RULE', 'no rule says who may do this, so nobody may');
  }
  if (rule.public) return;
  if (!caller) throw new DomainError('unauthenticated', 'TOKEN_MISSING', 'sign in to do this');
  // UNSPECIFIED and UNRECOGNIZED are nobody's role, whatever a rule says.
  if (caller.role <= Role.UNSPECIFIED || !rule.roles.includes(caller.role)) {
    const needed = rule.roles.map((role) => Role[role]).join(', ');
    throw DomainError.forbidden('ROLE_NOT_ALLOWED', `${Role[caller.role]} may not do this; it takes one of ${needed}`);
  }
}
