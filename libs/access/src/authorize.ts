import type { Rule } from '@paradesk/contracts/paradesk/common/v1/rule';
import type { Caller } from './caller.js';
import { decideByRule } from './decide.js';
import { openRefusal } from './refusal.js';

/**
 * Lets the call go on, or refuses it, by the roles of its rule and before anything is read. Fails closed: a call without a rule, with a
 * rule that states no class, or by a caller without a role is refused. Decided once for each rule and role.
 *
 * The role boundary is `decide`'s. That no rule of the contracts names a role which the boundary refuses is a spec of the golden table.
 *
 * @param rule what the contract states of the RPC; the object never changes
 * @param caller who calls; undefined for a call without a token
 * @throws DomainError unauthenticated TOKEN_MISSING, forbidden NO_RULE, ROLE_NOT_ALLOWED or EVALUATION_FAILED, whose `cause` is the decision
 */
export function authorize(rule: Rule | undefined, caller: Caller | undefined): void {
  const decision = decideByRule('enter', rule, caller);
  if (!decision.allowed) throw openRefusal(decision);
}
