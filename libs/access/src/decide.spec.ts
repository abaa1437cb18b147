import { describe, expect, it } from '@jest/globals';
import { Role, TaskClass } from '@paradesk/contracts/paradesk/common/v1/rule';
import { Money } from '@paradesk/kernel';
import fc from 'fast-check';
import {
  aMatter,
  anyRequest,
  aPrincipal,
  aRule,
  classes,
  CLIENT,
  OTHER_CLIENT,
  OTHER_PERSON,
  OTHER_TENANT,
  PERSON,
  roles,
  TENANT,
  TODAY,
  type FullRequest,
} from '../test/access-requests.js';
import { decide, type AccessRequest, type Decision, type Resource } from './decide.js';

const { ADMINISTRATIVE, SUBSTANTIVE, RESERVED } = TaskClass;
const usd = (minor: bigint) => Money.of(minor, 'USD');
const resource = (changes: Partial<Resource> = {}): Resource => ({ tenantId: TENANT, matter: aMatter(), ...changes });

/** What holds after every decision. */
function decided(request: AccessRequest): Decision {
  const decision = decide(request);
  if (decision.allowed) {
    expect(decision.policyIds).not.toEqual([]);
    expect(decision.reason).toBe('ALLOWED');
    return decision;
  }
  expect(decision.reason).toMatch(/^[A-Z][A-Z_]+$/);
  expect(decision.message).not.toBe('');
  expect(decision.fault).toBeUndefined();
  if (decision.reason !== 'NO_PERMIT') expect(decision.policyIds).not.toEqual([]);
  return decision;
}

type Row = readonly [name: string, request: AccessRequest, reason: string];

const call = (role: Role, what: Partial<Resource> = {}, taskClass: TaskClass = ADMINISTRATIVE): AccessRequest => ({
  action: 'call',
  principal: aPrincipal(role),
  rule: aRule(taskClass),
  resource: resource(what),
});

describe('who comes near what', () => {
  const table: readonly Row[] = [
    ['a paralegal on the team', call(Role.PARALEGAL), 'ALLOWED'],
    ['a virtual assistant on the team', call(Role.VIRTUAL_ASSISTANT), 'ALLOWED'],
    ['a paralegal who is not', call(Role.PARALEGAL, { matter: aMatter({ isOnTeam: false }) }), 'NOT_ON_MATTER'],
    [
      'a virtual assistant who is not',
      call(Role.VIRTUAL_ASSISTANT, { matter: aMatter({ isOnTeam: false }) }),
      'NOT_ON_MATTER',
    ],
    [
      'an operations manager without a team',
      call(Role.OPERATIONS_MANAGER, { matter: aMatter({ isOnTeam: false }) }),
      'ALLOWED',
    ],
    [
      'a billing manager without a team',
      call(Role.BILLING_MANAGER, { matter: aMatter({ isOnTeam: false }) }),
      'ALLOWED',
    ],
    ['a service without a team', call(Role.SERVICE, { matter: aMatter({ isOnTeam: false }) }), 'ALLOWED'],
    [
      'an operations manager behind a wall',
      call(Role.OPERATIONS_MANAGER, { matter: aMatter({ isWalled: true }) }),
      'WALLED',
    ],
    ['the attorney of the client', call(Role.ATTORNEY, { matter: aMatter({ isOnTeam: false }) }), 'ALLOWED'],
    [
      'the attorney of another client',
      call(Role.ATTORNEY, { matter: aMatter({ clientId: OTHER_CLIENT }) }),
      'CLIENT_NOT_YOURS',
    ],
    ['the partner system of the client', call(Role.PARTNER), 'ALLOWED'],
    [
      'the partner system of another',
      call(Role.PARTNER, { matter: aMatter({ clientId: OTHER_CLIENT }) }),
      'CLIENT_NOT_YOURS',
    ],
    [
      'an attorney whose client is not known',
      { ...call(Role.ATTORNEY), principal: { tenantId: TENANT, role: Role.ATTORNEY, personId: PERSON } },
      'CLIENT_NOT_YOURS',
    ],
    [
      'an attorney for what is of the client alone',
      call(Role.ATTORNEY, { matter: undefined, clientId: CLIENT }),
      'ALLOWED',
    ],
    [
      "an attorney for another client's",
      call(Role.ATTORNEY, { matter: undefined, clientId: OTHER_CLIENT }),
      'CLIENT_NOT_YOURS',
    ],
    ['an attorney for what is of no client', call(Role.ATTORNEY, { matter: undefined }), 'ALLOWED'],
    ['an operator for a matter', call(Role.OPERATOR), 'OPERATOR_OUTSIDE_MATTERS'],
    [
      'an operator for a client',
      call(Role.OPERATOR, { matter: undefined, clientId: CLIENT }),
      'OPERATOR_OUTSIDE_MATTERS',
    ],
    ['an operator for the tenant', call(Role.OPERATOR, { matter: undefined }), 'ALLOWED'],
    [
      'a service that does not say which',
      { ...call(Role.SERVICE), principal: { tenantId: TENANT, role: Role.SERVICE } },
      'SERVICE_NOT_NAMED',
    ],
    ['nobody', { ...call(Role.PARALEGAL), principal: undefined }, 'TOKEN_MISSING'],
    ['anybody, by no rule', { ...call(Role.PARALEGAL), rule: undefined }, 'NO_RULE'],
    [
      'a role that the rule does not name',
      { ...call(Role.PARALEGAL), rule: aRule(ADMINISTRATIVE, [Role.ATTORNEY]) },
      'ROLE_NOT_ALLOWED',
    ],
  ];

  it.each(table)('%s', (_name, request, reason) => {
    expect(decided(request).reason).toBe(reason);
  });

  it.each(roles.map((role) => [Role[role], role] as const))('%s of another tenant is kept out', (_name, role) => {
    expect(decided(call(role, { tenantId: OTHER_TENANT }))).toMatchObject({ reason: 'WRONG_TENANT', hidden: true });
  });
});

describe('the role boundary', () => {
  const mayDo = new Map<Role, readonly TaskClass[]>([
    [Role.PARALEGAL, [ADMINISTRATIVE, SUBSTANTIVE]],
    [Role.ATTORNEY, classes],
  ]);
  const table = roles
    .filter((role) => role !== Role.OPERATOR)
    .flatMap((role) => classes.map((taskClass) => [Role[role], TaskClass[taskClass], role, taskClass] as const));

  it.each(table)('%s, %s work', (_role, _class, role, taskClass) => {
    const may = (mayDo.get(role) ?? [ADMINISTRATIVE]).includes(taskClass);
    const request: AccessRequest = { ...call(role, {}, taskClass), action: 'work', resource: resource() };
    expect(decided(request).reason).toBe(may ? 'ALLOWED' : 'TASK_CLASS_NOT_ALLOWED');
    expect(decided({ action: 'call', principal: aPrincipal(role), rule: aRule(taskClass) }).allowed).toBe(may);
  });

  it.each([
    ['of a matter without a supervising attorney', resource({ matter: aMatter({ supervisingAttorneyId: undefined }) })],
    ['of no matter', resource({ matter: undefined })],
  ])('no paralegal does substantive work %s', (_name, what) => {
    const ask = (taskClass: TaskClass, role = Role.PARALEGAL) =>
      decided({ action: 'work', principal: aPrincipal(role), rule: aRule(taskClass), resource: what }).reason;
    expect(ask(SUBSTANTIVE)).toBe('NO_SUPERVISING_ATTORNEY');
    expect(ask(ADMINISTRATIVE)).toBe('ALLOWED');
    expect(ask(RESERVED, Role.ATTORNEY)).toBe('ALLOWED');
  });
});

describe('an assignment', () => {
  const assign = (
    until: Record<string, number>,
    {
      matter = aMatter({ isOnTeam: false }),
      taskClass = SUBSTANTIVE,
      role = Role.PARALEGAL,
      qualificationNotAsked = undefined as boolean | undefined,
    } = {},
  ) =>
    decided({
      action: 'beAssigned',
      principal: aPrincipal(role, {
        qualifiedUntil: Object.fromEntries(Object.entries(until).map(([key, days]) => [key, TODAY.add({ days })])),
        qualificationNotAsked,
      }),
      rule: aRule(taskClass),
      resource: { tenantId: TENANT, matter },
      today: TODAY,
    }).reason;
  const stranger = { isOnTeam: false };

  it.each([
    ['with a qualification', assign({ 'US-CA': 300 }), 'ALLOWED'],
    ['on its last day', assign({ 'US-CA': 0 }), 'ALLOWED'],
    ['the day after', assign({ 'US-CA': -1 }), 'QUALIFICATION_EXPIRED'],
    ['for another jurisdiction', assign({ 'US-NY': 300 }), 'QUALIFICATION_MISSING'],
    ['without any', assign({}), 'QUALIFICATION_MISSING'],
    ['without any, of whom the tenant asks none', assign({}, { qualificationNotAsked: true }), 'ALLOWED'],
    ['expired, of whom the tenant asks none', assign({ 'US-CA': -1 }, { qualificationNotAsked: true }), 'ALLOWED'],
    [
      'without an attorney, of whom the tenant asks no qualification',
      assign({}, { qualificationNotAsked: true, matter: aMatter({ supervisingAttorneyId: undefined }) }),
      'NO_SUPERVISING_ATTORNEY',
    ],
    [
      'of a matter without a jurisdiction',
      assign({ 'US-CA': 1 }, { matter: aMatter({ jurisdiction: undefined }) }),
      'QUALIFICATION_MISSING',
    ],
    [
      'of a jurisdiction that every object has',
      assign({}, { matter: aMatter({ jurisdiction: 'toString' }) }),
      'QUALIFICATION_MISSING',
    ],
    ['to administrative work', assign({}, { taskClass: ADMINISTRATIVE }), 'ALLOWED'],
    ['of a virtual assistant', assign({}, { role: Role.VIRTUAL_ASSISTANT, taskClass: ADMINISTRATIVE }), 'ALLOWED'],
    [
      'of a virtual assistant to substantive work',
      assign({}, { role: Role.VIRTUAL_ASSISTANT }),
      'TASK_CLASS_NOT_ALLOWED',
    ],
    ['to reserved work', assign({ 'US-CA': 300 }, { taskClass: RESERVED }), 'TASK_CLASS_NOT_ALLOWED'],
    ['behind a wall', assign({ 'US-CA': 300 }, { matter: aMatter({ ...stranger, isWalled: true }) }), 'WALLED'],
    [
      'without a supervising attorney, even to administrative work',
      assign({}, { taskClass: ADMINISTRATIVE, matter: aMatter({ ...stranger, supervisingAttorneyId: undefined }) }),
      'NO_SUPERVISING_ATTORNEY',
    ],
  ])('%s', (_name, reason, expected) => {
    expect(reason).toBe(expected);
  });
});

describe('an approval', () => {
  const approve = (ownerPersonId: string | undefined, amount?: Money, selfApprovalLimit?: Money) =>
    decided({
      action: 'approve',
      principal: aPrincipal(Role.BILLING_MANAGER),
      rule: aRule(ADMINISTRATIVE),
      resource: resource({ ownerPersonId, amount }),
      selfApprovalLimit,
    }).reason;

  it.each([
    ["of somebody else's", approve(OTHER_PERSON), 'ALLOWED'],
    ['of nobody knows whose', approve(undefined), 'SELF_APPROVAL'],
    ["of one's own without a limit", approve(PERSON, usd(1n)), 'SELF_APPROVAL'],
    ["of one's own without an amount", approve(PERSON, undefined, usd(100n)), 'SELF_APPROVAL'],
    ["of one's own up to the limit", approve(PERSON, usd(100n), usd(100n)), 'ALLOWED'],
    ["of one's own above the limit", approve(PERSON, usd(101n), usd(100n)), 'SELF_APPROVAL'],
    ["of one's own credit above the limit", approve(PERSON, usd(-101n), usd(100n)), 'SELF_APPROVAL'],
    ["of one's own in another currency", approve(PERSON, Money.of(1n, 'EUR'), usd(100n)), 'SELF_APPROVAL'],
    ["of one's own beyond what can be compared", approve(PERSON, usd(2n ** 62n), usd(2n ** 62n)), 'SELF_APPROVAL'],
  ])('%s', (_name, reason, expected) => {
    expect(reason).toBe(expected);
  });
});

describe('whatever else is granted', () => {
  const always = (property: (request: FullRequest) => void) =>
    fc.assert(fc.property(anyRequest, property), { numRuns: 500 });

  it('a walled person is refused', () => {
    always((request) => {
      const matter = { ...aMatter(), ...request.resource.matter, isWalled: true };
      expect(decided({ ...request, resource: { ...request.resource, matter } }).allowed).toBe(false);
    });
  });

  it('somebody of another tenant is refused', () => {
    always((request) => {
      expect(decided({ ...request, resource: { ...request.resource, tenantId: OTHER_TENANT } }).allowed).toBe(false);
    });
  });

  it('a virtual assistant never gets beyond administrative work', () => {
    always((request) => {
      const principal = { ...request.principal, role: Role.VIRTUAL_ASSISTANT };
      for (const taskClass of [SUBSTANTIVE, RESERVED]) {
        const rule = { ...request.rule, taskClass, roles, public: true };
        expect(decided({ ...request, principal, rule }).allowed).toBe(false);
        expect(decided({ action: 'call', principal, rule }).allowed).toBe(false);
      }
    });
  });

  it('nobody but an attorney does what is reserved', () => {
    always((request) => {
      const rule = { ...request.rule, taskClass: RESERVED };
      if (decided({ ...request, rule }).allowed) expect(request.principal.role).toBe(Role.ATTORNEY);
    });
  });

  it('an attorney or a partner system of another client is refused', () => {
    always((request) => {
      const matter = { ...aMatter(), ...request.resource.matter, clientId: OTHER_CLIENT };
      for (const role of [Role.ATTORNEY, Role.PARTNER]) {
        const principal = { ...request.principal, role, clientId: CLIENT };
        expect(decided({ ...request, principal, resource: { ...request.resource, matter } }).allowed).toBe(false);
      }
    });
  });

  it('an operator is refused for every matter', () => {
    always((request) => {
      const matter = { ...aMatter(), ...request.resource.matter };
      const principal = { ...request.principal, role: Role.OPERATOR };
      expect(decided({ ...request, principal, resource: { ...request.resource, matter } }).allowed).toBe(false);
    });
  });

  it('a refusal that hides a matter is named before one that speaks of its state', () => {
    always((request) => {
      const decision = decided(request);
      if (decision.allowed || decision.hidden) return;
      // An open refusal about facts means that nothing hid the matter.
      if (/^(supervision|qualification|approval)\./.test(decision.policyIds[0] ?? '')) {
        const { matter, tenantId } = request.resource;
        expect(tenantId).toBe(TENANT);
        expect(matter?.isWalled ?? false).toBe(false);
        const bound = [Role.PARALEGAL, Role.VIRTUAL_ASSISTANT].includes(request.principal.role);
        if (bound && matter && request.action !== 'beAssigned') expect(matter.isOnTeam).toBe(true);
      }
    });
  });
});

describe('a fact that is missing is the unfavourable one', () => {
  it.each([
    ['isWalled', 'WALLED'],
    ['isOnTeam', 'NOT_ON_MATTER'],
  ])('%s', (fact, reason) => {
    const matter = { ...aMatter(), [fact]: undefined };
    expect(decided(call(Role.PARALEGAL, { matter })).reason).toBe(reason);
  });

  it('what cannot be decided at all is refused with a fault', () => {
    const request = { ...call(Role.PARALEGAL), action: 'work', resource: undefined } as unknown as AccessRequest;
    expect(decide(request)).toMatchObject({ allowed: false, reason: 'EVALUATION_FAILED', fault: expect.any(String) });
  });
});
