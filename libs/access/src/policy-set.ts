import {
  policySetTextToParts,
  policyToJson,
  preparsePolicySet,
  statefulIsAuthorized,
  type CedarValueJson,
  type PolicyJson,
} from '@cedar-policy/cedar-wasm/nodejs';
import { readFileSync } from 'node:fs';

/** One policy of the files in `policies/`, with what its annotations say. */
export interface Policy {
  /** `@id`, such as `wall.whole-matter`; what decisions and the audit trail name. */
  readonly id: string;
  readonly effect: 'permit' | 'forbid';
  /** `@reason` of a forbid: what a refusal is called. */
  readonly reason?: string;
  /** `@message` of a forbid: what a refusal says to somebody who may know of the thing. */
  readonly message?: string;
  /** `@hidden` on a forbid: to whom it refuses, the thing does not exist. */
  readonly hidden: boolean;
  /** `@source`: the rule of law that it follows. */
  readonly source?: string;
  /** In Cedar. */
  readonly text: string;
}

/** What Cedar is asked: types of principal and resource, since policies compare facts in the context and never identities. */
export interface Question {
  readonly principal: string;
  readonly action: string;
  readonly resource: string;
  readonly context: Record<string, CedarValueJson>;
}

/** What Cedar answers. */
export interface Verdict {
  readonly allowed: boolean;
  /** The policies that decided it, in the order of the files: permits, or forbids. */
  readonly policies: readonly Policy[];
  /** What went wrong in the evaluation, for a log. A verdict with a fault never allows. */
  readonly fault?: string;
}

// Of several forbids the first one in this order gives the reason. What is the same for every matter comes first, then what hides a
// matter, and only then what speaks of one: nobody learns of a matter's state that they may not see.
const FILES = ['1-rules', '2-tenants-and-clients', '3-matters', '4-supervision', '5-approvals'];
const text = FILES.map((file) => readFileSync(new URL(`./policies/${file}.cedar`, import.meta.url), 'utf8')).join('\n');

interface ScopedPolicy extends Policy {
  readonly scope: PolicyJson;
}

const scoped = inFileOrder(parsed());
const slices = new Set<string>();

/** Every policy, in the order in which the reasons of a refusal count. */
export const policies: readonly Policy[] = scoped;

/**
 * Asks Cedar. Policies whose scope cannot match are not loaded for the question, which is most of them; the answer is the same.
 * Never throws: whatever goes wrong is a verdict that does not allow.
 */
export function evaluate(question: Question): Verdict {
  try {
    const principal = { type: question.principal, id: 'caller' };
    const resource = { type: question.resource, id: 'asked' };
    const answer = statefulIsAuthorized({
      principal,
      action: { type: 'Action', id: question.action },
      resource,
      context: question.context,
      entities: [],
      preparsedPolicySetId: sliceFor(question),
    });
    if (answer.type === 'failure') return failed(answer.errors.map(({ message }) => message));
    const { decision, diagnostics } = answer.response;
    // Cedar leaves out a policy that it cannot evaluate: a forbid would silently not forbid.
    if (diagnostics.errors.length > 0) {
      return failed(diagnostics.errors.map(({ policyId, error }) => `${policyId}: ${error.message}`));
    }
    const decided = scoped.filter(({ id }) => diagnostics.reason.includes(id));
    return { allowed: decision === 'allow', policies: decided };
  } catch (error) {
    return failed([String(error)]);
  }
}

function failed(faults: readonly string[]): Verdict {
  return { allowed: false, policies: [], fault: faults.join('; ') };
}

function sliceFor({ principal, action, resource }: Question): string {
  const name = `${principal} ${action} ${resource}`;
  if (slices.has(name)) return name;
  const applying = scoped.filter(
    ({ scope }) =>
      matchesType(scope.principal, principal) &&
      matchesAction(scope.action, action) &&
      matchesType(scope.resource, resource),
  );
  const staticPolicies = Object.fromEntries(applying.map(({ id, text: policy }) => [id, policy]));
  requireSuccess(preparsePolicySet(name, { staticPolicies }));
  slices.add(name);
  return name;
}

function matchesType(constraint: PolicyJson['principal'] | PolicyJson['resource'], type: string): boolean {
  // What is not understood here stays in, and Cedar decides.
  return constraint.op !== 'is' || constraint.entity_type === type;
}

function matchesAction(constraint: PolicyJson['action'], action: string): boolean {
  if (constraint.op === 'All') return true;
  const named = 'entities' in constraint ? constraint.entities : 'entity' in constraint ? [constraint.entity] : [];
  return named.some((uid) => ('__entity' in uid ? uid.__entity : uid).id === action);
}

function parsed(): ScopedPolicy[] {
  return requireSuccess(policySetTextToParts(text)).policies.map((policy) => {
    const { json: scope } = requireSuccess(policyToJson(policy));
    const { id, reason, message, source, hidden } = scope.annotations ?? {};
    if (!id || (scope.effect === 'forbid') !== (reason !== undefined && message !== undefined)) {
      throw new Error(`a policy has an @id, and a forbid a @reason and a @message: ${policy}`);
    }
    return {
      id,
      effect: scope.effect,
      hidden: hidden !== undefined,
      ...(reason && { reason }),
      ...(message && { message }),
      ...(source && { source }),
      text: policy,
      scope,
    };
  });
}

function inFileOrder(list: readonly ScopedPolicy[]): ScopedPolicy[] {
  const order = [...text.matchAll(/^@id\("([^"]+)"\)$/gm)].map(([, id]) => id ?? '');
  if (order.length !== list.length || new Set(order).size !== order.length) {
    throw new Error('every policy has an @id of its own, alone on a line');
  }
  return list.toSorted((a, b) => order.indexOf(a.id) - order.indexOf(b.id));
}

function requireSuccess<T extends { type: string }>(answer: T): Extract<T, { type: 'success' }> {
  if (answer.type === 'success') return answer as Extract<T, { type: 'success' }>;
  throw new Error(`the policies are broken: ${JSON.stringify(answer)}`);
}
