import { Role, TaskClass, type Rule } from '@paradesk/contracts/paradesk/common/v1/rule';
import type { Money } from '@paradesk/kernel';
import type { Temporal } from 'temporal-polyfill';
import type { Caller } from './caller.js';
import { evaluate, type Question, type Verdict } from './policy-set.js';

/** Who would do it: the caller, or for an assignment the person to be put on the matter. */
export interface Principal extends Caller {
  /** Last day of the person's qualification by jurisdiction, written as matters write it. Asked for by `beAssigned` only. */
  readonly qualifiedUntil?: Readonly<Record<string, Temporal.PlainDate>>;
  /** The tenant does not ask this person for a qualification; absent, it does. Looked at by `beAssigned` only. */
  readonly qualificationNotAsked?: boolean;
}

/** What the service knows of a matter in regard to the principal, from its own tables, read in the transaction that acts on it. */
export interface MatterFacts {
  readonly clientId: string;
  /** On the team by an assignment that has not ended. */
  readonly isOnTeam: boolean;
  /** Behind an ethical wall of this matter or a related one. */
  readonly isWalled: boolean;
  readonly supervisingAttorneyId?: string;
  readonly jurisdiction?: string;
}

/** What is asked for. */
export interface Resource {
  readonly tenantId: string;
  /** The matter that it is or belongs to; absent for what belongs to none. */
  readonly matter?: MatterFacts;
  /** The client of what belongs to a client and to no matter. A matter brings its own. */
  readonly clientId?: string;
  /** Who recorded what is to be approved. */
  readonly ownerPersonId?: string;
  /** What is to be approved, of this owner in all. */
  readonly amount?: Money;
}

/**
 * One question. The rule is the RPC's from the contracts, or `ruleOf` a kind of work. A `call` without a resource asks about the rule
 * only, as before anything is read; everything else is about something.
 */
export type AccessRequest = {
  readonly principal: Principal | undefined;
  readonly rule: Rule | undefined;
} & (
  | { readonly action: 'call'; readonly resource?: Resource }
  | { readonly action: 'work'; readonly resource: Resource }
  /** `today` in the tenant's time zone. */
  | { readonly action: 'beAssigned'; readonly resource: Resource; readonly today: Temporal.PlainDate }
  /** Up to the limit, including it, people approve their own; without one nothing. */
  | { readonly action: 'approve'; readonly resource: Resource; readonly selfApprovalLimit?: Money }
);

/** It may be done. */
export interface Allowed {
  readonly allowed: true;
  readonly reason: 'ALLOWED';
  /** The policies that permit it. */
  readonly policyIds: readonly string[];
}

/** It may not be done. */
export interface Refused {
  readonly allowed: false;
  /** `@reason` of the first policy that forbids it; NO_PERMIT when none permits it, EVALUATION_FAILED with a fault. Never renamed. */
  readonly reason: string;
  /** For somebody who may know of the resource; what leaves is made by `refusalOf`. */
  readonly message: string;
  /** The resource does not exist, for the principal. */
  readonly hidden: boolean;
  /** Every policy that forbids it. */
  readonly policyIds: readonly string[];
  /** What went wrong, for the caller's log; never for the principal. */
  readonly fault?: string;
}

/** What was decided, and by which policies: the audit trail keeps it as it is. */
export type Decision = Allowed | Refused;

const NO_RULE: Rule = { taskClass: TaskClass.UNSPECIFIED, roles: [], public: false };
// A rule is an object of the contracts or of the catalogue and never changes, and its step knows no facts, so its decision is remembered.
const remembered = new WeakMap<Rule, Map<string, Decision>>();

// Policies never change while a process runs, and what they are told of facts is little: whose it is, and yes or no. So equal facts are
// evaluated once. Amounts and days are without number, hence the bound: what comes after it is evaluated each time.
const MOST_REMEMBERED = 10_000;
const verdicts = new Map<string, Verdict>();

const typeOfRole: Readonly<Partial<Record<Role, string>>> = {
  [Role.OPERATIONS_MANAGER]: 'OperationsManager',
  [Role.BILLING_MANAGER]: 'BillingManager',
  [Role.PARALEGAL]: 'Paralegal',
  [Role.VIRTUAL_ASSISTANT]: 'VirtualAssistant',
  [Role.ATTORNEY]: 'Attorney',
  [Role.PARTNER]: 'Partner',
  [Role.OPERATOR]: 'Operator',
  [Role.SERVICE]: 'Service',
};

/**
 * May this be done? Two steps, both of which must allow it: the rule with the role boundary, then the facts. Fails closed: a missing
 * fact is the unfavourable one, an error is a refusal. Never throws.
 */
export function decide(request: AccessRequest): Decision {
  const ofRule = decideByRule('undertake', request.rule, request.principal);
  if (!ofRule.allowed || (request.action === 'call' && !request.resource)) return ofRule;
  try {
    const ofFacts = toDecision(verdictOn(questionOf(request)));
    return ofFacts.allowed ? { ...ofFacts, policyIds: [...ofRule.policyIds, ...ofFacts.policyIds] } : ofFacts;
  } catch (error) {
    return toDecision({ allowed: false, policies: [], fault: String(error) });
  }
}

function verdictOn(question: Question): Verdict {
  const key = JSON.stringify(question);
  const known = verdicts.get(key);
  if (known) return known;
  const verdict = evaluate(question);
  if (!verdict.fault && verdicts.size < MOST_REMEMBERED) verdicts.set(key, verdict);
  return verdict;
}

/**
 * The first step alone. `enter` looks at the roles of the rule only; `undertake` also at the role boundary, as every `decide` does.
 */
export function decideByRule(
  step: 'enter' | 'undertake',
  rule: Rule = NO_RULE,
  principal: Principal | undefined,
): Decision {
  const key = `${step} ${principal?.role} ${Boolean(principal?.service)}`;
  const known = remembered.get(rule) ?? new Map<string, Decision>();
  remembered.set(rule, known);
  const before = known.get(key);
  if (before) return before;
  const roles = rule.roles.filter((role) => typeOfRole[role] !== undefined).map((role) => Role[role]);
  const context = {
    taskClass: classOf(rule),
    roles,
    role: principal && typeOfRole[principal.role] ? Role[principal.role] : '',
    public: rule.public,
    ...(principal?.service && { service: principal.service }),
  };
  const verdict = evaluate({ principal: typeOf(principal), action: step, resource: 'Rule', context });
  const decision = toDecision(
    verdict,
    `${Role[principal?.role ?? 0]} may not do this; it takes one of ${roles.join(', ')}`,
  );
  if (!verdict.fault) known.set(key, decision);
  return decision;
}

function toDecision({ allowed, policies, fault }: Verdict, roleMessage = ''): Decision {
  const policyIds = policies.map(({ id }) => id);
  if (allowed) return { allowed, reason: 'ALLOWED', policyIds };
  if (fault !== undefined) {
    const message = 'it could not be decided whether this is allowed, so it is not';
    return { allowed, reason: 'EVALUATION_FAILED', message, hidden: false, policyIds, fault };
  }
  const [first] = policies;
  const reason = first?.reason ?? 'NO_PERMIT';
  const message = (reason === 'ROLE_NOT_ALLOWED' && roleMessage) || (first?.message ?? 'nothing permits this');
  return { allowed, reason, message, hidden: first?.hidden ?? false, policyIds };
}

/**
 * What Cedar is asked about the facts. Policies ask of ids only whether they are the same, so they are told no ids: the question is the same
 * for everybody in the same position.
 *
 * @throws Error for a request without principal or resource
 */
export function questionOf(request: AccessRequest): Question {
  const { action, principal, rule = NO_RULE, resource } = request;
  if (!principal || !resource) throw new Error(`${action} is decided for somebody and about something`);
  const { matter } = resource;
  const resourceClient = matter ? matter.clientId : resource.clientId;
  const context: Question['context'] = {
    taskClass: classOf(rule),
    tenant: OWN,
    resourceTenant: ownIf(resource.tenantId === principal.tenantId),
    onTeam: matter?.isOnTeam === true,
    walled: matter !== undefined && matter.isWalled !== false,
    supervised: Boolean(matter?.supervisingAttorneyId),
    qualificationNotAsked: request.action === 'beAssigned' && principal.qualificationNotAsked === true,
  };
  if (principal.clientId) context.client = OWN;
  if (resourceClient) context.resourceClient = ownIf(resourceClient === principal.clientId);
  if (request.action === 'beAssigned') Object.assign(context, assignmentFacts(principal, matter, request.today));
  if (request.action === 'approve') {
    Object.assign(context, approvalFacts(principal, request.resource, request.selfApprovalLimit));
  }
  return { principal: typeOf(principal), action, resource: matter ? 'Matter' : 'TenantRecord', context };
}

const OWN = 'own';
const ownIf = (same: boolean) => (same ? OWN : 'other');

function assignmentFacts({ qualifiedUntil }: Principal, matter: MatterFacts | undefined, today: Temporal.PlainDate) {
  const jurisdiction = matter?.jurisdiction ?? '';
  const until =
    qualifiedUntil && Object.hasOwn(qualifiedUntil, jurisdiction) ? qualifiedUntil[jurisdiction] : undefined;
  return { today: numberOf(today), ...(until && { qualifiedUntil: numberOf(until) }) };
}

function approvalFacts({ personId }: Principal, { ownerPersonId, amount }: Resource, limit: Money | undefined) {
  const comparable = amount !== undefined && limit !== undefined && amount.currency === limit.currency;
  const amountMinor = comparable ? toLong(amount) : undefined;
  const limitMinor = comparable ? toLong(limit) : undefined;
  return {
    ...(personId && { person: OWN }),
    ...(ownerPersonId && { owner: ownIf(ownerPersonId === personId) }),
    ...(amountMinor !== undefined && limitMinor !== undefined && { amountMinor, limitMinor }),
  };
}

// A credit counts as what it would be as a charge. More than JSON carries exactly is not compared, and so above every limit.
function toLong({ amountMinor }: Money): number | undefined {
  const size = Number(amountMinor < 0n ? -amountMinor : amountMinor);
  return Number.isSafeInteger(size) ? size : undefined;
}

function numberOf({ year, month, day }: Temporal.PlainDate): number {
  return (year * 100 + month) * 100 + day;
}

function classOf({ taskClass }: Rule): string {
  const known =
    taskClass === TaskClass.ADMINISTRATIVE || taskClass === TaskClass.SUBSTANTIVE || taskClass === TaskClass.RESERVED;
  return known ? TaskClass[taskClass] : 'NONE';
}

function typeOf(principal: Principal | undefined): string {
  return principal ? (typeOfRole[principal.role] ?? 'Stranger') : 'Nobody';
}
